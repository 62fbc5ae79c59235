"""Whether people can be seated, exactly: places of a time's capacity constraints, and named desks.

A service that fits a slot, for somebody who needs nothing of a desk, takes a place of its slot's
constraints (Hall's condition, see `rules`) and is given a desk when called. Any other seat holds
one desk for several slots, and takes it out of the constraints of these. A bounded search finds
desks for a party together with everybody who has a named desk already; nobody's time changes. See
docs/decisions/0037-named-desks.md.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

# Desks tried and times tried, in one search; a few dozen milliseconds. Beyond, the answer is no.
MOST_STEPS = 3000
# An offer says no more precisely how many may start at it.
MOST_STARTING = 10
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DeskOffer:
    """A desk, the services that it gives and what else it can (languages and the like)."""

    id: str
    services: frozenset[str]
    skills: frozenset[str] = frozenset()

    def serves(self, service: str, skills: frozenset[str]) -> bool:
        """Whether who wants the service and needs these skills can be served at it."""
        return service in self.services and skills <= self.skills


@dataclass(frozen=True)
class Constraint:
    """``left`` more seats for any of ``services`` fit; those of the ``exempt`` shares don't
    count."""

    services: frozenset[str]
    left: int
    exempt: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Time:
    """A slot of a session; only an ``open`` one can be booked."""

    id: str
    starts_at: datetime
    ends_at: datetime
    open: bool
    constraints: tuple[Constraint, ...]


@dataclass(frozen=True)
class Hold:
    """A named desk held for ``length`` slots from number ``first`` on; no desk yet while it is
    looked for."""

    id: str
    first: int
    length: int
    service: str
    skills: frozenset[str] = frozenset()
    share: str = ""
    desk: str | None = None

    @property
    def end(self) -> int:
        """The number of the first slot after it."""
        return self.first + self.length


@dataclass(frozen=True)
class Opening:
    """A session as the search sees it. ``lengths``: how many slots a service takes, where it is
    more than one. ``left`` of the constraints is without what ``holds`` take."""

    id: str
    desks: tuple[DeskOffer, ...]
    times: tuple[Time, ...]
    holds: tuple[Hold, ...] = ()
    # Where it is held; empty at the office.
    place: str = ""
    lengths: Mapping[str, int] = field(default_factory=dict)
    # How many more people of a service its day takes, where the day has a maximum.
    left_of_day: Mapping[str, int] = field(default_factory=dict)

    def length(self, service: str) -> int:
        """How many slots the service takes here."""
        return self.lengths.get(service, 1)

    def offers(self, service: str, skills: frozenset[str]) -> bool:
        """Whether any desk gives it."""
        return any(desk.serves(service, skills) for desk in self.desks)

    def is_open(self, first: int, length: int) -> bool:
        """Whether so many times from that number on are open and follow without a gap."""
        times = self.times[first : first + length]
        adjacent = all(a.ends_at == b.starts_at for a, b in pairwise(times))
        return len(times) == length and all(time.open for time in times) and adjacent

    def is_near(self, start: datetime) -> bool:
        """Whether a party that starts then could come to it: within a day."""
        return any(each.open and start <= each.starts_at < start + _DAY for each in self.times)

    @cached_property
    def kinds(self) -> tuple[tuple[DeskOffer, ...], ...]:
        """Desks that can do the same, together: which one of them is taken makes no difference."""
        alike: dict[tuple[frozenset[str], frozenset[str]], list[DeskOffer]] = defaultdict(list)
        for desk in self.desks:
            alike[desk.services, desk.skills].append(desk)
        return tuple(tuple(each) for each in sorted(alike.values(), key=_flexibility))

    @cached_property
    def at(self) -> dict[datetime, int]:
        """Number of the slot that begins at a time."""
        return {time.starts_at: number for number, time in enumerate(self.times)}


def _flexibility(desks: Sequence[DeskOffer]) -> tuple[int, int, list[str]]:
    """The least useful first: the others are kept for whom nobody else can serve."""
    desk = desks[0]
    return len(desk.services), len(desk.skills), sorted(desk.services | desk.skills)


@dataclass(frozen=True)
class Party:
    """``people`` who each want the ``services`` one after another, from ``start`` on. ``skills``:
    what all desks that serve them must have. ``share``: a reserved share that they may use.
    ``of_day``: they are counted on that day already, and move within it."""

    start: datetime
    services: tuple[str, ...]
    people: int = 1
    skills: frozenset[str] = frozenset()
    share: str = ""
    of_day: bool = False
    # A mobile consulate's, as `Opening.place`; else the office, or the first that has the start.
    place: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it takes places as they are counted: one service, at whatever desk."""
        return len(self.services) == 1 and not (self.skills or self.share or self.place)


