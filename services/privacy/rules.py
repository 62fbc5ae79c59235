"""Erasing somebody's data: how far a request is, what stands in the way, when it must be answered.

LGPDPPSO (DOF 2025-03-20): articles 17 and 18 (delete, after blocking where due), 45 (twenty days to
answer, fifteen more to carry out).
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

ANSWER_WITHIN = timedelta(days=20)


class Status(StrEnum):
    """``approved``: is carried out as soon as nothing stands in the way."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DONE = "done"
    REFUSED = "refused"


OPEN = frozenset({Status.REQUESTED, Status.APPROVED})


class Refusal(StrEnum):
    """Why a request isn't granted; in codes, so that nobody is named here."""

    IDENTITY_NOT_PROVEN = "identity_not_proven"
    DUTY_TO_KEEP = "duty_to_keep"
    WITHDRAWN = "withdrawn"


class Obstacle(StrEnum):
    """What has to end first. ``recent_remittance``: the limit of a month goes by what the person
    sent in it, in whatever accounts."""

    LIVE_APPOINTMENT = "live_appointment"
    OPEN_ENROLLMENT = "open_enrollment"
    OPEN_REMITTANCE = "open_remittance"
    OPEN_DISPUTE = "open_dispute"
    OPEN_INCIDENT = "open_incident"
    RECENT_REMITTANCE = "recent_remittance"


def answer_by(requested: date) -> date:
    """The last day to answer; counted from the day after it was received."""
    return requested + ANSWER_WITHIN
