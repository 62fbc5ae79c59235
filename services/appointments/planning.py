"""A supervisor opens a session: desks and hours become slots with exact capacity."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.appointments.closures import closed_hours, lock_openings
from services.appointments.durations import Durations, durations_of
from services.appointments.errors import (
    BreakOutsideHours,
    DeskTaken,
    MorePlacesKept,
    OfficeClosed,
    ServiceLongerThanSession,
    ServiceNotOffered,
    SessionTooShort,
    TooManyDeskPatterns,
)
from services.appointments.hours import ALL_DAY, Hours, Place, Span, breaks_as_json, slot_times
from services.appointments.maximums import count_days
from services.appointments.models import Desk, OpeningSession, Slot
from services.appointments.opening_history import described, record_change
from services.appointments.reserves import Reserve, kept_at, reserves_as_json, reserving_constraints
from services.appointments.rules import (
    CapacityConstraint,
    Skilled,
    capacity_constraints,
    slots_of_services,
)
from services.consulates.models import Consulate
from services.consulates.queries import get_consulate, list_services
from services.kernel import audit
from services.kernel.db import violated_constraint
from services.kernel.errors import Invalid, NotFound
from services.kernel.ids import new_id


@dataclass(frozen=True)
class DeskPlan(Skilled):
    """A desk's name, the codes of the services it can give, and its skills (`rules.skills_of`)."""

    name: str
    services: tuple[str, ...]
    skills: tuple[str, ...] = ()


def desks_as_json(desks: Iterable[DeskPlan]) -> list[dict[str, Any]]:
    """Desks as the template of a series keeps them."""
    return [
        {"name": desk.name, "services": list(desk.services), "skills": list(desk.skills)}
        for desk in desks
    ]


def desks_from_json(desks: Iterable[Mapping[str, Any]]) -> tuple[DeskPlan, ...]:
    """The same, read again."""
    return tuple(
        DeskPlan(desk["name"], tuple(desk["services"]), tuple(desk.get("skills", ())))
        for desk in desks
    )


@dataclass(frozen=True)
class OpenSession:
    """``opens`` and ``closes`` are the office's wall clock, or that of a mobile consulate's own
    ``place``; minutes are per slot and service.

    Durations aren't published: a service takes what ``service_minutes`` says, or else what the
    office's durations say on that day, or else a slot.
    """

    consulate: str
    date: date
    opens: time
    closes: time
    slot_minutes: int
    desks: tuple[DeskPlan, ...]
    release: str = "open"
    service_minutes: Mapping[str, int] = field(default_factory=dict)
    breaks: tuple[Span, ...] = ()
    place: Place | None = None
    series: UUID | None = None
    reason: str | None = None
    reserves: tuple[Reserve, ...] = ()
    daily_maximums: Mapping[str, int] = field(default_factory=dict)

    @property
    def hours(self) -> Hours:
        """When it is open."""
        return Hours(self.opens, self.closes, self.slot_minutes, self.breaks)


@dataclass(frozen=True)
class _Known:
    """What the checks compare with: offices, bookable services, and each office's closed hours."""

    offices: Mapping[str, Consulate]
    bookable: Container[str]
    closed: Mapping[str, Mapping[date, Sequence[Span]]]
    durations: Mapping[str, Durations]


@dataclass(frozen=True)
class _Plan:
    """A session that may be opened: its slots, and the capacity constraints of each of them."""

    id: UUID
    command: OpenSession
    times: list[tuple[datetime, datetime]]
    rows: list[CapacityConstraint]
    service_slots: Mapping[str, int]
    release_at: datetime | None


def open_session(
    session: Session, command: OpenSession, *, now: datetime, actor: audit.Actor
) -> UUID:
    """Create the session, its desks and slots, and say so in the history; returns its id.

    Raises NotFound for a foreign or unknown office, `OfficeClosed` on a non-working day or in a
    closure, `BreakOutsideHours`, `ServiceNotOffered`, `ServiceLongerThanSession`,
    `SessionTooShort`, `TooManyDeskPatterns`, `DeskTaken`, Invalid ``in_the_past`` and
    ``draw_not_available``.
    """
    (opened,) = open_sessions(session, [command], now=now, actor=actor)
    row = session.get_one(OpeningSession, opened)
    after = described(row, desks_as_json(command.desks))
    record_change(
        session, row, "open", now=now, actor=actor, reason=command.reason, after=after, audited=True
    )
    return opened


