"""Operations: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    Decimals,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    One,
    Text,
    Word,
)
from services.agencies.rules import State
from services.operations.rules import Decision, Liveness, Process


class PauseAnswer(Answer):
    """Staff stopped all calls to the agency; ``lifted_at`` is null while that goes on."""

    id = Id()
    agency = Text()
    reason = Text()
    paused_by = Id()
    paused_at = Instant()
    lift_reason = Text(allow_none=True)
    lifted_by = Id(allow_none=True)
    lifted_at = Instant(allow_none=True)


class AgencyAnswer(Answer):
    """``state`` is the breaker's. ``calls`` are under way now; ``waiting`` is how many items wait
    until the agency may be called."""

    agency = Text()
    state = Word(State)
    since = Instant(allow_none=True, says="When it last closed, or stopped being closed")
    failures = Number(says="In a row")
    last_code = Text(allow_none=True, says="Why the last failed call failed")
    open_until = Instant(allow_none=True)
    calls = Number()
    waiting = Number()
    pause = One(PauseAnswer, allow_none=True)


class AgencyList(ListAnswer):
    """All agencies."""

    items = Many(AgencyAnswer)


class PauseList(ListAnswer):
    """The last pauses of an agency, the newest first."""

    items = Many(PauseAnswer)


class ProcessAnswer(Answer):
    """A kind of process: how many gave a sign of life lately."""

    process = Word(Process)
    liveness = Word(Liveness)
    alive = Number()
    last_beat = Instant(allow_none=True)


class QueueAnswer(Answer):
    """A topic of the outbox. ``oldest``: since when its oldest item has been due."""

    topic = Text()
    waiting = Number()
    due = Number()
    oldest = Instant(allow_none=True)
    done_a_minute = Decimals()


class UnknownAnswer(Answer):
    """Something that was sent, and nobody knows whether it arrived."""

    kind = Word(("enrollment", "remittance"))
    id = Id()
    folio = Text()
    since = Instant()
    answer_by = Text(allow_none=True, says="A day or a time: by when an answer is promised")


class OverviewAnswer(Answer):
    """The state of queues, agencies and processes, for a duty officer."""

    processes = Many(ProcessAnswer)
    queues = Many(QueueAnswer)
    unanswered = Many(UnknownAnswer)
    parked = Number(says="Jobs that wait for a person's decision")


class DecisionAnswer(Answer):
    """What was decided about a parked job; ``released_as`` is the item that does it once more."""

    decision = Word(Decision)
    reason = Text()
    decided_by = Id()
    decided_at = Instant()
    released_as = Id(allow_none=True)


class ParkedJobAnswer(Answer):
    """A job that was given up. ``ref`` is the id of what it is about; ``last_error`` is a code."""

    id = Id()
    topic = Text()
    ref = Id()
    attempts = Number()
    last_error = Text(allow_none=True)
    created_at = Instant()
    parked_at = Instant()
    decision = One(DecisionAnswer, allow_none=True)


class ParkedJobList(ListAnswer):
    """A page of those about which nobody has decided."""

    items = Many(ParkedJobAnswer)


class DecidedAnswer(Answer):
    """How many jobs were decided about."""

    decided = Number()
    released = Flag()
