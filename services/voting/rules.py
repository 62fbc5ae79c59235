"""What may be counted of the vote abroad, and how a count becomes official."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

# A count above this is a slip of the keyboard: the whole list of voters abroad had 223,961 in 2024.
MAX_COUNT = 9_999_999
# Facts of a count are of this kind, a point and its metric.
FACT_KIND = "vote_count"


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
    CREDENTIALS_REQUESTED = "credentials_requested"
    CREDENTIALS_ISSUED = "credentials_issued"
    CREDENTIALS_DELIVERED = "credentials_delivered"
    CREDENTIALS_ACTIVATED = "credentials_activated"


# They are what came on the day, so that days add up; the others are all up to and with the day.
VOTES = frozenset({Metric.VOTES, Metric.VOTE_ENVELOPES, Metric.LATE_VOTES})
# The steps of a voter card, which has no mode of voting.
CREDENTIALS = (
    Metric.CREDENTIALS_REQUESTED,
    Metric.CREDENTIALS_ISSUED,
    Metric.CREDENTIALS_DELIVERED,
    Metric.CREDENTIALS_ACTIVATED,
)


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
# What was shown to everybody once stays so, with the correction that took its place.
PUBLIC = IN_FORCE | ONCE_APPROVED
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
    AFTER_DEADLINE = "day_after_deadline"
    BEFORE_DEADLINE = "day_before_deadline"
    NO_IN_PERSON_VOTE = "no_in_person_voting"
    WITHOUT_MODE = "counted_without_mode"
    ONLY_BY_POST = "envelopes_only_by_post"
    MORE_THAN_REGISTERED = "more_votes_than_registered"
    MORE_THAN_ENVELOPES = "more_votes_than_envelopes"
    MORE_ISSUED = "more_issued_than_requested"
    MORE_DELIVERED = "more_delivered_than_issued"
    MORE_ACTIVATED = "more_activated_than_delivered"
    MODES_DIFFER = "modes_differ_from_total"


# Of which field a refusal speaks, where it isn't the number itself.
FIELDS: dict[Impossible, str] = {
    Impossible.ELECTION_UNKNOWN: "election",
    Impossible.IN_THE_FUTURE: "date",
    Impossible.FAR_FROM_ELECTION: "date",
    Impossible.AFTER_DEADLINE: "date",
    Impossible.BEFORE_DEADLINE: "date",
    Impossible.NO_IN_PERSON_VOTE: "mode",
    Impossible.WITHOUT_MODE: "mode",
    Impossible.ONLY_BY_POST: "mode",
}


@dataclass(frozen=True)
class Wrong:
    """Why a count is impossible, with the numbers that don't agree."""

    code: Impossible
    numbers: Mapping[str, int] = field(default_factory=dict)

    @property
    def field(self) -> str:
        """The field that it speaks of."""
        return FIELDS.get(self.code, "value")


class Odd(StrEnum):
    """Unusual values that need an explanation."""

    ZERO_AFTER_HUNDREDS = "zero_after_hundreds"
    ZERO_OF_HUNDREDS_LISTED = "zero_of_hundreds_registered"
    SAME_AS_ANOTHER_OFFICE = "same_as_another_office"
    SAME_AS_LAST_ELECTION = "same_as_last_election"
    LOWER_THAN_BEFORE = "lower_than_before"
    CORRECTION_DIFFERS = "correction_differs_from_total"


@dataclass(frozen=True)
class Cell:
    """What a number of an office speaks of: no mode is all of them."""

    metric: Metric
    mode: Mode | None
    day: date


Cells = Mapping[Cell, int]


class Whose(StrEnum):
    """Whose figures of an earlier election a count is compared with."""

    OFFICE = "office"
    COUNTRY = "country"
    ABROAD = "abroad"


@dataclass(frozen=True)
class Before:
    """The same in an earlier election. Several ``numbers`` are rival publications; ``key`` is the
    office's code or its country's, empty for all abroad."""

    election: str
    whose: Whose
    key: str
    numbers: frozenset[int]