def open_sessions(
    session: Session, commands: Sequence[OpenSession], *, now: datetime, actor: audit.Actor
) -> list[UUID]:
    """A whole schedule in few statements; raises as `open_session`, and then none is open."""
    known = _known(session, commands)
    plans = [_plan(command, known, now=now, actor=actor) for command in commands]
    if plans:
        _store(session, plans, now=now, actor=actor)
        for code in known.offices:
            count_days(session, code, {plan.command.date for plan in plans})
    return [plan.id for plan in plans]


def _known(session: Session, commands: Sequence[OpenSession]) -> _Known:
    days: dict[str, list[date]] = defaultdict(list)
    for command in commands:
        days[command.consulate].append(command.date)
    offices = {code: get_consulate(session, code) for code in sorted(days)}
    for code in offices:
        # A closure that is being written now is seen, or sees these sessions.
        lock_openings(session, code)
    return _Known(
        offices=offices,
        bookable=bookable_codes(session),
        closed={code: closed_hours(session, code, min(d), max(d)) for code, d in days.items()},
        durations={code: durations_of(session, code) for code in days},
    )


def bookable_codes(session: Session) -> set[str]:
    """The services that may be offered."""
    return {service.code for service in list_services(session) if service.bookable}


def _plan(command: OpenSession, known: _Known, *, now: datetime, actor: audit.Actor) -> _Plan:
    if command.release != "open":
        # Nothing would ever give these places away: there is no draw yet.
        raise Invalid("draw_not_available", field="release")
    if actor.role in audit.OFFICE_ROLES and actor.consulate != command.consulate:
        raise NotFound(field="consulate")
    rows = checked_constraints(command, known.bookable)
    closed = known.closed[command.consulate].get(command.date, ())
    # A day of a series that is closed by hand gets its times when that is lifted.
    if ALL_DAY in closed and not command.series:
        raise OfficeClosed(field="date")
    place = command.place or known.offices[command.consulate]
    zone = ZoneInfo(place.time_zone)
    times = slot_times(command.date, command.hours, zone, closed=closed)
    if not times and not command.series:
        raise SessionTooShort(field="closes")
    if times and times[0][0] <= now:
        raise Invalid("in_the_past", field="date")
    kept = kept_at(command.reserves, command.date, command.opens, zone, now)
    rows += reserving_constraints([desk.services for desk in command.desks], kept.places)
    slots = _slots_of_services(command, known, len(times))
    return _Plan(new_id(), command, times, rows, slots, kept.release_at)


def _slots_of_services(command: OpenSession, known: _Known, times: int) -> dict[str, int]:
    durations = known.durations[command.consulate].on(command.date)
    longer = slots_of_services({**durations, **command.service_minutes}, command.slot_minutes)
    offered = {code for desk in command.desks for code in desk.services}
    for code in sorted(offered & set(longer)):
        # A day of a series that is closed has no times for now.
        if times and longer[code] > times:
            raise ServiceLongerThanSession(field="service_minutes", service=code)
    return longer


class Planned(Protocol):
    """What a session, a series and a change of either have in common."""

    @property
    def desks(self) -> tuple[DeskPlan, ...]:
        """The windows."""

    @property
    def hours(self) -> Hours:
        """When it is open."""

    @property
    def reserves(self) -> tuple[Reserve, ...]:
        """Places that are kept."""

    @property
    def daily_maximums(self) -> Mapping[str, int]:
        """Service -> most people a day."""


def checked_constraints(
    planned: Planned, bookable: Container[str], minutes: Mapping[str, int] | None = None
) -> list[CapacityConstraint]:
    """The constraints of each slot, without places that are kept. Raises as `open_session` about
    desks, services, breaks and what is kept."""
    minutes = getattr(planned, "service_minutes", {}) if minutes is None else minutes
    named = {code for desk in planned.desks for code in desk.services}
    for code in sorted(named | set(minutes) | set(planned.daily_maximums)):
        if code not in bookable:
            raise ServiceNotOffered(field="desks", service=code)
    if planned.hours.faulty_break:
        raise BreakOutsideHours(field="breaks")
    if sum(reserve.places for reserve in planned.reserves) > len(planned.desks):
        raise MorePlacesKept(field="reserves")
    rows = capacity_constraints([desk.services for desk in planned.desks])
    if rows is None:
        raise TooManyDeskPatterns(field="desks")
    return rows


