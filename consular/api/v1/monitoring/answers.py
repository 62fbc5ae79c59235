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
    Texts,
    Word,
)
from services.monitoring.dimensions import Dimension
from services.monitoring.indicators import DayZone, Flow, Subject, Unit
from services.monitoring.rules import ReportedUnit


class IndicatorItem(Answer):
    """An indicator that can be asked for: ``unit`` is what one is, ``counts`` says it in words.

    A figure belongs to the civil day that ``day_rule`` says, on the clock of ``day_zone``: that of
    a zone, or each office's own. ``dimensions`` are what it may be split by and narrowed to. Of a
    ``flow`` the figures of days add up; a ``stock`` is how many there are at the end.
    """

    code = Text()
    name = Text()
    unit = Word(Unit)
    counts = Text()
    group = Number(says="The Commission's working group")
    program = Text(says="What it is about")
    source = Text()
    flow = Word(Flow)
    subject = Word(Subject, says="Each person once, or each request")
    day_rule = Text()
    day_zone = Word(DayZone, attribute="zone")
    dimensions = Texts(Word(Dimension))


class FigureAnswer(Answer):
    """A value, and of which status; the other dimensions where they were asked for."""

    status = Text()
    value = Number()
    compared = Number(required=False, says="With compare: of the period before")
    before = Number(required=False, says="With since: as of that moment")
    difference = Number(required=False, says="With since: value less before")
    program = Text(required=False)
    consulate = Text(required=False, allow_none=True)
    country = Text(required=False, allow_none=True)
    mode = Text(required=False, allow_none=True)
    state_of_origin = Text(required=False, allow_none=True, says="By its code in a CURP")
    sex = Text(required=False, allow_none=True, says="As a CURP has it: H, M or X")
    age_band = Text(required=False, allow_none=True, says="At the request")
    day = CalendarDay(required=False)


class PublishedAnswer(Answer):
    """What others published, as they printed it: it doesn't add up with ``rows``, nor with that of
    other periods. ``note`` says what it leaves out or why it differs."""

    programme = Text()
    metric = Text()
    label = Text()
    period = Text()
    day = CalendarDay(allow_none=True)
    value = Figure()
    unit = Word(ReportedUnit)
    note = Text(allow_none=True)
    source = Text()


class IndicatorAnswer(IndicatorItem):
    """``rows``, counted through this system as of ``as_of``: asked with it again, they are the
    same.

    ``published``: what the agencies printed of the same. ``rivals``: figures of one thing that
    differ, each with why where it is known.
    """

    as_of = Instant()
    rows = Many(FigureAnswer)
    published = Many(PublishedAnswer)
    rivals = Many(PublishedAnswer)


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
