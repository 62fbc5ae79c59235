"""Find seats for a party in an office's sessions, under their locks, and take them.

What is searched is in `seating`. Locks are taken in the order that every booking takes them, so
that two bookings wait for one another and never deadlock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from services.appointments.errors import SearchGivenUp, SlotNotOffered, SlotTaken
from services.appointments.seating import (
    Constraint,
    DeskOffer,
    Hold,
    Offer,
    Opening,
    Party,
    Plan,
    Steps,
    Time,
    list_offers,
    seat,
)
from services.kernel.ids import new_id

Connection = psycopg.Connection[Any]
# Times that are adjacent to a start are within a day of it.
_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)

_LOCK = "SELECT lock_seating_v2(%(consulate)s, %(first)s, %(last)s, %(leaving)s)"
_FREE = "SELECT free_holds_before_search(%(consulate)s, %(first)s, %(last)s, %(holder)s, %(now)s)"
_READ = (
    "SELECT consulate_code, opening FROM read_seating("
    "%(consulates)s, %(first)s, %(last)s, %(service)s, %(people)s)"
)
_TAKE = "SELECT take_seats(%(id)s, %(seats)s, %(moved)s, %(skills)s, %(share)s)"
_HOLD = "SELECT hold_seats(%(id)s, %(seats)s, %(moved)s, %(skills)s, %(share)s)"


def find_seats(
    connection: Connection,
    consulate: str,
    party: Party,
    *,
    holder: UUID | None,
    now: datetime,
    leaving: Sequence[UUID] = (),
) -> Plan:
    """Seats for all of a party, which stay free until the transaction ends.

    What ``holder`` holds at that start is given back first, see `holding`. ``leaving``: holds of
    named desks that it leaves for them. Raises `SlotTaken`, `SearchGivenUp`, `SlotNotOffered`
    where no desk gives a service that is wanted, or there is no such start.
    """
    end = party.start + _DAY
    values = {"consulate": consulate, "first": party.start, "last": end}
    connection.execute(_LOCK, {**values, "leaving": list(leaving)})
    connection.execute(_FREE, {**values, "holder": holder, "now": now})
    return look_for_seats(connection, consulate, party)


def look_for_seats(connection: Connection, consulate: str, party: Party) -> Plan:
    """`find_seats` as things are now, without a lock: whoever looks first waits for nobody."""
    end = party.start + _DAY
    openings = [each for _, each in read_openings(connection, [consulate], party.start, end)]
    if not all(any(o.offers(code, party.skills) for o in openings) for code in party.services):
        raise SlotNotOffered()
    steps = Steps()
    plan = seat(openings, party, steps)
    if plan is None:
        raise SearchGivenUp() if steps.exhausted else SlotTaken()
    return plan


def take_seats(
    connection: Connection, appointment: UUID, plan: Plan, party: Party, people: Sequence[UUID]
) -> None:
    """Take what `find_seats` found in the same transaction, in place of seats that it has.

    ``people`` in the order of their numbers.
    """
    connection.execute(_TAKE, {"id": appointment, **plan_as_json(plan, party, people)})


def hold_seats(connection: Connection, hold: UUID, plan: Plan, party: Party) -> None:
    """`take_seats` for a hold, whose people nobody has named yet."""
    connection.execute(_HOLD, {"id": hold, **plan_as_json(plan, party, ())})


def plan_as_json(plan: Plan, party: Party, people: Sequence[UUID]) -> dict[str, Any]:
    """A plan as the database functions read it; without ``people`` only their numbers."""
    seats = [
        {
            "n": each.person + 1,
            "person_id": str(people[each.person]) if people else None,
            "service": each.service,
            "slot_id": each.slot,
            "starts_at": each.starts_at.isoformat(),
            "ends_at": each.ends_at.isoformat(),
            "desk_id": each.desk,
            "hold_id": str(new_id()) if each.desk else None,
        }
        for each in plan.seats
    ]
    return {
        "seats": Jsonb(seats),
        "moved": Jsonb(dict(plan.moved)),
        "skills": sorted(party.skills),
        "share": party.share,
    }


def read_openings(
    connection: Connection,
    consulates: Sequence[str],
    first: datetime,
    last: datetime,
    *,
    unless_counted: Party | None = None,
) -> list[tuple[str, Opening]]:
    """(office, session) of every session with bookable times from ``first`` on, before ``last``.

    Without those of days that tell by their constraints alone where the party fits.
    """
    party = unless_counted
    values = {
        "consulates": list(consulates),
        "first": first,
        "last": last,
        "service": party.services[0] if party and party.is_plain else None,
        "people": party.people if party else 1,
    }
    return [(code, _opening(row)) for code, row in connection.execute(_READ, values)]


def find_offers(
    connection: Connection, consulate: str, party: Party, first: datetime, last: datetime
) -> Iterator[Offer]:
    """Starts where the party could be booked now, by time; those that constraints tell alone are
    left out."""
    openings = read_openings(connection, [consulate], first, last + _DAY, unless_counted=party)
    return list_offers([opening for _, opening in openings], party, first, last)


class OfferLookup:
    """Whether a party could be booked at a start now; an office's day is read once."""

    def __init__(self, connection: Connection, party: Party) -> None:
        self._connection = connection
        self._party = party
        self._days: dict[tuple[str, date], list[Opening]] = {}

    def at(self, consulate: str, start: datetime) -> Offer | None:
        """What is offered at that start, if anything is."""
        day = start.astimezone(UTC).date()
        if (consulate, day) not in self._days:
            first = datetime.combine(day, time.min, UTC)
            read = read_openings(self._connection, [consulate], first, first + 2 * _DAY)
            self._days[consulate, day] = [opening for _, opening in read]
        openings = self._days[consulate, day]
        return next(list_offers(openings, self._party, start, start + _MOMENT), None)


def _opening(row: dict[str, Any]) -> Opening:
    desks = tuple(DeskOffer(d, frozenset(s), frozenset(k)) for d, s, k in row["desks"] or ())
    starts = [datetime.fromisoformat(each[1]) for each in row["times"]]
    holds = tuple(_holds(row["holds"] or (), starts))
    services = {desk.id: desk.services for desk in desks}
    times = tuple(
        Time(
            slot, begins, datetime.fromisoformat(ends), is_open,
            tuple(_constraints(sets or (), number, holds, services)),
        )
        for number, (begins, (slot, _, ends, is_open, sets)) in enumerate(
            zip(starts, row["times"], strict=True)
        )
    )  # fmt: skip
    return Opening(
        row["id"], desks, times, holds, row["place"] or "", row["lengths"], row["of_day"] or {}
    )


def _holds(rows: Iterable[Sequence[Any]], starts: Sequence[datetime]) -> Iterable[Hold]:
    for id_, begins, ends, service, skills, share, desk in rows:
        first = bisect_left(starts, datetime.fromisoformat(begins))
        length = bisect_left(starts, datetime.fromisoformat(ends)) - first
        yield Hold(id_, first, length, service, frozenset(skills), share, desk)


def _constraints(
    sets: Iterable[Sequence[Any]],
    number: int,
    holds: Sequence[Hold],
    services_of: dict[str, frozenset[str]],
) -> Iterable[Constraint]:
    """What is left of a slot's constraints, what holds take of them aside."""
    here = [hold for hold in holds if hold.first <= number < hold.end]
    for services, most, seated, exempt in sets:
        held = sum(
            not services_of[hold.desk or ""].isdisjoint(services) and hold.share not in exempt
            for hold in here
        )
        yield Constraint(frozenset(services), most - seated + held, frozenset(exempt))