def _store(session: Session, plans: Sequence[_Plan], *, now: datetime, actor: audit.Actor) -> None:
    sessions = [
        {
            "id": plan.id,
            "consulate_code": plan.command.consulate,
            "day": plan.command.date,
            "opens": plan.command.opens,
            "closes": plan.command.closes,
            "slot_minutes": plan.command.slot_minutes,
            "release": plan.command.release,
            "created_by": actor.account_id,
            "created_at": now,
            "service_minutes": dict(plan.command.service_minutes),
            "service_slots": plan.service_slots,
            "series_id": plan.command.series,
            "breaks": breaks_as_json(plan.command.breaks),
            "reserves": reserves_as_json(plan.command.reserves),
            "release_at": plan.release_at,
            "daily_maximums": dict(plan.command.daily_maximums),
            **place_columns(plan.command.place),
        }
        for plan in plans
    ]
    session.execute(insert(OpeningSession), sessions)
    _store_desks(session, plans)
    _store_slots(session, plans)
    subjects = [audit.Subject("session", p.id, consulate=p.command.consulate) for p in plans]
    audit.record(session, *subjects, action="session.open", now=now, actor=actor)


def place_columns(place: Place | None) -> dict[str, str | None]:
    """A place as sessions and series keep it."""
    return {
        "place_name": place.name if place else None,
        "place_address": place.address if place else None,
        "place_zone": place.time_zone if place else None,
    }


def _store_desks(session: Session, plans: Sequence[_Plan]) -> None:
    """In the order of their names, so that two sessions that want the same desks never deadlock;
    those of one session one by one, so that the one which is taken can be named."""
    desks = [
        {
            "id": new_id(),
            "session_id": plan.id,
            "name": d.name,
            "services": list(d.services),
            "skills": list(d.skills),
        }
        for plan in sorted(plans, key=lambda plan: (plan.command.consulate, plan.command.date))
        for d in sorted(plan.command.desks, key=lambda desk: desk.name.lower())
    ]
    for batch in [[desk] for desk in desks] if len(plans) == 1 else [desks]:
        with naming_desks({str(desk["name"]) for desk in batch}):
            session.execute(insert(Desk), batch)


@contextmanager
def naming_desks(names: Collection[str]) -> Iterator[None]:
    """Raise `DeskTaken` with these names where another session holds one of them."""
    try:
        yield
    except IntegrityError as refused:
        if violated_constraint(refused) == "ex_desks_held":
            desks = ", ".join(sorted(names))
            raise DeskTaken(desks) from refused
        raise


def _store_slots(session: Session, plans: Sequence[_Plan]) -> None:
    slots: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "session_id": plan.id,
            "consulate_code": plan.command.consulate,
            "starts_at": begins,
            "ends_at": ends,
            "open": plan.command.release == "open",
            "place_id": plan.id if plan.command.place else None,
        }
        for plan in plans
        for begins, ends in plan.times
    ]
    if not slots:
        return
    session.execute(insert(Slot), slots)
    sets = {plan.id: _sets_as_json(plan.rows) for plan in plans}
    alike: dict[str, list[Any]] = defaultdict(list)
    for slot in slots:
        alike[sets[slot["session_id"]]].append(slot["id"])
    for rows, ids in alike.items():
        session.execute(_SETS_OF_EVERY_SLOT, {"slots": ids, "sets": rows})


def _sets_as_json(rows: list[CapacityConstraint]) -> str:
    return json.dumps(
        [
            {
                "set_no": number,
                "services": row.services,
                "capacity": row.capacity,
                "exempt": row.exempt,
                "planned": row.capacity if row.exempt else None,
            }
            for number, row in enumerate(rows)
        ]
    )


_SETS_OF_EVERY_SLOT = text(
    """
    INSERT INTO slot_sets (slot_id, set_no, services, capacity, exempt, planned)
    SELECT slot, sets.set_no, sets.services, sets.capacity, sets.exempt, sets.planned
    FROM unnest(CAST(:slots AS uuid[])) AS slot, jsonb_to_recordset(CAST(:sets AS jsonb)) AS sets (
        set_no smallint, services text[], capacity smallint, exempt text[], planned smallint)
    """
)
