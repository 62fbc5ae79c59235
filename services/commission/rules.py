"""The session report of the Commission: its statuses, what may be done, and what it must hold."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

# Assistance to Mexican communities abroad: its figures are counted here.
OWN_GROUP = 4


class Status(StrEnum):
    """An analyst writes a report and prepares it: from there on nothing of it changes. Another one
    signs it, which freezes this version, or returns it. To amend what was signed opens the next
    version."""

    DRAFT = "draft"
    PREPARED = "prepared"
    SIGNED = "signed"


TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.PREPARED}),
    Status.PREPARED: frozenset({Status.DRAFT, Status.SIGNED}),
    Status.SIGNED: frozenset({Status.DRAFT}),
}


class Action(StrEnum):
    """What somebody may do with a report."""

    EDIT = "edit"
    PREPARE = "prepare"
    RETURN = "return"
    SIGN = "sign"
    AMEND = "amend"


def actions(status: str, account: UUID | None, prepared_by: UUID | None) -> frozenset[Action]:
    """What ``account`` may do: whoever prepared a report doesn't sign it."""
    if status == Status.DRAFT:
        return frozenset({Action.EDIT, Action.PREPARE})
    if status == Status.PREPARED:
        other = account is not None and account != prepared_by
        return frozenset({Action.RETURN, *([Action.SIGN] if other else [])})
    return frozenset({Action.AMEND})


class FollowUpStatus(StrEnum):
    """How far an agreement of an earlier session is."""

    PENDING = "pending"
    UNDER_WAY = "under_way"
    DONE = "done"
    WITHDRAWN = "withdrawn"


# It isn't carried on to the next session.
CLOSED = frozenset({FollowUpStatus.DONE, FollowUpStatus.WITHDRAWN})


class Part(StrEnum):
    """What a report must hold before it can be prepared."""

    DATE = "date"
    PLACE = "place"
    PERIOD = "period"
    ATTENDANCE = "attendance"
    AGENDA = "agenda"
    FOLLOW_UP = "follow-up"
    RESULTS = "results"


class Source(StrEnum):
    """Where a number of a report comes from, which says how it is asked for again."""

    INDICATOR = "indicator"
    ELECTION = "election"
    ENTRY = "entry"
