"""Bring the slots of an office's day in line with its opening hours, and its bookings with them.

A booking keeps its length, its time and its service whatever happens to the hours: they serve it,
or it is orphaned until they do again. Where they serve fewer than are booked, those who booked last
are orphaned; nobody who has a place loses it to somebody who had lost theirs, nor to a place that
is kept for others or a maximum of the day: those hold from then on.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, delete, insert, literal, select, text, update
from sqlalchemy.orm import Session

from services.appointments.closures import closed_hours
from services.appointments.hours import Hours, Span, breaks_from_json, slot_times
from services.appointments.maximums import count_days, count_people, lock_places, most_of_days
from services.appointments.models import (
    Appointment,
    BookingHold,
    Desk,
    DeskHold,
    HeldSeat,
    Member,
    OpeningSession,
    Seat,
    Slot,
    VacatedPlace,
)
from services.appointments.reserves import kept_at, reserves_from_json, reserving_constraints
from services.appointments.rules import CapacityConstraint, Status, capacity_constraints
from services.appointments.seating import Constraint, DeskOffer, Hold, Opening, Room, Steps, Time
from services.consulates.queries import get_consulate
from services.kernel.db import savepoint
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue


@dataclass(frozen=True)
class Fitted:
    """Appointments that lost their place, and those that have one again."""

    orphaned: tuple[UUID, ...] = ()
    supported: tuple[UUID, ...] = ()

    def __add__(self, other: Fitted) -> Fitted:
        return Fitted(self.orphaned + other.orphaned, self.supported + other.supported)


@dataclass
class _Place:
    """A slot as it should be: its constraints, and number ``number`` of its session's ``room``."""

    slot: UUID
    rows: list[CapacityConstraint]
    bookable: bool
    holds_free_places: bool
    room: Room
    number: int
    # Where it is, as `maximums` counts.
    where: UUID | None
    # What each constraint allows: what keeps places for others everybody, until `keep_reserves`.
    bounds: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.bounds = [_bound(row) for row in self.rows]

    def keep_reserves(self) -> None:
        """From now on places are kept; whoever has one already stays."""
        taken = self.taken
        for number, row in enumerate(self.rows):
            if row.exempt:
                bound = max(row.capacity, taken[number])
                self.room.left[self.number][number] -= self.bounds[number] - bound
                self.bounds[number] = bound

    def take(self, want: Wanted) -> bool:
        """Take a place, or hold a named desk, if everybody who has one keeps theirs."""
        if want.hold is None:
            return self.room.take_place(self.number, want.service, want.share)
        hold = self.placed(want.hold)
        return self.room.opening.is_open(hold.first, hold.length) and self.room.take_desk(hold)

    def give_back(self, want: Wanted) -> None:
        """Undo `take`."""
        if want.hold is None:
            self.room.give_place_back(self.number, want.service, want.share)
        else:
            self.room.give_desk_back(self.placed(want.hold))

    def placed(self, hold: Hold) -> Hold:
        """A hold from this slot on."""
        return replace(hold, first=self.number)

    @property
    def taken(self) -> list[int]:
        """How many of each constraint: places, and desks that are held then."""
        services_of = {desk.id: desk.services for desk in self.room.opening.desks}
        held = [
            (services_of[(self.room.desks or {})[hold.id]], hold.share)
            for hold in self.room.holds
            if hold.first <= self.number < hold.end
        ]
        left = self.room.left[self.number]
        return [
            self.bounds[n]
            - left[n]
            + sum(bool(own & set(row.services)) and share not in row.exempt for own, share in held)
            for n, row in enumerate(self.rows)
        ]


_EVERYBODY = 10_000


def _bound(row: CapacityConstraint) -> int:
    return _EVERYBODY if row.exempt else row.capacity


@dataclass(frozen=True)
class Wanted:
    """One kind of place that is wanted: in a slot, or at a named desk from it on."""

    slot: UUID
    service: str
    share: str = ""
    hold: Hold | None = None
    person: UUID | None = None


@dataclass(frozen=True)
class _Holder:
    """Who wants places: an appointment, somebody who left one, a move that left them a while ago,
    or a hold. The lower its ``rank`` the earlier it is seated. ``people`` have the seats."""

    id: UUID
    rank: int
    since: datetime
    wants: Sequence[Wanted]
    counted: bool
    appointment: Any = None
    people: frozenset[UUID] = frozenset()