@dataclass(frozen=True)
class Known:
    """What is in force beside a count: ``cells`` are the office's own of the same election.

    ``listed`` is the published list of voters of all abroad, for an office without one of its own;
    ``before`` the office's latest figure of an earlier election, where it has none what was
    published of its country, or else of all abroad; ``elsewhere`` the other offices' figures of the
    same cell. Each is None or empty where nothing is known. ``alone``: its country has no other
    office.
    """

    cells: Cells = field(default_factory=dict)
    listed: int | None = None
    before: Before | None = None
    elsewhere: frozenset[int] = frozenset()
    in_person: bool = True
    alone: bool = False

    @property
    def modes(self) -> frozenset[Mode]:
        """How one can vote at the office."""
        return frozenset(Mode) - (frozenset() if self.in_person else {Mode.IN_PERSON})


@dataclass(frozen=True)
class Limit:
    """There can't be more of ``less`` than of ``more``."""

    less: Metric
    more: Metric
    code: Impossible


LIMITS = (
    Limit(Metric.VOTES, Metric.REGISTERED, Impossible.MORE_THAN_REGISTERED),
    Limit(Metric.VOTE_ENVELOPES, Metric.REGISTERED, Impossible.MORE_THAN_REGISTERED),
    Limit(Metric.LATE_VOTES, Metric.REGISTERED, Impossible.MORE_THAN_REGISTERED),
    Limit(Metric.VOTES, Metric.VOTE_ENVELOPES, Impossible.MORE_THAN_ENVELOPES),
    Limit(Metric.CREDENTIALS_ISSUED, Metric.CREDENTIALS_REQUESTED, Impossible.MORE_ISSUED),
    Limit(Metric.CREDENTIALS_DELIVERED, Metric.CREDENTIALS_ISSUED, Impossible.MORE_DELIVERED),
    Limit(Metric.CREDENTIALS_ACTIVATED, Metric.CREDENTIALS_DELIVERED, Impossible.MORE_ACTIVATED),
)


def impossible_date(election: str, day: date, today: date) -> Impossible | None:
    """Registration begins in the year before the election; nothing is counted after its year."""
    year = int(election)
    if year < FIRST_ELECTION:
        return Impossible.ELECTION_UNKNOWN
    if day > today:
        return Impossible.IN_THE_FUTURE
    return None if year - 1 <= day.year <= year else Impossible.FAR_FROM_ELECTION


def impossible_mode(metric: Metric, mode: Mode | None, known: Known) -> Impossible | None:
    """Whether something can't be counted by that mode there."""
    if mode is Mode.IN_PERSON and not known.in_person:
        return Impossible.NO_IN_PERSON_VOTE
    if mode and metric in CREDENTIALS:
        return Impossible.WITHOUT_MODE
    envelopes = metric is Metric.VOTE_ENVELOPES
    return Impossible.ONLY_BY_POST if envelopes and mode not in (None, Mode.POSTAL) else None


def impossible_value(cell: Cell, value: int, known: Known) -> Wrong | None:
    """What is wrong with a number beside what is known, or None."""
    cells = {**known.cells, cell: value}
    for limit in LIMITS:
        if cell.metric in (limit.less, limit.more):
            for less, more in _compared(limit, cells, known):
                if less > more:
                    return Wrong(limit.code, {"less": less, "more": more})
    summed, total = _sum_and_total(cell, cells)
    if total is None or not summed:
        return None
    # A correction comes one cell at a time: until the last one the modes may be fewer.
    whole = known.modes <= summed.keys() and cell not in known.cells
    added = sum(summed.values())
    wrong = added != total if whole else added > total
    return Wrong(Impossible.MODES_DIFFER, {"added": added, "total": total}) if wrong else None


def oddities(cell: Cell, value: int, known: Known) -> list[Odd]:
    """What is unusual about a number: a note has to explain it."""
    summed, total = _sum_and_total(cell, {**known.cells, cell: value})
    whole = known.modes <= summed.keys()
    earlier = _newest_before(cell, known.cells)
    before = known.before.numbers if known.before else frozenset[int]()
    warnings = {
        Odd.ZERO_AFTER_HUNDREDS: value == 0 and _had_hundreds(cell, known),
        Odd.ZERO_OF_HUNDREDS_LISTED: _no_vote_of_hundreds(cell, {**known.cells, cell: value}),
        Odd.SAME_AS_ANOTHER_OFFICE: value >= NOTEWORTHY and value in known.elsewhere,
        Odd.SAME_AS_LAST_ELECTION: value >= NOTEWORTHY and value in before,
        Odd.LOWER_THAN_BEFORE: earlier is not None and value < earlier,
        Odd.CORRECTION_DIFFERS: (
            whole and total is not None and sum(summed.values()) != total and cell in known.cells
        ),
    }
    return [warning for warning, holds in warnings.items() if holds]