@dataclass(frozen=True)
class Seating:
    """One person's seat for one service: person number, slots, and the desk if it is a named
    one."""

    person: int
    service: str
    opening: str
    slot: str
    starts_at: datetime
    ends_at: datetime
    desk: str | None


@dataclass(frozen=True)
class Plan:
    """A party's seats, and the desks of those who have to sit elsewhere for it (hold -> desk)."""

    seats: tuple[Seating, ...]
    moved: Mapping[str, str]


@dataclass
class Steps:
    """What is left of a search's bound; ``exhausted`` once it was hit."""

    left: int = MOST_STEPS
    exhausted: bool = False

    def take(self) -> bool:
        """Count one step; False when there is none left."""
        self.left -= 1
        if self.left < 0:
            self.exhausted = True
        return not self.exhausted


class Room:
    """What is left of one session while seats are tried in it."""

    def __init__(self, opening: Opening, steps: Steps) -> None:
        self.opening = opening
        self.steps = steps
        self.holds = list(opening.holds)
        self.left = [[each.left for each in time.constraints] for time in opening.times]
        self.desks: dict[str, str] | None = {each.id: each.desk or "" for each in opening.holds}
        self._touched: dict[tuple[int, frozenset[str], str], tuple[int, ...]] = {}

    def touched(self, slot: int, services: frozenset[str], share: str) -> tuple[int, ...]:
        """The constraints in which a seat counts that takes any of ``services``."""
        key = (slot, services, share)
        if key not in self._touched:
            self._touched[key] = tuple(
                number
                for number, each in enumerate(self.opening.times[slot].constraints)
                if each.services & services and share not in each.exempt
            )
        return self._touched[key]

    def take_place(self, slot: int, service: str, share: str) -> bool:
        """Take a place of the slot's constraints if all can still be seated."""
        rows = self.touched(slot, frozenset({service}), share)
        if not rows or any(self.left[slot][row] < 1 for row in rows):
            return False
        self.count(slot, rows, -1)
        if not self.holds or self._arrange():
            return True
        self.count(slot, rows, 1)
        return False

    def give_place_back(self, slot: int, service: str, share: str) -> None:
        """Undo `take_place`."""
        self.count(slot, self.touched(slot, frozenset({service}), share), 1)

    def take_desk(self, hold: Hold) -> bool:
        """Hold a desk if all can still be seated."""
        self.holds.append(hold)
        if self._arrange():
            return True
        self.holds.remove(hold)
        return False

    def give_desk_back(self, hold: Hold) -> None:
        """Undo `take_desk`."""
        self.holds.remove(hold)

    def settle(self) -> None:
        """Say at which desk each hold is, once nothing else is tried."""
        self._arrange()

    def count(self, slot: int, rows: Sequence[int], change: int) -> None:
        """Change what is left of some constraints of a slot."""
        for row in rows:
            self.left[slot][row] += change

    def _arrange(self) -> bool:
        desks = _Arrangement(self).find()
        if desks is not None:
            self.desks = desks
        return desks is not None