# In a rush somebody may book between each of them; after that it waits as it comes.
_ATTEMPTS = 3


class _BookedMeanwhile(Exception):
    """Somebody booked before the places were locked."""


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
    places = _lock_day(
        session, consulate, day, partial(_place_slots, session, consulate, day, sessions, now)
    )
    holders = _holders(session, consulate, day, list(places))
    seated = _seat(holders, places, _Day(session, consulate, day, places))
    _write_holds(session, holders, seated, places)
    _end_booking_holds(session, holders, seated)
    _write_constraints(session, places.values())
    fitted = _write_holders(session, holders, seated, list(places), now, tell=tell)
    count_days(session, consulate, [day])
    return fitted


def _sessions(session: Session, consulate: str, day: date) -> Sequence[OpeningSession]:
    return session.scalars(
        select(OpeningSession)
        .where(OpeningSession.consulate_code == consulate, OpeningSession.day == day)
        .order_by(OpeningSession.id)
        .execution_options(populate_existing=True)
    ).all()


def _lock_day(
    session: Session, consulate: str, day: date, place_slots: Callable[[], dict[UUID, _Place]]
) -> dict[UUID, _Place]:
    """What ``place_slots`` gives, with the appointments locked before the places, as a move does:
    what is cancelled or moved meanwhile waits or is seen. Nobody books once the places are locked:
    who did between is locked at the next attempt, or the two would wait for one another."""
    for _ in range(_ATTEMPTS):
        with suppress(_BookedMeanwhile), savepoint(session):
            locked = _lock_appointments(session, consulate, day)
            places = place_slots()
            if not _list_appointments(session, consulate, day) <= locked:
                raise _BookedMeanwhile
            return places
    _lock_appointments(session, consulate, day)
    return place_slots()


def _of_day(consulate: str, day: date) -> Select[UUID]:
    return select(Appointment.id).where(
        Appointment.consulate_code == consulate, Appointment.day == day
    )


def _list_appointments(session: Session, consulate: str, day: date) -> set[UUID]:
    return set(session.scalars(_of_day(consulate, day)))


def _lock_appointments(session: Session, consulate: str, day: date) -> set[UUID]:
    rows = _of_day(consulate, day).order_by(Appointment.id)
    return set(session.scalars(rows.with_for_update(key_share=True, of=Appointment)))


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
    desks = {opening.id: _desks(session, opening) for opening in sessions}
    zones = {
        opening.id: ZoneInfo(opening.place_zone) if opening.place_zone else office
        for opening in sessions
    }
    rows = {o.id: _rows(o, desks[o.id], zones[o.id], now) for o in sessions}
    wanted: dict[UUID, bool] = {}
    of: dict[UUID, OpeningSession] = {}
    for opening in sessions:
        present = _slots(session, opening)
        times = _times(opening, zones[opening.id], closed, present)
        _make_slots(session, opening, [t for t in times if t not in present and t[0] > now])
        coming = [slot for slot in _slots(session, opening).values() if slot.starts_at > now]
        wanted |= {s.id: (s.starts_at, s.ends_at) in times for s in coming}
        of |= {s.id: opening for s in coming}
        _open_slots(session, opening, coming, wanted)
    lock_places(session, consulate, day)
    order = session.execute(
        select(Slot.id, Slot.starts_at, Slot.ends_at)
        .where(Slot.id.in_(wanted))
        .order_by(Slot.starts_at, Slot.id)
    ).all()
    rooms = {
        opening.id: _room(opening, desks[opening.id], [s for s in order if of[s.id] is opening],
                          {s: rows[opening.id] if wanted[s] else [] for s in wanted})
        for opening in sessions
    }  # fmt: skip
    return {
        slot.id: _Place(
            slot.id,
            rows[of[slot.id].id] if wanted[slot.id] else [],
            bookable=wanted[slot.id],
            holds_free_places=of[slot.id].closed_at is None,
            room=rooms[of[slot.id].id],
            number=rooms[of[slot.id].id].opening.at[slot.starts_at],
            where=of[slot.id].id if of[slot.id].place_zone else None,
        )
        for slot in order
    }