def _had_hundreds(cell: Cell, known: Known) -> bool:
    """Whether there were hundreds at the office. Those of its country were if it has no other one,
    and are of all days: a zero is odd until something else was counted. Of all abroad it says
    nothing."""
    before = known.before
    if before is None or max(before.numbers, default=0) < HUNDREDS:
        return False
    if before.whose is Whose.COUNTRY and known.alone:
        return not standing({**known.cells, cell: 0}, cell.metric, cell.mode)
    return before.whose is Whose.OFFICE


def standing(cells: Cells, metric: Metric, mode: Mode | None = None) -> int | None:
    """The office's number of ``metric`` by ``mode``, or of all: days of votes add up, of the others
    the newest stands. None where nothing was counted."""
    days = {cell.day for cell in cells if cell.metric is metric}
    by_day = {day: on_day(cells, metric, day, mode) for day in days}
    numbers = {day: number for day, number in by_day.items() if number is not None}
    if not numbers:
        return None
    return sum(numbers.values()) if metric in VOTES else numbers[max(numbers)]


def on_day(cells: Cells, metric: Metric, day: date, mode: Mode | None = None) -> int | None:
    """One day's number by ``mode``; of all modes the total, or what they add up to where that is
    more or no total was given."""
    whole = cells.get(Cell(metric, mode, day))
    if mode:
        return whole
    modes = [cells[c] for m in Mode if (c := Cell(metric, m, day)) in cells]
    return max(whole or 0, sum(modes)) if modes else whole


def _compared(limit: Limit, cells: Cells, known: Known) -> Iterator[tuple[int, int]]:
    """Pairs of numbers of which the first can't be greater than the second."""
    if limit.more is Metric.REGISTERED:
        yield from _against_list(limit.less, cells, known)
    elif limit.more is Metric.VOTE_ENVELOPES:
        votes = standing(cells, limit.less, Mode.POSTAL)
        envelopes = standing(cells, limit.more)
        if votes is not None and envelopes is not None:
            yield votes, envelopes
    else:
        # Up to a day there are no more of the one than of the other up to that day or a later one.
        for less, more in ((a, b) for a in cells for b in cells):
            if (less.metric, more.metric) == (limit.less, limit.more) and less.day <= more.day:
                yield cells[less], cells[more]


def _against_list(metric: Metric, cells: Cells, known: Known) -> Iterator[tuple[int, int]]:
    """Numbers of ``metric``, each beside the list of voters: the office's largest, or else that of
    all abroad."""
    for mode in (None, *Mode):
        voters = [cells[c] for c in cells if (c.metric, c.mode) == (Metric.REGISTERED, mode)]
        listed = max(voters, default=None if mode else known.listed)
        number = standing(cells, metric, mode)
        if listed is not None and number is not None:
            yield number, listed


def _no_vote_of_hundreds(cell: Cell, cells: Cells) -> bool:
    """Whether nobody voted, on any day, where the office's own list has hundreds: by that mode, or
    where that isn't known by any."""
    if cell.metric not in (Metric.VOTES, Metric.VOTE_ENVELOPES):
        return False
    listed = standing(cells, Metric.REGISTERED, cell.mode)
    listed = standing(cells, Metric.REGISTERED) if listed is None else listed
    return (listed or 0) >= HUNDREDS and standing(cells, cell.metric, cell.mode) == 0


def _sum_and_total(cell: Cell, cells: Cells) -> tuple[dict[Mode, int], int | None]:
    """The numbers by mode of the cell's metric and day, and the one over all modes."""
    by_mode = {m: cells[c] for m in Mode if (c := Cell(cell.metric, m, cell.day)) in cells}
    return by_mode, cells.get(Cell(cell.metric, None, cell.day))


def _newest_before(cell: Cell, cells: Cells) -> int | None:
    """The same number of the newest day before, of what only grows: a cell that counts all up to
    its day."""
    if cell.metric in VOTES:
        return None
    days = [c for c in cells if (c.metric, c.mode) == (cell.metric, cell.mode) and c.day < cell.day]
    return cells[max(days, key=lambda c: c.day)] if days else None


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
