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
