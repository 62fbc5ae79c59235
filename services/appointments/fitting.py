"""Bring the slots of an office's day in line with its opening hours, and its bookings with them.

A booking keeps its length, its time and its service whatever happens to the hours: they serve it,
or it is orphaned until they do again. Where they serve fewer than are booked, those who booked last
are orphaned; nobody who has a place loses it to somebody who had lost theirs.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, insert, select, text, update
from sqlalchemy.orm import Session

from services.appointments.closures import closed_hours
from services.appointments.hours import Hours, Span, breaks_from_json, slot_times
from services.appointments.models import (
    Appointment,
    Desk,
    Member,
    OpeningSession,
    Seat,
    Slot,
    SlotCapacityConstraint,
    VacatedPlace,
)
from services.appointments.rules import (
    CapacityConstraint,
    Status,
    capacity_constraints,
)
from services.consulates.queries import get_consulate
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue

Wanted = tuple[UUID, str]


@dataclass(frozen=True)
class Fitted:
    """Appointments that lost their place, and those that have one again."""

    orphaned: tuple[UUID, ...] = ()
    supported: tuple[UUID, ...] = ()

    def __add__(self, other: Fitted) -> Fitted:
        return Fitted(self.orphaned + other.orphaned, self.supported + other.supported)


@dataclass
class _Place:
    """A slot as it should be: its constraints, and how many of each are taken so far."""

    slot: UUID
    rows: list[CapacityConstraint]
    bookable: bool
    holds_free_places: bool
    taken: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.taken = [0] * len(self.rows)

    def take(self, service: str, people: int) -> bool:
        numbers = [n for n, row in enumerate(self.rows) if service in row.services]
        for number in numbers:
            self.taken[number] += people
        return bool(numbers) and all(self.taken[n] <= self.rows[n].capacity for n in numbers)


@dataclass(frozen=True)
class _Holder:
    """Who wants places: an appointment, somebody who left one, or a move that left them a while
    ago. The lower its ``rank`` the earlier it is seated. ``people`` have the seats."""

    id: UUID
    rank: int
    since: datetime
    wants: Mapping[Wanted, int]
    counted: bool
    appointment: Any = None
    people: frozenset[UUID] = frozenset()


def fit_days(
    session: Session, consulate: str, days: Iterable[date], *, now: datetime, tell: bool = True
) -> Fitted:
    """`fit_day` for each of them, in their order."""
    fitted = Fitted()
    for day in sorted(set(days)):
        fitted += fit_day(session, consulate, day, now=now, tell=tell)
    return fitted


def fit_day(
    session: Session, consulate: str, day: date, *, now: datetime, tell: bool = True
) -> Fitted:
    """Make, open and close the coming slots of that day, and seat its bookings anew.

    The caller holds `lock_openings`. Slots whose time has begun stay as they are. Without ``tell``
    nobody hears of it: they are told something else.
    """
    sessions = _sessions(session, consulate, day)
    if not sessions:
        return Fitted()
    _lock_appointments(session, consulate, day)
    places = _place_slots(session, consulate, day, sessions, now)
    holders = _holders(session, consulate, day, list(places))
    seated = _seat(holders, places)
    _write_constraints(session, places.values())
    return _write_holders(session, holders, seated, list(places), now, tell=tell)


def _sessions(session: Session, consulate: str, day: date) -> Sequence[OpeningSession]:
    return session.scalars(
        select(OpeningSession)
        .where(OpeningSession.consulate_code == consulate, OpeningSession.day == day)
        .order_by(OpeningSession.id)
        .execution_options(populate_existing=True)
    ).all()


def _lock_appointments(session: Session, consulate: str, day: date) -> None:
    """Before the places, as a move does: what is cancelled or moved meanwhile waits or is seen."""
    session.execute(
        select(Appointment.id)
        .where(Appointment.consulate_code == consulate, Appointment.day == day)
        .order_by(Appointment.id)
        .with_for_update(key_share=True, of=Appointment)
    ).all()


def _place_slots(
    session: Session,
    consulate: str,
    day: date,
    sessions: Sequence[OpeningSession],
    now: datetime,
) -> dict[UUID, _Place]:
    """The coming slots of the day with what they can hold, in the order in which they are locked;
    those that are missing are made."""
    office = ZoneInfo(get_consulate(session, consulate).time_zone)
    closed = closed_hours(session, consulate, day, day).get(day, [])
    rows = {opening.id: _constraints(session, opening) for opening in sessions}
    wanted: dict[UUID, bool] = {}
    of: dict[UUID, OpeningSession] = {}
    for opening in sessions:
        present = _slots(session, opening)
        times = _times(opening, office, closed, present)
        _make_slots(session, opening, [t for t in times if t not in present and t[0] > now])
        coming = [slot for slot in _slots(session, opening).values() if slot.starts_at > now]
        wanted |= {s.id: (s.starts_at, s.ends_at) in times for s in coming}
        of |= {s.id: opening for s in coming}
        _open_slots(session, opening, coming, wanted)
    return {
        slot: _Place(
            slot,
            rows[of[slot].id] if wanted[slot] else [],
            bookable=wanted[slot],
            holds_free_places=of[slot].closed_at is None,
        )
        for slot in _lock_places(session, list(wanted))
    }


def _constraints(session: Session, opening: OpeningSession) -> list[CapacityConstraint]:
    desks = session.scalars(
        select(Desk.services).where(Desk.session_id == opening.id, Desk.removed_at.is_(None))
    ).all()
    return capacity_constraints(desks) or []


def _slots(session: Session, opening: OpeningSession) -> dict[tuple[datetime, datetime], Slot]:
    slots = session.scalars(
        select(Slot).where(Slot.session_id == opening.id).execution_options(populate_existing=True)
    )
    return {(slot.starts_at.astimezone(UTC), slot.ends_at.astimezone(UTC)): slot for slot in slots}


def _times(
    opening: OpeningSession,
    office: ZoneInfo,
    closed: Sequence[Span],
    present: Mapping[tuple[datetime, datetime], Slot],
) -> set[tuple[datetime, datetime]]:
    if opening.cancelled_at is not None:
        return set()
    zone = ZoneInfo(opening.place_zone) if opening.place_zone else office
    breaks = breaks_from_json(opening.breaks)
    hours = Hours(opening.opens, opening.closes, opening.slot_minutes, breaks)
    grid = min(present)[0].astimezone(zone).time() if present else None
    return set(slot_times(opening.day, hours, zone, closed=closed, grid=grid))


def _make_slots(
    session: Session, opening: OpeningSession, times: Sequence[tuple[datetime, datetime]]
) -> None:
    slots = [
        {
            "id": new_id(),
            "session_id": opening.id,
            "consulate_code": opening.consulate_code,
            "starts_at": begins,
            "ends_at": ends,
            "open": False,
            "place_id": opening.id if opening.place_zone else None,
        }
        for begins, ends in sorted(times)
    ]
    if slots:
        session.execute(insert(Slot), slots)


def _open_slots(
    session: Session,
    opening: OpeningSession,
    coming: Sequence[Slot],
    wanted: Mapping[UUID, bool],
) -> None:
    takes_bookings = opening.closed_at is None and opening.release == "open"
    for state in (True, False):
        ids = [
            slot.id
            for slot in coming
            if (takes_bookings and wanted[slot.id]) is state and slot.open is not state
        ]
        if not ids:
            continue
        session.execute(
            update(Slot)
            .where(Slot.id.in_(ids))
            .values(open=state)
            .execution_options(synchronize_session=False)
        )


def _lock_places(session: Session, slots: Sequence[UUID]) -> list[UUID]:
    """In the order that bookings lock them; new slots have none yet."""
    session.execute(
        select(SlotCapacityConstraint.slot_id)
        .join(Slot, Slot.id == SlotCapacityConstraint.slot_id)
        .where(Slot.id.in_(slots))
        .order_by(Slot.starts_at, Slot.id, SlotCapacityConstraint.set_no)
        .with_for_update(of=SlotCapacityConstraint)
    ).all()
    return list(
        session.scalars(select(Slot.id).where(Slot.id.in_(slots)).order_by(Slot.starts_at, Slot.id))
    )


def _holders(session: Session, consulate: str, day: date, slots: Sequence[UUID]) -> list[_Holder]:
    """Who holds places in these slots, or lost them, in the order in which they are seated."""
    seats: dict[UUID, list[Any]] = defaultdict(list)
    for seat in session.execute(
        select(
            Seat.appointment_id, Seat.person_id, Seat.service_code, Seat.slot_id, Seat.counted,
            (Member.status == Status.CANCELLED).label("left"),
        )
        .join(Appointment, Appointment.id == Seat.appointment_id)
        .join(
            Member,
            and_(Member.appointment_id == Seat.appointment_id, Member.person_id == Seat.person_id),
        )
        .where(
            Appointment.consulate_code == consulate,
            Appointment.day == day,
            Seat.slot_id.in_(slots),
        )
    ):  # fmt: skip
        seats[seat.appointment_id].append(seat)
    appointments = session.scalars(
        select(Appointment)
        .where(Appointment.id.in_(seats))
        .with_for_update(key_share=True, of=Appointment)
        .execution_options(populate_existing=True)
    )
    holders = [holder for a in appointments for holder in _of_appointment(a, seats[a.id])]
    return sorted([*holders, *_left(session, slots)], key=lambda h: (h.rank, h.since, h.id))


def _of_appointment(appointment: Appointment, seats: Sequence[Any]) -> Iterator[_Holder]:
    """Its people who come, or came, together; those who left it and whose places aren't free yet,
    together too."""
    waits = appointment.status == Status.BOOKED and appointment.orphaned_at is not None
    for left in (False, True):
        own = [
            seat for seat in seats if seat.left is left and (seat.counted or (waits and not left))
        ]
        if own:
            yield _Holder(
                new_id() if left else appointment.id,
                _LEFT if left else _rank(appointment),
                appointment.created_at,
                Counter((seat.slot_id, seat.service_code) for seat in own),
                all(seat.counted for seat in own),
                None if left else appointment,
                frozenset(seat.person_id for seat in own),
            )


# Places that are being freed: nobody is sent away for them.
_LEFT = 3


def _rank(appointment: Appointment) -> int:
    """Those who are there or have been; those who have a place; those who lost it."""
    if appointment.status != Status.BOOKED:
        return 0
    return 1 if appointment.orphaned_at is None else 2


def _left(session: Session, slots: Sequence[UUID]) -> list[_Holder]:
    moves: dict[UUID, Counter[Wanted]] = defaultdict(Counter)
    since: dict[UUID, datetime] = {}
    for left in session.scalars(
        select(VacatedPlace).where(VacatedPlace.slot_id.in_(slots), VacatedPlace.counted)
    ):
        moves[left.move_id][left.slot_id, left.service_code] += left.places
        since[left.move_id] = left.vacated_at
    return [_Holder(move, _LEFT, since[move], wants, True) for move, wants in moves.items()]


def _seat(holders: Iterable[_Holder], places: Mapping[UUID, _Place]) -> set[UUID]:
    """Who is seated, each with all their people or not at all."""
    seated = set()
    for holder in holders:
        before = {slot: list(places[slot].taken) for slot, _service in holder.wants}
        # All of them are taken even where one is refused, for then all are undone.
        fits = [places[s].take(service, n) for (s, service), n in holder.wants.items()]
        if all(fits):
            seated.add(holder.id)
            continue
        for slot, taken in before.items():
            places[slot].taken = taken
    return seated


_WRITE = text(
    """
    INSERT INTO slot_sets (slot_id, set_no, services, capacity, taken)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r (slot_id uuid, set_no smallint, services text[], capacity smallint, taken smallint)
    ORDER BY slot_id, set_no
    ON CONFLICT (slot_id, set_no) DO UPDATE SET services = excluded.services,
        capacity = excluded.capacity, taken = excluded.taken
    """
)
# Rows stay, for bookings wait for their locks; one without services constrains nothing.
_EMPTY = text(
    """
    UPDATE slot_sets SET services = '{}', capacity = 0, taken = 0
    FROM jsonb_to_recordset(CAST(:sizes AS jsonb)) AS s (slot uuid, size smallint)
    WHERE slot_id = s.slot AND set_no >= s.size AND services <> '{}'
    """
)


def _write_constraints(session: Session, places: Iterable[_Place]) -> None:
    rows, sizes = [], []
    for place in places:
        sizes.append({"slot": str(place.slot), "size": len(place.rows)})
        for number, (row, taken) in enumerate(zip(place.rows, place.taken, strict=True)):
            capacity = row.capacity if place.holds_free_places else taken
            rows.append(
                {
                    "slot_id": str(place.slot),
                    "set_no": number,
                    "services": row.services,
                    "capacity": capacity,
                    "taken": taken,
                }
            )
    session.execute(_EMPTY, {"sizes": json.dumps(sizes)})
    session.execute(_WRITE, {"rows": json.dumps(rows)})


def _write_holders(
    session: Session,
    holders: Sequence[_Holder],
    seated: set[UUID],
    slots: Sequence[UUID],
    now: datetime,
    *,
    tell: bool,
) -> Fitted:
    """Say of each whether its places are counted, and tell those who lost or regained theirs."""
    for counted in (True, False):
        changed = [h for h in holders if (h.id in seated) is counted and h.counted is not counted]
        _count_places(session, changed, slots, counted)
    orphaned = _booked(holders, lambda h: h.id not in seated and h.appointment.orphaned_at is None)
    supported = _booked(holders, lambda h: h.id in seated and h.appointment.orphaned_at is not None)
    _mark(session, orphaned, now)
    _mark(session, supported, None)
    for appointment in orphaned if tell else ():
        enqueue(session, "appointments.orphaned", appointment)
    for appointment in supported if tell else ():
        enqueue(session, "appointments.supported", appointment)
    for holder in holders:
        if holder.appointment is not None:
            session.expire(holder.appointment)
    return Fitted(tuple(orphaned), tuple(supported))


def _mark(session: Session, appointments: Sequence[UUID], since: datetime | None) -> None:
    if appointments:
        session.execute(
            update(Appointment)
            .where(Appointment.id.in_(appointments))
            .values(orphaned_at=since)
            .execution_options(synchronize_session=False)
        )


def _booked(holders: Iterable[_Holder], change: Any) -> list[UUID]:
    return [
        holder.id
        for holder in holders
        if holder.appointment is not None
        and holder.appointment.status == Status.BOOKED
        and change(holder)
    ]


def _count_places(
    session: Session, holders: Sequence[_Holder], slots: Sequence[UUID], counted: bool
) -> None:
    if not holders:
        return
    people = {person for holder in holders for person in holder.people}
    moves = [holder.id for holder in holders if not holder.people]
    for model, whose in (
        (Seat, Seat.person_id.in_(people)),
        (VacatedPlace, VacatedPlace.move_id.in_(moves)),
    ):
        session.execute(
            update(model)
            .where(whose, model.slot_id.in_(slots))
            .values(counted=counted)
            .execution_options(synchronize_session=False)
        )
