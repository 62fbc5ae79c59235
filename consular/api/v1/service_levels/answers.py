"""Service levels: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import Answer, Decimals, Instant, Many, Number, Text


class RequestsLevelAnswer(Answer):
    """Enrollments of a program at an office (null: asked for at none): open ones now; of the ones
    made lately, how many were answered, how many of those within their term, and how soon."""

    consulate = Text(allow_none=True)
    program = Text()
    open = Number()
    late = Number(says="Open ones past the agency's last day")
    unconfirmed = Number(says="Open ones of which nobody knows whether they arrived")
    oldest = Instant(allow_none=True)
    answered = Number()
    with_term = Number(says="Answered ones for which the agency had a last day")
    in_term = Number(says="Of those, answered by that day")
    half_days = Decimals(allow_none=True, says="Half were answered within so many days")
    nearly_all_days = Decimals(allow_none=True, says="Nine of ten were")


class VisitsLevelAnswer(Answer):
    """People at an office: who waits now, and how long people waited lately until they were called,
    from their time or their arrival, whichever was later."""

    consulate = Text()
    waiting = Number()
    since = Instant(allow_none=True, says="When the first of them came")
    called = Number()
    half_minutes = Decimals(allow_none=True)
    nearly_all_minutes = Decimals(allow_none=True, says="Of nine of ten")


class RemittancesLevelAnswer(Answer):
    """Open transfers by how they are paid out."""

    payout = Text()
    open = Number()
    late = Number(says="Their answer was due before now")
    unconfirmed = Number()
    oldest = Instant(allow_none=True)


class QueueLevelAnswer(Answer):
    """Jobs of a topic that wait to be done."""

    topic = Text()
    waiting = Number()
    due = Number()
    oldest = Instant(allow_none=True)


class ServiceLevelsAnswer(Answer):
    """As of ``at``. Transfers and queues are the network's: empty for an office's staff."""

    at = Instant()
    oldest = Instant(allow_none=True, says="The oldest open request")
    requests = Many(RequestsLevelAnswer)
    visits = Many(VisitsLevelAnswer)
    remittances = Many(RemittancesLevelAnswer)
    queues = Many(QueueLevelAnswer)
