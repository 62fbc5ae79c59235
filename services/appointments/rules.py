"""Pure rules: statuses and their order, and the capacity constraints by which places are exact.

Hall's marriage theorem (P. Hall, 1935): everybody can be seated if and only if, for every set
of services, the bookings for them are no more than the desks that can serve any of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import product
from typing import Any

from services.kernel.identifiers import compact_name, normalise_name
from services.kernel.name_checks import Named

MAX_ROWS = 63
# Enough to get a copy of a certificate from Mexico.
RETURN_DAYS = 30
# Constitution, art. 34-I.
OF_AGE = 18
# Long enough for an officer to finish the day's notes, whatever the zone.
NOTES_AFTER_CLOSING = timedelta(hours=12)
# People are reminded so many days before, from that hour on, by the office's clock.
REMIND_DAYS = (7, 1)
REMIND_FROM_HOUR = 9
# People are asked to be there so many minutes before their time.
EARLY_MINUTES = 10


@dataclass(frozen=True)
class BookingLimits:
    """How many people's live appointments one hand may hold, and how many it may book in a day;
    ``free_after`` is between what times a place that was given back can be booked again;
    ``moves_per_day``, how often one appointment may move: each move holds two places for a while;
    ``hold_free_after``, the same as ``free_after`` of places that were held and not booked.

    Staff book for callers: an account's limit isn't theirs, a contact's is.
    """

    per_account: int
    per_contact: int
    per_address: int | None
    per_day: int | None
    free_after: tuple[timedelta, timedelta]
    moves_per_day: int = 3
    hold_free_after: tuple[timedelta, timedelta] = (timedelta(0), timedelta(minutes=10))


# A family fits into an account with room for two more; a library or a telephone company's shared
# address into what an address may hold. A broker who cancels to sell the place loses it: it comes
# back when nobody can know.
PRODUCTION_LIMITS = BookingLimits(
    per_account=12,
    per_contact=12,
    per_address=100,
    per_day=24,
    free_after=(timedelta(minutes=5), timedelta(hours=2)),
)
# Tests act as many people from one machine, and wait for a place.
DEVELOPMENT_LIMITS = BookingLimits(
    per_account=30,
    per_contact=60,
    per_address=None,
    per_day=None,
    free_after=(timedelta(seconds=2), timedelta(seconds=6)),
    moves_per_day=30,
    hold_free_after=(timedelta(seconds=2), timedelta(seconds=6)),
)
# Documents that a person may send before coming, and days after it for which they are kept
# (`workers.retention`).
MOST_ATTACHED = 5
ATTACHED_DAYS = 90
# How long places are held for somebody who writes down who comes; once more at their wish.
HOLD_FOR = timedelta(minutes=10)


def free_after(limits: BookingLimits, starts_at: datetime, now: datetime, share: float) -> float:
    """Seconds until a place given back is free; ``share``, from 0 to 1, is drawn by lot. Of a
    place that is near, at most half of the time that is left."""
    least, most = (each.total_seconds() for each in limits.free_after)
    return min(least + share * (most - least), max(0.0, (starts_at - now).total_seconds() / 2))


class Status(StrEnum):
    """Status of an appointment, and of each person of it."""

    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    CALLED = "called"
    COMPLETED = "completed"
    NOT_SERVED = "not_served"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


# Whoever waits for a place hears of one at most once in that time, for so many days.
WATCH_SILENCE = timedelta(days=1)
WATCH_DAYS = 60
# Nobody is told of a place that begins before they could get there.
WATCH_NOTICE = timedelta(hours=3)


class WatchEnding(StrEnum):
    """Why somebody no longer waits for a place."""

    STOPPED = "stopped"
    BOOKED = "booked"
    OVER = "over"
    EXPIRED = "expired"


class Unmet(StrEnum):
    """How a search ended that is counted as unmet demand."""

    NO_PLACE = "no_place"


# What a look-up tells in place of a status: the time went by and nothing was noted yet.
PAST = "past"


class Step(StrEnum):
    """Steps that change the status of somebody of an appointment."""

    CHECK_IN = "check_in"
    CALL = "call"
    COMPLETE = "complete"
    NOT_SERVED = "not_served"
    NO_SHOW = "no_show"
    BACK_TO_WAITING = "back_to_waiting"
    WRONG_PERSON = "wrong_person"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"


# Step -> (states it may start from, state it leads to).
STEPS: dict[Step, tuple[frozenset[Status], Status]] = {
    # After the end only with a pass: see `returning`.
    Step.CHECK_IN: (
        frozenset({Status.BOOKED, Status.NOT_SERVED, Status.NO_SHOW}),
        Status.CHECKED_IN,
    ),
    Step.CALL: (frozenset({Status.CHECKED_IN, Status.CALLED}), Status.CALLED),
    Step.COMPLETE: (frozenset({Status.CHECKED_IN, Status.CALLED}), Status.COMPLETED),
    Step.NOT_SERVED: (frozenset({Status.CHECKED_IN, Status.CALLED}), Status.NOT_SERVED),
    Step.NO_SHOW: (frozenset({Status.BOOKED, Status.CHECKED_IN, Status.CALLED}), Status.NO_SHOW),
    # Undoes a call; the place in the queue goes by the appointment's time and stays.
    Step.BACK_TO_WAITING: (frozenset({Status.CALLED}), Status.CHECKED_IN),
    # Somebody else was checked in under this name: the one who is meant hasn't come yet.
    Step.WRONG_PERSON: (frozenset({Status.CHECKED_IN, Status.CALLED}), Status.BOOKED),
    # To another time or office, see `rescheduling`; before the start of the one that it has.
    Step.RESCHEDULE: (frozenset({Status.BOOKED}), Status.BOOKED),
    Step.CANCEL: (frozenset({Status.BOOKED}), Status.CANCELLED),
}

TRANSITIONS = {
    status: frozenset(after for allowed, after in STEPS.values() if status in allowed)
    for status in Status
}

LIVE = frozenset({Status.BOOKED, Status.CHECKED_IN, Status.CALLED})
# Of an appointment that follows its people: the first of these that one of them has. As long as
# somebody is to be served it is live, and it is served when anybody was.
_PARTY_ORDER = (
    Status.CALLED,
    Status.CHECKED_IN,
    Status.BOOKED,
    Status.COMPLETED,
    Status.NOT_SERVED,
    Status.NO_SHOW,
    Status.CANCELLED,
)
# What an appointment may come to when one of its people moves: only of one that all of them
# cancelled nobody comes back.
FOLLOWING = {
    status: frozenset(set(Status) - {status}) if status is not Status.CANCELLED else frozenset()
    for status in Status
}
AT_THE_OFFICE = frozenset({Status.CHECKED_IN, Status.CALLED})
# How one that wasn't cancelled ends.
ENDS = tuple(status for status in Status if status not in LIVE | {Status.CANCELLED})
# Those whose people came.
CAME = frozenset({Status.CHECKED_IN, Status.CALLED, Status.COMPLETED, Status.NOT_SERVED})
# Ended, but a pass brings the person back: of days for who couldn't be served, of the same day
# for who came after being noted as absent.
RETURNABLE = frozenset({Status.NOT_SERVED, Status.NO_SHOW})
# What its person decides, as long as its time hasn't begun.
BEFORE_THE_START = frozenset({Step.RESCHEDULE, Step.CANCEL})
# Nobody is received, served or missed before the appointment's day at its office.
ON_THE_DAY = frozenset(Step) - BEFORE_THE_START


def status_of_party(statuses: Iterable[str]) -> Status:
    """The status of an appointment, from those of its people."""
    present = set(statuses)
    return next(status for status in _PARTY_ORDER if status in present)


def is_untouched(statuses: Iterable[str]) -> bool:
    """Whether nobody of a party has come yet or was missed, so that all of them can still move."""
    return set(statuses) - {Status.CANCELLED} == {Status.BOOKED}


class Refusal(StrEnum):
    """Why a step can't be taken now."""

    WRONG_STATE = "wrong_state"
    TOO_EARLY = "too_early"


