"""Indicators: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.monitoring.dimensions import Dimension
from services.monitoring.indicators import DayZone, Flow, Subject, Unit
from services.monitoring.rules import ReportedUnit


class IndicatorItem(fields.Answer):
    """An indicator that can be asked for: ``unit`` is what one is, ``counts`` says it in words.

    A figure belongs to the civil day that ``day_rule`` says, on the clock of ``day_zone``: that of
    a zone, or each office's own. ``dimensions`` are what it may be split by and narrowed to. Of a
    ``flow`` the figures of days add up; a ``stock`` is how many there are at the end.
    """

    code = fields.Text()
    name = fields.Text()
    unit = fields.Word(Unit)
    counts = fields.Text()
    group = fields.Number(says="The Commission's working group")
    program = fields.Text(says="What it is about")
    source = fields.Text()
    flow = fields.Word(Flow)
    subject = fields.Word(Subject, says="Each person once, or each request")
    day_rule = fields.Text()
    day_zone = fields.Word(DayZone, attribute="zone")
    dimensions = fields.Texts(fields.Word(Dimension))


class FigureAnswer(fields.Answer):
    """A value, and of which status; the other dimensions where they were asked for."""

    status = fields.Text()
    value = fields.Number()
    compared = fields.Number(required=False, says="With compare: of the period before")
    before = fields.Number(required=False, says="With since: as of that moment")
    difference = fields.Number(required=False, says="With since: value less before")
    program = fields.Text(required=False)
    consulate = fields.Text(required=False, allow_none=True)
    country = fields.Text(required=False, allow_none=True)
    mode = fields.Text(required=False, allow_none=True)
    election = fields.Text(required=False, allow_none=True, says="Its year")
    state_of_origin = fields.Text(required=False, allow_none=True, says="By its code in a CURP")
    sex = fields.Text(required=False, allow_none=True, says="As a CURP has it: H, M or X")
    age_band = fields.Text(required=False, allow_none=True, says="As of the request or appointment")
    day = fields.CalendarDay(required=False)


class PublishedAnswer(fields.Answer):
    """What others published, as they printed it: it doesn't add up with ``rows``, nor with that of
    other periods. ``note`` says what it leaves out or why it differs."""

    programme = fields.Text()
    metric = fields.Text()
    label = fields.Text()
    period = fields.Text()
    day = fields.CalendarDay(allow_none=True)
    value = fields.Figure()
    unit = fields.Word(ReportedUnit)
    note = fields.Text(allow_none=True)
    source = fields.Text()
    value_before = fields.Figure(
        allow_none=True, says="Of the same period, where it was printed with another value first"
    )
    revised_at = fields.Instant(allow_none=True, says="When this value took its place")


class IndicatorAnswer(IndicatorItem):
    """``rows``, counted through this system as of ``as_of``: asked with it again, they are the
    same.

    ``published``: what the agencies printed of the same. ``rivals``: figures of one thing that
    differ, each with why where it is known. Both as of ``as_of`` too.
    """

    as_of = fields.Instant()
    election = fields.Text(
        allow_none=True,
        says="Of a stock that each election has anew, where none is asked for: the newest",
    )
    rows = fields.Many(FigureAnswer)
    published = fields.Many(PublishedAnswer)
    rivals = fields.Many(PublishedAnswer)


class IndicatorList(fields.ListAnswer):
    """All indicators."""

    items = fields.Many(IndicatorItem)


class TargetAnswer(fields.Answer):
    """What an indicator is to reach in a period: over all programs or in one, of all offices or of
    one."""

    id = fields.Id()
    period = fields.Text()
    program = fields.Text(allow_none=True)
    consulate = fields.Text(allow_none=True, attribute="consulate_code")
    value = fields.Figure()
    source = fields.Text()
    revision = fields.Number()
    reason = fields.Text(allow_none=True)
    entered_by = fields.Text(allow_none=True)
    entered_at = fields.Instant()


class TargetList(fields.ListAnswer):
    """Every target that was ever set, the newest first; of a period the highest revision holds."""

    items = fields.Many(TargetAnswer)
