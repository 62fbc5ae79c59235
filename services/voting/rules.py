"""What may be counted of the vote abroad, and how a count becomes official."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

# A count above this is a slip of the keyboard: the whole list of voters abroad had 223,961 in 2024.
MAX_COUNT = 9_999_999


class Mode(StrEnum):
    """How a vote is cast from abroad (LGIPE 329)."""

    ELECTRONIC = "electronic"
    POSTAL = "postal"
    IN_PERSON = "in_person"


class Metric(StrEnum):
    """What an office counts. Published figures may speak of more (`VoteCount.metric` is text)."""

    VOTES = "votes"
    VOTE_ENVELOPES = "vote_envelopes"
    LATE_VOTES = "late_votes"
    REGISTERED = "registered"
    REGISTRATION_REQUESTS = "registration_requests"


VOTES = frozenset({Metric.VOTES, Metric.VOTE_ENVELOPES, Metric.LATE_VOTES})


class Dimension(StrEnum):
    """Dimensions of a figure."""

    TOTAL = "total"
    COUNTRY = "country"
    CONSULATE = "consulate"
    STATE = "state"
    MODE = "mode"


class Status(StrEnum):
    """An office's count is reported, then approved by another person who types it from the source,
    or rejected; a later one supersedes it.

    PUBLISHED figures come from others' publications and never change status.
    """

    PUBLISHED = "published"
    REPORTED = "reported"
    APPROVED = "approved"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PUBLISHED: frozenset(),
    Status.REPORTED: frozenset({Status.APPROVED, Status.REJECTED}),
    Status.APPROVED: frozenset({Status.SUPERSEDED}),
    Status.SUPERSEDED: frozenset(),
    Status.REJECTED: frozenset(),
}
# Somebody has decided on the report.
SETTLED = frozenset(Status) - {Status.PUBLISHED, Status.REPORTED}
# They are shown to everybody: others' figures, and our own that are approved.
IN_FORCE = frozenset({Status.PUBLISHED, Status.APPROVED})
ONCE_APPROVED = frozenset({Status.APPROVED, Status.SUPERSEDED})
# What an office looks at, those that wait first; what was superseded is history.
AT_OFFICE = (Status.REPORTED, Status.APPROVED, Status.REJECTED)


class Action(StrEnum):
    """What somebody may do with a count."""

    APPROVE = "approve"
    CORRECT = "correct"
    REJECT = "reject"


class Unit(StrEnum):
    """Percentages are only ever published, with a basis of their own."""

    COUNT = "count"
    PERCENT = "percent"


# Mexicans abroad voted for the first time in 2006.
FIRST_ELECTION = 2006
# Fewer can be the same, or none, by chance.
NOTEWORTHY = 50
HUNDREDS = 100


class Impossible(StrEnum):
    """What a count can't be, whoever says so: the code of the refusal."""

    ELECTION_UNKNOWN = "election_unknown"
    IN_THE_FUTURE = "count_in_the_future"
    FAR_FROM_ELECTION = "day_far_from_election"
    NO_IN_PERSON_VOTE = "no_in_person_voting"
    MORE_THAN_REGISTERED = "more_votes_than_registered"
    MODES_DIFFER = "modes_differ_from_total"


# Of which field each refusal speaks.
FIELDS: dict[Impossible, str] = {
    Impossible.ELECTION_UNKNOWN: "election",
    Impossible.IN_THE_FUTURE: "date",
    Impossible.FAR_FROM_ELECTION: "date",
    Impossible.NO_IN_PERSON_VOTE: "mode",
    Impossible.MORE_THAN_REGISTERED: "value",
    Impossible.MODES_DIFFER: "value",
}


class Odd(StrEnum):
    """Unusual values that need an explanation."""

    ZERO_AFTER_HUNDREDS = "zero_after_hundreds"
    SAME_AS_ANOTHER_OFFICE = "same_as_another_office"
    SAME_AS_LAST_ELECTION = "same_as_last_election"


@dataclass(frozen=True)
class Known:
    """What is in force beside a count, each None where nothing is.

    ``registered`` is the list of voters of the office, or else of the whole vote abroad; ``total``
    and ``modes`` are the same metric, office and day over all modes and by mode; ``before`` is the
    office's latest figure of an earlier election; ``elsewhere`` are other offices' figures.
    """

    registered: int | None = None
    total: int | None = None
    modes: Mapping[Mode, int] = field(default_factory=dict)
    before: int | None = None
    elsewhere: frozenset[int] = frozenset()
    in_person: bool = True


def impossible_date(election: str, day: date, today: date) -> Impossible | None:
    """Registration begins in the year before the election; nothing is counted after its year."""
    year = int(election)
    if year < FIRST_ELECTION:
        return Impossible.ELECTION_UNKNOWN
    if day > today:
        return Impossible.IN_THE_FUTURE
    return None if year - 1 <= day.year <= year else Impossible.FAR_FROM_ELECTION


def impossible_value(
    metric: Metric, mode: Mode | None, value: int, known: Known
) -> Impossible | None:
    """What is wrong with a number beside what is known, or None."""
    if mode is Mode.IN_PERSON and not known.in_person:
        return Impossible.NO_IN_PERSON_VOTE
    if metric in VOTES and known.registered is not None and value > known.registered:
        return Impossible.MORE_THAN_REGISTERED
    modes = dict(known.modes) | ({mode: value} if mode else {})
    total = known.total if mode else value
    offered = set(Mode) if known.in_person else set(Mode) - {Mode.IN_PERSON}
    if total is None or not modes:
        return None
    summed = sum(modes.values())
    wrong = summed != total if offered <= set(modes) else summed > total
    return Impossible.MODES_DIFFER if wrong else None


def oddities(value: int, known: Known) -> list[Odd]:
    """What is unusual about a number: a note has to explain it."""
    warnings = []
    if value == 0 and known.before is not None and known.before >= HUNDREDS:
        warnings.append(Odd.ZERO_AFTER_HUNDREDS)
    if value >= NOTEWORTHY and value in known.elsewhere:
        warnings.append(Odd.SAME_AS_ANOTHER_OFFICE)
    if value >= NOTEWORTHY and value == known.before:
        warnings.append(Odd.SAME_AS_LAST_ELECTION)
    return warnings


def actions(
    status: str, account: UUID | None, reported_by: UUID | None, second_by: UUID | None
) -> frozenset[Action]:
    """What ``account`` may do with a count now: it waits for somebody else to type it again.

    The use cases refuse by it, and the pages offer by it.
    """
    if status != Status.REPORTED:
        return frozenset()
    own = account in (reported_by, second_by)
    corrections = {Action.CORRECT} if own else frozenset()
    another = {Action.APPROVE} if account != reported_by else frozenset()
    return frozenset({Action.REJECT} | corrections | another)


def may_see_value(
    status: str, account: UUID | None, reported_by: UUID | None, second_by: UUID | None
) -> bool:
    """An unsettled number is its reporter's alone, until a second person typed another one."""
    unsettled = status in (Status.REPORTED, Status.REJECTED)
    return not unsettled or (account is not None and account in (reported_by, second_by))
