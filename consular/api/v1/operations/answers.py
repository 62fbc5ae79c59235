"""Operations: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.agencies.rules import State
from services.operations.rules import Decision, Liveness, Process


class PauseAnswer(fields.Answer):
    """Staff stopped all calls to the agency; ``lifted_at`` is null while that goes on."""

    id = fields.Id()
    agency = fields.Text()
    reason = fields.Text()
    paused_by = fields.Id()
    paused_at = fields.Instant()
    lift_reason = fields.Text(allow_none=True)
    lifted_by = fields.Id(allow_none=True)
    lifted_at = fields.Instant(allow_none=True)


class AgencyAnswer(fields.Answer):
    """``state`` is the breaker's. ``calls`` are under way now; ``waiting`` is how many items wait
    until the agency may be called."""

    agency = fields.Text()
    state = fields.Word(State)
    since = fields.Instant(allow_none=True, says="When it last closed, or stopped being closed")
    failures = fields.Number(says="In a row")
    last_code = fields.Text(allow_none=True, says="Why the last failed call failed")
    open_until = fields.Instant(allow_none=True)
    calls = fields.Number()
    waiting = fields.Number()
    pause = fields.One(PauseAnswer, allow_none=True)


class AgencyList(fields.ListAnswer):
    """All agencies."""

    items = fields.Many(AgencyAnswer)


class PauseList(fields.ListAnswer):
    """The last pauses of an agency, the newest first."""

    items = fields.Many(PauseAnswer)


class ProcessAnswer(fields.Answer):
    """A kind of process: how many gave a sign of life lately."""

    process = fields.Word(Process)
    liveness = fields.Word(Liveness)
    alive = fields.Number()
    last_beat = fields.Instant(allow_none=True)


class QueueAnswer(fields.Answer):
    """A topic of the outbox. ``oldest``: since when its oldest item has been due."""

    topic = fields.Text()
    waiting = fields.Number()
    due = fields.Number()
    oldest = fields.Instant(allow_none=True)
    done_a_minute = fields.Decimals()


class UnknownAnswer(fields.Answer):
    """Something that was sent, and nobody knows whether it arrived."""

    kind = fields.Word(("enrollment", "remittance"))
    id = fields.Id()
    folio = fields.Text()
    since = fields.Instant()
    answer_by = fields.Text(allow_none=True, says="A day or a time: by when an answer is promised")


class OverviewAnswer(fields.Answer):
    """The state of queues, agencies and processes, for a duty officer."""

    processes = fields.Many(ProcessAnswer)
    queues = fields.Many(QueueAnswer)
    unanswered = fields.Many(UnknownAnswer)
    parked = fields.Number(says="Jobs that wait for a person's decision")


class DecisionAnswer(fields.Answer):
    """What was decided about a parked job; ``released_as`` is the item that does it once more."""

    decision = fields.Word(Decision)
    reason = fields.Text()
    decided_by = fields.Id()
    decided_at = fields.Instant()
    released_as = fields.Id(allow_none=True)


class ParkedJobAnswer(fields.Answer):
    """A job that was given up. ``ref`` is the id of what it is about; ``last_error`` is a code."""

    id = fields.Id()
    topic = fields.Text()
    ref = fields.Id()
    attempts = fields.Number()
    last_error = fields.Text(allow_none=True)
    created_at = fields.Instant()
    parked_at = fields.Instant()
    decision = fields.One(DecisionAnswer, allow_none=True)


class ParkedJobList(fields.ListAnswer):
    """A page of those about which nobody has decided."""

    items = fields.Many(ParkedJobAnswer)


class DecidedAnswer(fields.Answer):
    """How many jobs were decided about."""

    decided = fields.Number()
    released = fields.Flag()
