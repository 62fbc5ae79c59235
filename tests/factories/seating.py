"""Random small sessions with bookings; whether a party fits them, by trying everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise, product
from random import Random

from services.appointments.rules import capacity_constraints
from services.appointments.seating import (
    Constraint,
    DeskOffer,
    Hold,
    Opening,
    Party,
    Plan,
    Seating,
    Time,
)

BEGINS = datetime(2026, 12, 7, 17, tzinfo=UTC)
SLOT = timedelta(minutes=15)
_SERVICES = "abc"


@dataclass
class Booked:
    """Somebody with a seat: slots, and a desk where it is a named one."""

    opening: int
    first: int
    length: int
    service: str
    skills: frozenset[str] = frozenset()
    share: str = ""
    desk: str | None = None


@dataclass
class World:
    """Sessions without bookings, who is booked, places kept in every slot, by share, and how many
    people the day takes of a service, where it has a maximum."""

    openings: list[Opening]
    booked: list[Booked] = field(default_factory=list)
    kept: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    def state(self) -> list[Opening]:
        """The sessions as the database would tell them now."""
        return [self._state(number) for number in range(len(self.openings))]

    def _state(self, number: int) -> Opening:
        opening = self.openings[number]
        here = [each for each in self.booked if each.opening == number]
        holds = tuple(
            Hold(f"h{n}", b.first, b.length, b.service, b.skills, b.share, b.desk)
            for n, b in enumerate(self.booked)
            if b.opening == number and b.desk
        )
        places = [each for each in here if not each.desk]
        times = tuple(
            Time(t.id, t.starts_at, t.ends_at, t.open, self._constraints(opening, places, n))
            for n, t in enumerate(opening.times)
        )
        left = {code: self.left_of_day(code) for code in self.most}
        return Opening(opening.id, opening.desks, times, holds, "", opening.lengths, left)

    def left_of_day(self, service: str) -> int:
        """How many more people the day takes of it."""
        return self.most.get(service, 1000) - sum(each.service == service for each in self.booked)

    def _constraints(
        self, opening: Opening, places: Sequence[Booked], slot: int
    ) -> tuple[Constraint, ...]:
        rows = capacity_constraints([desk.services for desk in opening.desks]) or []
        offered = {service for desk in opening.desks for service in desk.services}
        exact = [(set(row.services), row.capacity, frozenset[str]()) for row in rows]
        shares = [
            (offered, len(opening.desks) - sum(self.kept[s] for s in exempt), frozenset(exempt))
            for size in range(1, len(self.kept) + 1)
            for exempt in combinations(sorted(self.kept), size)
        ]
        return tuple(
            Constraint(
                frozenset(services),
                max(capacity, 0) - sum(
                    each.first == slot and each.service in services and each.share not in exempt
                    for each in places
                ),
                exempt,
            )
            for services, capacity, exempt in [*exact, *shares]
        )  # fmt: skip

    def seat(self, party: Party, plan: Plan) -> None:
        """Book what was planned."""
        for number, each in enumerate(self.booked):
            each.desk = plan.moved.get(f"h{number}", each.desk)
        for taken in plan.seats:
            self.booked.append(self._seated(party, taken))

    def _seated(self, party: Party, taken: Seating) -> Booked:
        number = next(n for n, each in enumerate(self.openings) if each.id == taken.opening)
        opening = self.openings[number]
        return Booked(
            number, opening.at[taken.starts_at], opening.length(taken.service), taken.service,
            party.skills, party.share, taken.desk,
        )  # fmt: skip


def random_world(chance: Random) -> World:
    """One or two sessions of one to four desks and times, with some long services and skills."""
    world = World([_opening(chance, number) for number in range(chance.choice((1, 1, 2)))])
    desks = min(len(opening.desks) for opening in world.openings)
    if chance.random() < 0.3:
        kept = chance.sample(("elderly", "urgent"), min(desks, chance.choice((1, 2))))
        world.kept = dict.fromkeys(kept, 1)
    if chance.random() < 0.2:
        world.most = {chance.choice(_SERVICES): chance.randint(1, 3)}
    return world


def _opening(chance: Random, number: int) -> Opening:
    desks = tuple(
        DeskOffer(
            f"{number}{name}",
            frozenset(chance.sample(_SERVICES, chance.randint(1, 3))),
            frozenset({"maya"} if chance.random() < 0.3 else ()),
        )
        for name in "ABCD"[: chance.randint(2, 4)]
    )
    begins = BEGINS + SLOT * chance.choice((0, 0, 1))
    times = tuple(
        Time(
            f"{number}:{n}", begins + SLOT * n, begins + SLOT * (n + 1), chance.random() < 0.95, ()
        )
        for n in range(chance.randint(2, 4))
    )
    lengths = {s: chance.choice((2, 2, 3)) for s in _SERVICES if chance.random() < 0.35}
    return Opening(f"o{number}", desks, times, (), "", lengths)


def random_party(chance: Random) -> Party:
    services = tuple(chance.sample(_SERVICES, chance.choice((1, 1, 1, 2))))
    return Party(
        BEGINS + SLOT * chance.choice((0, 0, 0, 1, 1, 2)),
        services,
        chance.choice((1, 1, 1, 2, 3)) if len(services) == 1 else chance.choice((1, 2)),
        frozenset({"maya"} if chance.random() < 0.1 else ()),
        chance.choice(("", "", "", "elderly", "urgent")),
    )


def could_be_seated(world: World, party: Party) -> bool:
    """Every choice of times for the party, every choice of desks for everybody."""
    if any(world.left_of_day(code) < party.people for code in party.services):
        return False
    anywhere = [replace(each, desk=each.desk and "?") for each in world.booked]
    return any(
        _seatable(world, [*anywhere, *chosen], world.kept) for chosen in choices_of(world, party)
    )


def is_sound(world: World) -> bool:
    """Whether everybody can be served as booked, who has a named desk at that one."""
    within = all(world.left_of_day(code) >= 0 for code in world.most)
    return within and _seatable(world, world.booked, world.kept)


def choices_of(world: World, party: Party) -> Iterator[list[Booked]]:
    """Every choice of times for the party, whoever else is booked."""
    places = {code: list(_places(world, party, code)) for code in party.services}
    wanted = [(n, code) for n in range(party.people) for code in party.services]
    for chosen in product(*(places[code] for _, code in wanted)):
        spans = [_span(world, each) for each in chosen]
        later = all(
            spans[n][0] >= spans[n - 1][1]
            for n in range(1, len(wanted))
            if wanted[n][0] == wanted[n - 1][0]
        )
        if later and min(span[0] for span in spans) == party.start:
            yield list(chosen)


def _places(world: World, party: Party, service: str) -> Iterator[Booked]:
    times = _adjacent(world, party)
    for number, opening in enumerate(world.openings):
        length = opening.lengths.get(service, 1)
        for slot, time in enumerate(opening.times):
            span = opening.times[slot : slot + length]
            whole = len(span) == length and all(t.open for t in span)
            adjacent = all(a.ends_at == b.starts_at for a, b in pairwise(span))
            if time.starts_at in times and whole and adjacent:
                named = length > 1 or party.skills
                yield Booked(number, slot, length, service, party.skills, party.share,
                             "?" if named else None)  # fmt: skip


def _adjacent(world: World, party: Party) -> list[datetime]:
    most = party.people * sum(
        max(o.lengths.get(code, 1) for o in world.openings) for code in party.services
    )
    ends = {t.starts_at: t.ends_at for o in world.openings for t in o.times if t.open}
    times: list[datetime] = []
    start = party.start
    while start in ends and len(times) < most:
        times.append(start)
        start = ends[start]
    return times


def _span(world: World, booked: Booked) -> tuple[datetime, datetime]:
    times = world.openings[booked.opening].times
    return times[booked.first].starts_at, times[booked.first + booked.length - 1].ends_at


def _seatable(world: World, everybody: Sequence[Booked], kept: dict[str, int]) -> bool:
    return all(
        _within_shares(opening, [b for b in everybody if b.opening == number], kept)
        and desks_for(opening, [b for b in everybody if b.opening == number])
        for number, opening in enumerate(world.openings)
    )


def _within_shares(opening: Opening, here: Sequence[Booked], kept: dict[str, int]) -> bool:
    """Unused places of every share stay free, those of who may use them aside."""
    for slot in range(len(opening.times)):
        used = Counter(b.share for b in here if b.first <= slot < b.first + b.length)
        direct = sum(used.values()) - sum(min(used[s], most) for s, most in kept.items())
        if kept and sum(used.values()) and direct > max(0, len(opening.desks) - sum(kept.values())):
            return False
    return True


def desks_for(opening: Opening, here: Sequence[Booked]) -> bool:
    """Slot by slot, every way in which desks can be busy, and until when."""
    ways = {(0,) * len(opening.desks)}
    for seat in sorted(here, key=lambda each: each.first):
        ways = {way for busy in ways for way in _seated_at_each(opening, seat, busy)}
    return bool(ways)


def _seated_at_each(
    opening: Opening, seat: Booked, busy: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    now = [end if end > seat.first else 0 for end in busy]
    for number, desk in enumerate(opening.desks):
        able = desk.serves(seat.service, seat.skills) and seat.desk in (None, "?", desk.id)
        if able and not now[number]:
            yield (*now[:number], seat.first + seat.length, *now[number + 1 :])