def _rows(
    opening: OpeningSession, desks: Sequence[Any], zone: ZoneInfo, now: datetime
) -> list[CapacityConstraint]:
    """The constraints of each of its slots; it knows from then on when places are let go."""
    kept = kept_at(reserves_from_json(opening.reserves), opening.day, opening.opens, zone, now)
    opening.release_at = kept.release_at
    services = [desk.services for desk in desks]
    reserving = reserving_constraints(services, kept.places)
    return [*(capacity_constraints(services) or []), *reserving]


def _desks(session: Session, opening: OpeningSession) -> Sequence[Any]:
    return session.execute(
        select(Desk.id, Desk.services, Desk.skills)
        .where(Desk.session_id == opening.id, Desk.removed_at.is_(None))
        .order_by(Desk.name)
    ).all()


def _room(
    opening: OpeningSession,
    desks: Sequence[Any],
    slots: Sequence[Any],
    rows: Mapping[UUID, list[CapacityConstraint]],
) -> Room:
    """The coming times of a session, with nobody in them yet."""
    offers = (DeskOffer(str(d.id), frozenset(d.services), frozenset(d.skills)) for d in desks)
    times = (
        Time(
            str(slot.id), slot.starts_at, slot.ends_at, bool(rows[slot.id]),
            tuple(
                Constraint(frozenset(r.services), _bound(r), frozenset(r.exempt))
                for r in rows[slot.id]
            ),
        )
        for slot in slots
    )  # fmt: skip
    return Room(Opening(str(opening.id), tuple(offers), tuple(times)), Steps())


def _slots(session: Session, opening: OpeningSession) -> dict[tuple[datetime, datetime], Slot]:
    slots = session.scalars(
        select(Slot).where(Slot.session_id == opening.id).execution_options(populate_existing=True)
    )
    return {(slot.starts_at.astimezone(UTC), slot.ends_at.astimezone(UTC)): slot for slot in slots}


def _times(
    opening: OpeningSession,
    zone: ZoneInfo,
    closed: Sequence[Span],
    present: Mapping[tuple[datetime, datetime], Slot],
) -> set[tuple[datetime, datetime]]:
    if opening.cancelled_at is not None:
        return set()
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


def _holders(session: Session, consulate: str, day: date, slots: Sequence[UUID]) -> list[_Holder]:
    """Who holds places in these slots, or lost them, in the order in which they are seated."""
    seats: dict[UUID, list[Any]] = defaultdict(list)
    for seat in session.execute(
        select(
            Seat.appointment_id, Seat.person_id, Seat.service_code, Seat.slot_id, Seat.counted,
            Seat.share, Seat.skills, Seat.hold_id, Seat.starts_at, Seat.ends_at, DeskHold.desk_id,
            Slot.ends_at.label("slot_ends_at"),
            (Member.status == Status.CANCELLED).label("left"),
        )
        .join(Appointment, Appointment.id == Seat.appointment_id)
        .join(Slot, Slot.id == Seat.slot_id)
        .outerjoin(DeskHold, DeskHold.id == Seat.hold_id)
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
    others = [*_left(session, slots), *_booking_holds(session, slots)]
    return sorted([*holders, *others], key=lambda h: (h.rank, h.since, h.id))


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
                [_wanted(seat) for seat in own],
                all(seat.counted for seat in own),
                None if left else appointment,
                frozenset(seat.person_id for seat in own),
            )