class _Arrangement:
    """The search for a desk for each hold: from the earliest on, one choice for each kind of
    desk. Whoever starts later finds two desks of a kind alike once both are free."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.kinds = room.opening.kinds
        self.holds = sorted(room.holds, key=lambda each: (each.first, -each.length, each.id))
        self.busy: list[list[int]] = [[] for _ in self.kinds]
        self.chosen: list[int] = []
        self.hopeless: set[tuple[object, ...]] = set()
        self.kind_of = {desk.id: n for n, kind in enumerate(self.kinds) for desk in kind}

    def find(self) -> dict[str, str] | None:
        """Hold -> desk; None when there is no arrangement, or none was found in time."""
        arranged = self._seat(0)
        # What was taken for the trial; the holds themselves aren't part of ``left``.
        for hold, kind in zip(self.holds, self.chosen, strict=False):
            self._count(hold, kind, 1)
        return self._name_desks() if arranged else None

    def _seat(self, number: int) -> bool:
        if number == len(self.holds):
            return True
        hold, state = self.holds[number], self._state(number)
        if state in self.hopeless or not self.room.steps.take():
            return False
        for kind in self._choices(hold):
            if self._place(hold, kind):
                if self._seat(number + 1):
                    return True
                self._unplace(hold, kind)
        if not self.room.steps.exhausted:
            self.hopeless.add(state)
        return False

    def _state(self, number: int) -> tuple[object, ...]:
        """All that matters for who comes next: who still sits where, until when, of what share."""
        first = self.holds[number].first
        still = sorted(
            (kind, hold.end, hold.share)
            for hold, kind in zip(self.holds, self.chosen, strict=False)
            if hold.end > first
        )
        return (number, *still)

    def _choices(self, hold: Hold) -> list[int]:
        """Kinds of desks that can serve it and have one free; the one where it is now first."""
        now = self.kind_of.get(hold.desk or "", -1)
        able = [
            number
            for number, kind in enumerate(self.kinds)
            if kind[0].serves(hold.service, hold.skills)
            and sum(end > hold.first for end in self.busy[number]) < len(kind)
        ]
        return sorted(able, key=lambda number: number != now)

    def _place(self, hold: Hold, kind: int) -> bool:
        if not self._fits(hold, kind):
            return False
        self._count(hold, kind, -1)
        insort(self.busy[kind], hold.end)
        self.chosen.append(kind)
        return True

    def _unplace(self, hold: Hold, kind: int) -> None:
        self._count(hold, kind, 1)
        self.busy[kind].remove(hold.end)
        self.chosen.pop()

    def _rows(self, hold: Hold, kind: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        services = self.kinds[kind][0].services
        for slot in range(hold.first, hold.end):
            yield slot, self.room.touched(slot, services, hold.share)

    def _fits(self, hold: Hold, kind: int) -> bool:
        left = self.room.left
        return all(left[slot][row] > 0 for slot, rows in self._rows(hold, kind) for row in rows)

    def _count(self, hold: Hold, kind: int, change: int) -> None:
        for slot, rows in self._rows(hold, kind):
            self.room.count(slot, rows, change)

    def _name_desks(self) -> dict[str, str]:
        """One of its kind for each hold: where it is now if it can stay, or any that is free."""
        until: dict[str, int] = {}
        named: dict[str, str] = {}
        for hold, kind in zip(self.holds, self.chosen, strict=True):
            free = [d.id for d in self.kinds[kind] if until.get(d.id, 0) <= hold.first]
            desk = hold.desk if hold.desk in free else free[0]
            named[hold.id], until[desk or ""] = desk or "", hold.end
        return named


@dataclass(frozen=True)
class _Candidate:
    """Where and from when a service could be had: the session and the number of its slot."""

    opening: int
    slot: int
    starts_at: datetime
    ends_at: datetime
    length: int


def seat(openings: Sequence[Opening], party: Party, steps: Steps | None = None) -> Plan | None:
    """Seats for all of a party, at parallel desks or adjacent times, or None.

    Somebody starts at its start; everybody else at one of the times that follow without a gap,
    no more of them than seats are wanted. None also when the bound was hit: see ``steps``.
    """
    near = _at_one_place(openings, party)
    if not party.of_day and _left_of_day(near, party) < party.people:
        return None
    search = _Search(near, party, steps or Steps())
    return search.plan() if search.has_room() and search.seat(0) else None


def _left_of_day(openings: Sequence[Opening], party: Party) -> int:
    """How many more people the day takes who want all that the party wants: times that follow one
    another without a gap are of one day."""
    left = [
        opening.left_of_day[service]
        for opening in openings
        if party.start in opening.at
        for service in party.services
        if service in opening.left_of_day
    ]
    return min(left, default=party.people)


@dataclass(frozen=True)
class Offer:
    """A start at which a party can be seated: when the service of who starts then ends, and how
    many people could start."""

    starts_at: datetime
    ends_at: datetime
    free: int


def list_offers(
    openings: Sequence[Opening], party: Party, first: datetime, last: datetime
) -> Iterator[Offer]:
    """Every start from ``first`` on, before ``last``, at which `seat` would seat the party."""
    starts = sorted(
        {
            time.starts_at
            for opening in openings
            for time in opening.times
            if time.open and first <= time.starts_at < last
        }
    )
    for start in starts:
        near = [each for each in openings if each.is_near(start)]
        here = replace(party, start=start)
        if seat(near, here):
            yield _offer(near, here)


def _offer(openings: Sequence[Opening], party: Party) -> Offer:
    """How many could start, up to as many as a party may be."""
    here = _at_one_place(openings, party)
    most = _left_of_day(here, replace(party, people=MOST_STARTING))
    one = replace(party, people=MOST_STARTING, services=party.services[:1])
    search = _Search(here, one, Steps())
    now = [each for each in search.candidates[one.services[0]] if each.starts_at == party.start]
    free = 0
    for candidate in now:
        while free < most and search.take(free, candidate):
            free += 1
    return Offer(party.start, max(each.ends_at for each in now), free)


def _at_one_place(openings: Sequence[Opening], party: Party) -> list[Opening]:
    """At the place that is wanted; else at the office, or all of them at the first mobile consulate
    that gives the first service at the start."""
    if party.place:
        return [each for each in openings if each.place == party.place]
    first = party.services[0]
    places = {
        each.place
        for each in openings
        if party.start in each.at and each.offers(first, frozenset())
    }
    return [each for each in openings if each.place == min(places, default="")]


class _Search:
    """Times for each person and service, in order; people are alike, so that each starts no
    earlier than the one before."""

    def __init__(self, openings: Sequence[Opening], party: Party, steps: Steps) -> None:
        self.openings, self.party, self.steps = openings, party, steps
        self.rooms = [Room(opening, steps) for opening in openings]
        self.wanted = [(n, code) for n in range(party.people) for code in party.services]
        times = self._times()
        self.candidates = {code: self._candidates(code, times) for code in party.services}
        self.taken: list[tuple[_Candidate, Hold | None]] = []

    def _times(self) -> list[datetime]:
        """The start and the times after it, adjacent ones only, as many as seats could need."""
        party = self.party
        most = party.people * sum(
            max((opening.length(code) for opening in self.openings), default=1)
            for code in party.services
        )
        slots = sorted(
            (time.starts_at, time.ends_at)
            for opening in self.openings
            for time in opening.times
            if time.open and time.starts_at >= party.start
        )
        times: list[datetime] = []
        expected = party.start
        for begins, ends in slots:
            if begins > expected or (len(times) == most and begins != times[-1]):
                break
            if not times or times[-1] != begins:
                times.append(begins)
            expected = max(expected, ends)
        return times

    def _candidates(self, service: str, times: Sequence[datetime]) -> list[_Candidate]:
        candidates = (
            self._candidate(number, opening, service, begins)
            for begins in times
            for number, opening in enumerate(self.openings)
            if opening.offers(service, self.party.skills)
        )
        return [each for each in candidates if each]

    def _candidate(
        self, number: int, opening: Opening, service: str, begins: datetime
    ) -> _Candidate | None:
        slot = opening.at.get(begins)
        if slot is None:
            return None
        length = opening.length(service)
        if not opening.is_open(slot, length):
            return None
        ends = opening.times[slot + length - 1].ends_at
        return _Candidate(number, slot, begins, ends, length)

    def has_room(self) -> bool:
        """Whether each service alone has places for all, whatever the others take: most of what
        can't be seated ends here."""
        return all(
            sum(self._most(code, each) for each in every) >= self.party.people
            for code, every in self.candidates.items()
        )

    def _most(self, service: str, candidate: _Candidate) -> int:
        opening, room = self.openings[candidate.opening], self.rooms[candidate.opening]
        if candidate.length > 1 or self.party.skills:
            return sum(desk.serves(service, self.party.skills) for desk in opening.desks)
        rows = room.touched(candidate.slot, frozenset({service}), self.party.share)
        return min((room.left[candidate.slot][row] for row in rows), default=0)

    def seat(self, number: int) -> bool:
        """Seat wanted number ``number`` and all after it."""
        if number == len(self.wanted):
            return True
        for candidate in self._choices(number):
            if not self.steps.take():
                return False
            if self.take(number, candidate):
                if self.seat(number + 1):
                    return True
                self._give_back(number)
        return False

    def _choices(self, number: int) -> list[_Candidate]:
        person, service = self.wanted[number]
        every, first = self.candidates[service], self.wanted[number][1] == self.party.services[0]
        if not first:
            earliest = self.taken[-1][0].ends_at
            return [each for each in every if each.starts_at >= earliest]
        if person == 0:
            return [each for each in every if each.starts_at == self.party.start]
        before = every.index(self.taken[number - len(self.party.services)][0])
        return every[before:]

    def _hold(self, number: int, candidate: _Candidate) -> Hold | None:
        party = self.party
        if candidate.length == 1 and not party.skills:
            return None
        service = self.wanted[number][1]
        return Hold(
            f"new {number}", candidate.slot, candidate.length, service, party.skills, party.share
        )

    def take(self, number: int, candidate: _Candidate) -> bool:
        """Seat wanted number ``number`` there if everybody can still be seated."""
        room, service = self.rooms[candidate.opening], self.wanted[number][1]
        hold = self._hold(number, candidate)
        if hold:
            taken = room.take_desk(hold)
        else:
            taken = room.take_place(candidate.slot, service, self.party.share)
        if taken:
            self.taken.append((candidate, hold))
        return taken

    def _give_back(self, number: int) -> None:
        candidate, hold = self.taken.pop()
        room, service = self.rooms[candidate.opening], self.wanted[number][1]
        if hold:
            room.give_desk_back(hold)
        else:
            room.give_place_back(candidate.slot, service, self.party.share)

    def plan(self) -> Plan:
        """What was found, once `seat` said so."""
        seats = []
        for (person, service), (candidate, hold) in zip(self.wanted, self.taken, strict=True):
            opening = self.openings[candidate.opening]
            desks = self.rooms[candidate.opening].desks or {}
            seats.append(
                Seating(
                    person, service, opening.id, opening.times[candidate.slot].id,
                    candidate.starts_at, candidate.ends_at, desks[hold.id] if hold else None,
                )
            )  # fmt: skip
        moved = {
            hold.id: desk
            for room in self.rooms
            for hold in room.opening.holds
            if (desk := (room.desks or {}).get(hold.id)) and desk != hold.desk
        }
        return Plan(tuple(seats), moved)