@dataclass(frozen=True)
class Situation:
    """What decides which steps somebody of an appointment may take: their status, its times, the
    time now, the day at its office, whether they hold a pass to come back that is good today, and
    whether none of its people came yet, so that all can move."""

    status: Status
    day: date
    starts_at: datetime
    now: datetime
    today: date
    may_return: bool = False
    may_move: bool = True


def refusal(step: Step, at: Situation) -> Refusal | None:
    """Why ``step`` can't be taken now, or None when it can. The only place that decides it, for
    each person of an appointment."""
    allowed, _after = STEPS[step]
    if at.status not in allowed or (at.status in RETURNABLE and not at.may_return):
        return Refusal.WRONG_STATE
    # Who came on another day came with a pass, which a step back doesn't give again.
    again = step is Step.WRONG_PERSON and at.today != at.day
    if again or (step is Step.RESCHEDULE and not at.may_move):
        return Refusal.WRONG_STATE
    if step in ON_THE_DAY and at.today < at.day:
        return Refusal.TOO_EARLY
    if step is Step.NO_SHOW and at.now < at.starts_at:
        return Refusal.TOO_EARLY
    # A place whose time has begun can't be given back.
    if step in BEFORE_THE_START and at.now >= at.starts_at:
        return Refusal.WRONG_STATE
    return None