def _wanted(seat: Any) -> Wanted:
    """A seat's place, or the named desk that it holds or held."""
    step = seat.slot_ends_at - seat.starts_at
    length = -(-(seat.ends_at - seat.starts_at) // step)
    hold = None
    if seat.hold_id or length > 1 or seat.skills:
        skills, desk = frozenset(seat.skills), seat.desk_id and str(seat.desk_id)
        id_ = str(seat.hold_id or new_id())
        hold = Hold(id_, 0, length, seat.service_code, skills, seat.share, desk)
    return Wanted(seat.slot_id, seat.service_code, seat.share, hold, seat.person_id)


# Places that are only held yet: for no booking's place, and for none that was lost before.
_HELD = 2
# Those who lost their place; and places that are being freed: nobody is sent away for them.
_LOST = 3
_LEFT = 4


def _rank(appointment: Appointment) -> int:
    """Those who are there or have been; those who have a place; those who lost it."""
    if appointment.status != Status.BOOKED:
        return 0
    return 1 if appointment.orphaned_at is None else _LOST


def _booking_holds(session: Session, slots: Sequence[UUID]) -> Iterator[_Holder]:
    """Who holds places in these slots while they write down who comes."""
    seats: dict[UUID, list[Any]] = defaultdict(list)
    since: dict[UUID, datetime] = {}
    for seat in session.execute(
        select(
            HeldSeat.booking_hold_id, HeldSeat.service_code, HeldSeat.slot_id, HeldSeat.share,
            HeldSeat.desk_hold_id.label("hold_id"), HeldSeat.starts_at, HeldSeat.ends_at,
            DeskHold.desk_id, DeskHold.skills, Slot.ends_at.label("slot_ends_at"),
            literal(None).label("person_id"), BookingHold.created_at,
        )
        .join(BookingHold, BookingHold.id == HeldSeat.booking_hold_id)
        .join(Slot, Slot.id == HeldSeat.slot_id)
        .outerjoin(DeskHold, DeskHold.id == HeldSeat.desk_hold_id)
        .where(HeldSeat.slot_id.in_(slots))
    ):  # fmt: skip
        seats[seat.booking_hold_id].append(seat)
        since[seat.booking_hold_id] = seat.created_at
    for hold, own in seats.items():
        yield _Holder(hold, _HELD, since[hold], [_wanted(seat) for seat in own], True)


def _end_booking_holds(session: Session, holders: Iterable[_Holder], seated: set[UUID]) -> None:
    """Holds that have no place any more: whoever goes on booking is told so."""
    ended = [h.id for h in holders if h.rank == _HELD and h.id not in seated]
    if ended:
        session.execute(
            delete(BookingHold)
            .where(BookingHold.id.in_(ended))
            .execution_options(synchronize_session=False)
        )


def _left(session: Session, slots: Sequence[UUID]) -> list[_Holder]:
    moves: dict[UUID, list[Wanted]] = defaultdict(list)
    since: dict[UUID, datetime] = {}
    for left in session.scalars(
        select(VacatedPlace).where(VacatedPlace.slot_id.in_(slots), VacatedPlace.counted)
    ):
        places = [] if left.by_desk else [Wanted(left.slot_id, left.service_code, left.share)]
        moves[left.move_id] += places * left.places
        since[left.move_id] = left.vacated_at
    for hold in session.execute(
        select(DeskHold, Slot.id.label("slot"), Slot.ends_at.label("slot_ends_at"))
        .join(
            Slot,
            and_(Slot.session_id == DeskHold.session_id, Slot.starts_at == DeskHold.starts_at),
        )
        .where(DeskHold.move_id.in_(moves), Slot.id.in_(slots))
    ):
        own = hold.DeskHold
        length = -(-(own.ends_at - own.starts_at) // (hold.slot_ends_at - own.starts_at))
        held = Hold(
            str(own.id), 0, length, own.service_code, frozenset(own.skills), own.share,
            str(own.desk_id),
        )  # fmt: skip
        moves[own.move_id].append(Wanted(hold.slot, own.service_code, own.share, held))
    return [_Holder(move, _LEFT, since[move], wants, True) for move, wants in moves.items()]


class _Day:
    """How many more of each service the day takes of those who lost their place, where it has a
    maximum."""

    def __init__(
        self, session: Session, consulate: str, day: date, places: Mapping[UUID, _Place]
    ) -> None:
        self.places = places
        most = most_of_days(session, consulate, [day])
        others = count_people(session, consulate, [day], without=list(places)) if most else {}
        self.left = {key[1:]: count - others.get(key, 0) for key, count in most.items()}

    def _count(self, holder: _Holder) -> Counter[tuple[UUID | None, str]]:
        return Counter((self.places[want.slot].where, want.service) for want in holder.wants)

    def has_room(self, holder: _Holder) -> bool:
        """Whether all of its people can come."""
        return all(
            self.left.get(key, people) >= people for key, people in self._count(holder).items()
        )

    def take(self, holder: _Holder) -> None:
        """Count them."""
        for key, people in self._count(holder).items():
            if key in self.left:
                self.left[key] -= people


def _seat(holders: Sequence[_Holder], places: Mapping[UUID, _Place], day: _Day) -> set[UUID]:
    """Who is seated, each with all their people or not at all: those who have a place, then, as
    others may book, those who lost theirs."""
    seated = set()
    for holder in holders:
        if holder.rank < _LOST and _take_all(holder, places):
            day.take(holder)
            seated.add(holder.id)
    _settle(places)
    for place in places.values():
        place.keep_reserves()
    for holder in holders:
        lost = holder.rank == _LOST and not day.has_room(holder)
        if holder.rank >= _LOST and not lost and _take_all(holder, places):
            day.take(holder)
            seated.add(holder.id)
    _settle(places)
    return seated


def _take_all(holder: _Holder, places: Mapping[UUID, _Place]) -> bool:
    taken: list[Wanted] = []
    for want in holder.wants:
        if not places[want.slot].take(want):
            break
        taken.append(want)
    if len(taken) == len(holder.wants):
        return True
    for want in taken:
        places[want.slot].give_back(want)
    return False


def _settle(places: Mapping[UUID, _Place]) -> None:
    for room in {id(place.room): place.room for place in places.values()}.values():
        room.settle()


# Whoever holds a desk may sit at another now; one that is held no more is free.
_MOVE_HOLDS = text(
    """
    UPDATE desk_holds h SET desk_id = m.value::uuid
    FROM jsonb_each_text(CAST(:desks AS jsonb)) m WHERE h.id = m.key::uuid
    """
)
_END_HOLDS = text("DELETE FROM desk_holds WHERE id = ANY (:holds)")


def _write_holds(
    session: Session,
    holders: Iterable[_Holder],
    seated: set[UUID],
    places: Mapping[UUID, _Place],
) -> None:
    ended, moved, new = [], {}, []
    for holder in holders:
        for want in holder.wants:
            if want.hold is None:
                continue
            room = places[want.slot].room
            desk = (room.desks or {}).get(want.hold.id) if holder.id in seated else None
            if desk is None:
                ended.append(UUID(want.hold.id))
            elif want.hold.desk:
                moved[want.hold.id] = desk
            else:
                new.append((holder, want, desk))
    session.execute(_END_HOLDS, {"holds": ended})
    session.execute(_MOVE_HOLDS, {"desks": json.dumps(moved)})
    for holder, want, desk in new:
        _hold_again(session, holder, want, places[want.slot], desk)


def _hold_again(session: Session, holder: _Holder, want: Wanted, place: _Place, desk: str) -> None:
    hold = place.placed(want.hold) if want.hold else None
    if hold is None:
        return
    times = place.room.opening.times
    session.execute(
        insert(DeskHold).values(
            id=UUID(hold.id),
            session_id=UUID(place.room.opening.id),
            desk_id=UUID(desk),
            service_code=want.service,
            starts_at=times[hold.first].starts_at,
            ends_at=times[hold.end - 1].ends_at,
            skills=sorted(hold.skills),
            share=want.share,
        )
    )
    session.execute(
        update(Seat)
        .where(
            Seat.appointment_id == holder.id,
            Seat.person_id == want.person,
            Seat.service_code == want.service,
        )
        .values(hold_id=UUID(hold.id))
        .execution_options(synchronize_session=False)
    )


_WRITE = text(
    """
    INSERT INTO slot_sets (slot_id, set_no, services, capacity, taken, exempt, planned)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r (slot_id uuid, set_no smallint, services text[], capacity smallint, taken smallint,
            exempt text[], planned smallint)
    ORDER BY slot_id, set_no
    ON CONFLICT (slot_id, set_no) DO UPDATE SET services = excluded.services,
        capacity = excluded.capacity, taken = excluded.taken, exempt = excluded.exempt,
        planned = excluded.planned
    """
)
# Rows stay, for bookings wait for their locks; one without services constrains nothing.
_EMPTY = text(
    """
    UPDATE slot_sets SET services = '{}', capacity = 0, taken = 0, exempt = '{}', planned = NULL
    FROM jsonb_to_recordset(CAST(:sizes AS jsonb)) AS s (slot uuid, size smallint)
    WHERE slot_id = s.slot AND set_no >= s.size AND services <> '{}'
    """
)


def _write_constraints(session: Session, places: Iterable[_Place]) -> None:
    rows, sizes = [], []
    for place in places:
        sizes.append({"slot": str(place.slot), "size": len(place.rows)})
        for number, (row, taken) in enumerate(zip(place.rows, place.taken, strict=True)):
            capacity = place.bounds[number] if place.holds_free_places else taken
            rows.append(
                {
                    "slot_id": str(place.slot),
                    "set_no": number,
                    "services": row.services,
                    "capacity": capacity,
                    "taken": taken,
                    "exempt": row.exempt,
                    "planned": row.capacity if row.exempt else None,
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
