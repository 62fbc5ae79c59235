"""Rules that watch figures: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from consular.input.alerts import WATCHED
from services.alerts.rules import Condition, Covers, Every, Span, State
from services.alerts.scheduling import BY
from services.messages.rules import State as MessageState
from services.monitoring.indicators import INDICATORS


class AlertItem(fields.Answer):
    """A question and the condition for which it is asked. ``looked_at``: when it was last."""

    id = fields.Id()
    indicator = fields.Word(WATCHED)
    consulate = fields.Text(allow_none=True, attribute="consulate_code")
    country = fields.Text(allow_none=True)
    program = fields.Text(allow_none=True)
    status = fields.Text(allow_none=True)
    span = fields.Word(Span)
    condition = fields.Word(Condition)
    amount = fields.Figure(allow_none=True, says="Null: it is held against a target")
    why = fields.Text()
    question = fields.Text(says="What is watched, in words")
    active = fields.Flag()
    made_by = fields.Text(allow_none=True)
    made_at = fields.Instant()
    looked_at = fields.Instant(allow_none=True)


class ReadingAnswer(fields.Answer):
    """A figure as the rule reads it, of the days ``first`` to ``last``, as of ``as_of``.

    ``against``: what it is compared with; null, as ``holds``, where there is no target.
    """

    first = fields.CalendarDay()
    last = fields.CalendarDay()
    as_of = fields.Instant()
    value = fields.Number()
    against = fields.Figure(allow_none=True)
    holds = fields.Flag(allow_none=True)
    said = fields.Text()


class AlertDelivery(fields.Answer):
    """To whom a notice went: ``state`` of the message, null before it was begun."""

    name = fields.Text()
    state = fields.Word(MessageState, allow_none=True)


class ToldAnswer(ReadingAnswer):
    """What the rule told, of each period each state once."""

    state = fields.Word(State)
    at = fields.Instant()
    readers = fields.Many(AlertDelivery)


class AlertAnswer(AlertItem):
    """A rule, what it finds now, whom it tells by name, and what it told, the newest first."""

    readers = fields.Texts()
    today = fields.One(ReadingAnswer)
    told = fields.Many(ToldAnswer)


class AlertList(fields.ListAnswer):
    """Rules, the active ones first."""

    items = fields.Many(AlertItem)


class ScheduledReportAnswer(fields.Answer):
    """A question that is answered by mail, every so often at an ``hour`` of Mexico City, to
    ``reader``."""

    id = fields.Id()
    indicator = fields.Word(INDICATORS)
    by = fields.Word(BY)
    consulate = fields.Text(allow_none=True, attribute="consulate_code")
    country = fields.Text(allow_none=True)
    program = fields.Text(allow_none=True)
    status = fields.Text(allow_none=True)
    covers = fields.Word(Covers)
    every = fields.Word(Every)
    hour = fields.Number()
    reader = fields.Text(allow_none=True)
    made_at = fields.Instant()
    stopped_at = fields.Instant(allow_none=True)


class ScheduledReportList(fields.ListAnswer):
    """Those that go to whoever asks, or that they made."""

    items = fields.Many(ScheduledReportAnswer)