def actions(at: Situation) -> list[Step]:
    """The steps that may be taken now: what an answer lists and a page shows buttons for."""
    return [step for step in Step if refusal(step, at) is None]


# Of a line in the agenda: one step leads on, others wait on the appointment's own page.
_LEADING = {
    Status.BOOKED: (Step.CHECK_IN, Step.NO_SHOW),
    Status.CHECKED_IN: (Step.CALL, Step.NO_SHOW),
    Status.CALLED: (Step.COMPLETE, Step.BACK_TO_WAITING, Step.NO_SHOW),
    Status.NOT_SERVED: (Step.CHECK_IN,),
    Status.NO_SHOW: (Step.CHECK_IN,),
}


def leading(status: str, steps: Sequence[Step]) -> list[Step]:
    """Those of the ``steps`` that may be taken now that the agenda offers."""
    return [step for step in steps if step in _LEADING.get(Status(status), ())]


# A step of the desk can be taken back so long.
UNDO_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Waiting:
    """Somebody in the room. ``due_at`` is the time of their appointment, or when they arrived
    where they have none of that day."""

    due_at: datetime
    arrived_at: datetime
    folio: str
    priority: bool = False


def queue_place(waiting: Waiting) -> tuple[bool, datetime, datetime, str]:
    """What people are called by: who has priority first, then by time, then by arrival.

    Who is early doesn't overtake, and who is late, parked or sent to another desk keeps the place
    of their time. Printed on the page, and the same in SQL: `next_in_queue.IN_ORDER`.
    """
    return not waiting.priority, waiting.due_at, waiting.arrived_at, waiting.folio


class OfflineStep(StrEnum):
    """What the desk may note while the network is away. Nothing with money: what was served is
    recorded afterwards."""

    CHECK_IN = "check_in"
    CALL = "call"
    BACK_TO_WAITING = "back_to_waiting"
    NO_SHOW = "no_show"
    PARK = "park"
    UNPARK = "unpark"
    TICKET = "ticket"


# Of who was seen with another status than they have by now, these aren't applied: somebody moved
# them meanwhile. Who is in front of the desk is checked in whatever was noted, where that is
# allowed, and a call says itself whose they are.
ONLY_AS_SEEN = frozenset(OfflineStep) - {
    OfflineStep.CHECK_IN,
    OfflineStep.CALL,
    OfflineStep.TICKET,
}
# A day without the network, and the morning after.
OFFLINE_WITHIN = timedelta(hours=36)


# Whom the agenda shows when nobody was chosen: who waits, else who is expected.
SHOWN_FIRST = (Status.CHECKED_IN, Status.BOOKED)


def repeated_person(keys: Sequence[Sequence[bytes]]) -> tuple[int, int] | None:
    """Of a party's keys (see `Vault.person_keys`): who is somebody named before, and by which of
    their keys, both counted from zero; None when all are different people."""
    seen: set[bytes] = set()
    for person, own in enumerate(keys):
        for number, key in enumerate(own):
            if key in seen:
                return person, number
        seen.update(own)
    return None


# Of all letters of two names, the share that spellings of one name have in common at least.
_ALIKE = 0.65


def is_spelling_of(one: Named, other: Named) -> bool:
    """Whether these may be one person's names, written in two ways: a given name and a surname of
    theirs are alike."""
    given = product(_words(one.given_names), _words(other.given_names))
    surnames = product(_surnames(one), _surnames(other))
    return _any_alike(given) and _any_alike(surnames)


def _words(*names: str | None) -> list[str]:
    return normalise_name(*names).split()


def _surnames(person: Named) -> list[str]:
    """Words of both surnames, and each as one word: "De la Cruz" is "Delacruz"."""
    both = (person.first_surname, person.second_surname)
    return [*_words(*both), *(compact_name(each) for each in both if each)]


