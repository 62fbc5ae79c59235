"""Indicators: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Figure,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    Tables,
    Text,
    Word,
)
from services.monitoring.indicators import Unit


class IndicatorItem(Answer):
    """An indicator that can be asked for: ``unit`` is what one is, ``counts`` says it in words."""

    code = Text()
    name = Text()
    unit = Word(Unit)
    counts = Text()


class FigureAnswer(Answer):
    """A value, and of which status; the other dimensions where they were asked for."""

    status = Text()
    value = Number()
    compared = Number(required=False, says="With compare: of the period before")
    program = Text(required=False)
    consulate = Text(required=False, allow_none=True)
    country = Text(required=False, allow_none=True)
    day = CalendarDay(required=False)


class IndicatorAnswer(IndicatorItem):
    """``rows`` as of ``as_of``: asked with it again, they are the same."""

    as_of = Instant()
    rows = Many(FigureAnswer)


class IndicatorList(ListAnswer):
    """All indicators."""

    items = Many(IndicatorItem)


class TargetAnswer(Answer):
    """What an indicator is to reach in a period: over all programs, or in one."""

    id = Id()
    period = Text()
    program = Text(allow_none=True)
    value = Figure()
    source = Text()
    revision = Number()
    reason = Text(allow_none=True)
    entered_by = Text(allow_none=True)
    entered_at = Instant()


class TargetList(ListAnswer):
    """Every target that was ever set, the newest first; of a period the highest revision holds."""

    items = Many(TargetAnswer)


class ExportAnswer(Answer):
    """An export as JSON: what was asked, and the rows, of which there are ``row_count``."""

    indicator = Text()
    name = Text()
    counts = Text(says="What one is")
    unit = Word(Unit)
    cut_off = Instant(says="To the second, on the clock of cut_off_zone")
    cut_off_zone = Text()
    as_of = Instant(says="Asked with it again, the rows are the same")
    from_ = CalendarDay(data_key="from", allow_none=True)
    to = CalendarDay(allow_none=True)
    by = Text(allow_none=True)
    filters = Text(allow_none=True, says="Filters, as consulate=losangeles,status=booked")
    total = Number(says="The sum of all values")
    source = Text()
    row_count = Number()
    rows = Tables(says="Codes and their words; value is a number")
