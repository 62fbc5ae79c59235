"""Service levels: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields


class RequestsLevelAnswer(fields.Answer):
    """Enrollments of a program at an office (null: asked for at none): open ones now; of the ones
    made lately, how many were answered, how many of those within their term, and how soon."""

    consulate = fields.Text(allow_none=True)
    program = fields.Text()
    open = fields.Number()
    late = fields.Number(says="Open ones past the agency's last day")
    unconfirmed = fields.Number(says="Open ones of which nobody knows whether they arrived")
    oldest = fields.Instant(allow_none=True)
    answered = fields.Number()
    with_term = fields.Number(says="Answered ones for which the agency had a last day")
    in_term = fields.Number(says="Of those, answered by that day")
    half_days = fields.Decimals(allow_none=True, says="Half were answered within so many days")
    nearly_all_days = fields.Decimals(allow_none=True, says="Nine of ten were")


class VisitsLevelAnswer(fields.Answer):
    """People at an office: who waits now, and how long people waited lately until they were called,
    from their time or their arrival, whichever was later."""

    consulate = fields.Text()
    waiting = fields.Number()
    since = fields.Instant(allow_none=True, says="When the first of them came")
    called = fields.Number()
    half_minutes = fields.Decimals(allow_none=True)
    nearly_all_minutes = fields.Decimals(allow_none=True, says="Of nine of ten")


class RemittancesLevelAnswer(fields.Answer):
    """Open transfers by how they are paid out."""

    payout = fields.Text()
    open = fields.Number()
    late = fields.Number(says="Their answer was due before now")
    unconfirmed = fields.Number()
    oldest = fields.Instant(allow_none=True)


class QueueLevelAnswer(fields.Answer):
    """Jobs of a topic that wait to be done."""

    topic = fields.Text()
    waiting = fields.Number()
    due = fields.Number()
    oldest = fields.Instant(allow_none=True)


class ServiceLevelsAnswer(fields.Answer):
    """As of ``at``. Transfers and queues are the network's: empty for an office's staff."""

    at = fields.Instant()
    oldest = fields.Instant(allow_none=True, says="The oldest open request")
    requests = fields.Many(RequestsLevelAnswer)
    visits = fields.Many(VisitsLevelAnswer)
    remittances = fields.Many(RemittancesLevelAnswer)
    queues = fields.Many(QueueLevelAnswer)
