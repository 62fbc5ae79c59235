"""Rules that watch figures: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Figure,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    One,
    Text,
    Texts,
    Word,
)
from consular.input.alerts import WATCHED
from services.alerts.rules import Condition, Covers, Every, Span, State
from services.alerts.scheduling import BY
from services.messages.rules import State as MessageState
from services.monitoring.indicators import INDICATORS


class AlertItem(Answer):
    """A question and the condition for which it is asked. ``looked_at``: when it was last."""

    id = Id()
    indicator = Word(WATCHED)
    consulate = Text(allow_none=True, attribute="consulate_code")
    country = Text(allow_none=True)
    program = Text(allow_none=True)
    status = Text(allow_none=True)
    span = Word(Span)
    condition = Word(Condition)
    amount = Figure(allow_none=True, says="Null: it is held against a target")
    why = Text()
    question = Text(says="What is watched, in words")
    active = Flag()
    made_by = Text(allow_none=True)
    made_at = Instant()
    looked_at = Instant(allow_none=True)


class ReadingAnswer(Answer):
    """A figure as the rule reads it, of the days ``first`` to ``last``, as of ``as_of``.

    ``against``: what it is compared with; null, as ``holds``, where there is no target.
    """

    first = CalendarDay()
    last = CalendarDay()
    as_of = Instant()
    value = Number()
    against = Figure(allow_none=True)
    holds = Flag(allow_none=True)
    said = Text()


class AlertDelivery(Answer):
    """To whom a notice went: ``state`` of the message, null before it was begun."""

    name = Text()
    state = Word(MessageState, allow_none=True)


class ToldAnswer(ReadingAnswer):
    """What the rule told, of each period each state once."""

    state = Word(State)
    at = Instant()
    readers = Many(AlertDelivery)


class AlertAnswer(AlertItem):
    """A rule, what it finds now, whom it tells by name, and what it told, the newest first."""

    readers = Texts()
    today = One(ReadingAnswer)
    told = Many(ToldAnswer)


class AlertList(ListAnswer):
    """Rules, the active ones first."""

    items = Many(AlertItem)


class ScheduledReportAnswer(Answer):
    """A question that is answered by mail, every so often at an ``hour`` of Mexico City, to
    ``reader``."""

    id = Id()
    indicator = Word(INDICATORS)
    by = Word(BY)
    consulate = Text(allow_none=True, attribute="consulate_code")
    country = Text(allow_none=True)
    program = Text(allow_none=True)
    status = Text(allow_none=True)
    covers = Word(Covers)
    every = Word(Every)
    hour = Number()
    reader = Text(allow_none=True)
    made_at = Instant()
    stopped_at = Instant(allow_none=True)


class ScheduledReportList(ListAnswer):
    """Those that go to whoever asks, or that they made."""

    items = Many(ScheduledReportAnswer)