def _any_alike(pairs: Iterable[tuple[str, str]]) -> bool:
    return any(_are_alike(*sorted(pair, key=len)) for pair in pairs)


def _are_alike(short: str, long: str) -> bool:
    """ "Ma" is short for "Maria"; one letter is short for nothing."""
    if len(short) > 1 and long.startswith(short):
        return True
    return SequenceMatcher(None, short, long).ratio() >= _ALIKE


def is_minor(born: date, day: date) -> bool:
    """Whether somebody isn't of age on that day."""
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return years < OF_AGE


def last_day_to_return(day: date, today: date) -> date:
    """Of a pass given ``today`` for an appointment on ``day``: people may come early."""
    return max(day, today) + timedelta(days=RETURN_DAYS)


_LANGUAGE, _INTERPRETER, _ACCESSIBLE = "language:", "interpreter:", "accessible"


def skills_of(
    languages: Iterable[str] = (), interpreters: Iterable[str] = (), *, accessible: bool = False
) -> tuple[str, ...]:
    """What a desk can besides its services, or somebody needs of it, as one list of words.

    Languages are spoken at the desk; interpreters (``maya``, ``lsm`` for Mexican sign language)
    are there; who can't climb, stand or see well can use it.
    """
    words = {f"{_LANGUAGE}{each.lower()}" for each in languages}
    words |= {f"{_INTERPRETER}{each.lower()}" for each in interpreters}
    return tuple(sorted(words | ({_ACCESSIBLE} if accessible else set())))


class Skilled:
    """The same list, read again."""

    skills: Any

    @property
    def languages(self) -> list[str]:
        """Codes of the languages spoken."""
        return [each.removeprefix(_LANGUAGE) for each in self.skills if each.startswith(_LANGUAGE)]

    @property
    def interpreters(self) -> list[str]:
        """Which interpreters are there."""
        words = (each for each in self.skills if each.startswith(_INTERPRETER))
        return [each.removeprefix(_INTERPRETER) for each in words]

    @property
    def accessible(self) -> bool:
        """Whether it is fit for everybody."""
        return _ACCESSIBLE in self.skills


def slots_of_services(minutes: Mapping[str, int], slot_minutes: int) -> dict[str, int]:
    """How many slots each service takes, where it is more than one."""
    slots = {code: -(-length // slot_minutes) for code, length in minutes.items()}
    return {code: count for code, count in slots.items() if count > 1}


class ClosureSource(StrEnum):
    """Where a closure comes from: somebody decided it, or it is a holiday of the host country."""

    BY_HAND = "by_hand"
    HOLIDAY = "holiday"


@dataclass(frozen=True)
class CapacityConstraint:
    """``capacity`` desks can serve at least one of ``services``; who uses one of the ``exempt``
    shares doesn't count."""

    services: tuple[str, ...]
    capacity: int
    exempt: tuple[str, ...] = ()


def capacity_constraints(desks: Sequence[Collection[str]]) -> list[CapacityConstraint] | None:
    """The rows that decide exactly whether bookings fit these desks; None when too many.

    Only sets of services that fill the reach of their desks matter: any other set is part of
    one with the same desks and more bookings. Sets that fall apart into groups with no desk in
    common are implied by their parts.
    """
    reach = {
        service: frozenset(i for i, desk in enumerate(desks) if service in desk)
        for service in sorted({service for desk in desks for service in desk})
    }
    unions = _unions(set(reach.values()))
    if unions is None:
        return None
    rows = []
    for union in sorted(unions, key=lambda u: (len(u), sorted(u))):
        members = [service for service, at in reach.items() if at <= union]
        if _connected([reach[service] for service in members]):
            rows.append(CapacityConstraint(tuple(members), len(union)))
    return rows if len(rows) <= MAX_ROWS else None


def _unions(reaches: set[frozenset[int]]) -> set[frozenset[int]] | None:
    unions: set[frozenset[int]] = set()
    for reach in reaches:
        unions |= {reach} | {reach | other for other in unions}
        if len(unions) > 16 * MAX_ROWS:
            return None
    return unions


def _connected(reaches: Iterable[frozenset[int]]) -> bool:
    groups: list[frozenset[int]] = []
    for reach in reaches:
        touching = [group for group in groups if group & reach]
        groups = [group for group in groups if not group & reach]
        groups.append(reach.union(*touching))
    return len(groups) == 1
