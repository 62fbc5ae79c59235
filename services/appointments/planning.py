"""A supervisor opens a session: desks and hours become slots with exact capacity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DbSession

from services.appointments.errors import (
    DeskTaken,
    OfficeClosed,
    ServiceLongerThanSlot,
    ServiceNotOffered,
    SessionTooShort,
    TooManyDeskPatterns,
)
from services.appointments.models import Desk, Session, Slot
from services.appointments.rules import HallRow, hall_rows
from services.consulates.queries import closed_days, get_consulate, list_services
from services.kernel import audit
from services.kernel.db import violated_constraint
from services.kernel.errors import Invalid, NotFound
from services.kernel.ids import new_id


@dataclass(frozen=True)
class DeskPlan:
    """A desk's name and the codes of the services it can give."""

    name: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class OpenSession:
    """``opens`` and ``closes`` are the office's wall clock; minutes are per slot and service.

    Durations aren't published: a service that ``service_minutes`` doesn't name takes a slot.
    """

    consulate: str
    date: date
    opens: time
    closes: time
    slot_minutes: int
    desks: tuple[DeskPlan, ...]
    release: str = "open"
    service_minutes: Mapping[str, int] = field(default_factory=dict)


def open_session(
    session: DbSession, command: OpenSession, *, now: datetime, actor: audit.Actor
) -> UUID:
    """Create the session, its desks and slots; returns its id.

    Raises NotFound for a foreign or unknown office, `OfficeClosed` on a non-working day,
    `ServiceNotOffered`, `ServiceLongerThanSlot`, `SessionTooShort`, `TooManyDeskPatterns`,
    `DeskTaken`, Invalid ``in_the_past`` and ``draw_not_available``.
    """
    if command.release != "open":
        # Nothing would ever give these places away: there is no draw yet.
        raise Invalid("draw_not_available", field="release")
    office = get_consulate(session, command.consulate)
    if actor.role in audit.OFFICE_ROLES and actor.consulate != command.consulate:
        raise NotFound(field="consulate")
    _check_services(session, command)
    if closed_days(session, command.consulate, command.date, command.date):
        raise OfficeClosed(field="date")
    rows = hall_rows([desk.services for desk in command.desks])
    if rows is None:
        raise TooManyDeskPatterns(field="desks")
    times = slot_times(command, ZoneInfo(office.time_zone))
    if not times:
        raise SessionTooShort(field="closes")
    if times[0][0] <= now:
        raise Invalid("in_the_past", field="date")
    return _store(session, command, times, rows, now=now, actor=actor)


def slot_times(command: OpenSession, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Starts and ends in UTC, counted on the wall clock; an hour that a clock change skips
    has no slots, and one that it repeats has them once."""
    step = timedelta(minutes=command.slot_minutes)
    start = datetime.combine(command.date, command.opens)
    closing = datetime.combine(command.date, command.closes)
    times = []
    while start + step <= closing:
        begins = start.replace(tzinfo=zone).astimezone(UTC)
        if begins.astimezone(zone).replace(tzinfo=None) == start:
            times.append((begins, begins + step))
        start += step
    return times


def _check_services(session: DbSession, command: OpenSession) -> None:
    bookable = {service.code for service in list_services(session) if service.bookable}
    wanted = {code for desk in command.desks for code in desk.services}
    for code in sorted(wanted | set(command.service_minutes)):
        if code not in bookable:
            raise ServiceNotOffered(field="desks", service=code)
    for code, minutes in command.service_minutes.items():
        if minutes > command.slot_minutes:
            raise ServiceLongerThanSlot(field="service_minutes", service=code)


def _store(
    session: DbSession,
    command: OpenSession,
    times: list[tuple[datetime, datetime]],
    rows: list[HallRow],
    *,
    now: datetime,
    actor: audit.Actor,
) -> UUID:
    made = new_id()
    session.execute(
        insert(Session).values(
            id=made,
            consulate_code=command.consulate,
            day=command.date,
            opens=command.opens,
            closes=command.closes,
            slot_minutes=command.slot_minutes,
            release=command.release,
            created_by=actor.account_id,
            created_at=now,
        )
    )
    _store_desks(session, made, command.desks)
    _store_slots(session, command, made, times, rows)
    audit.record(
        session,
        actor=actor,
        action="session.open",
        subject_kind="session",
        subject_id=made,
        now=now,
        consulate=command.consulate,
    )
    return made


def _store_desks(session: DbSession, made: UUID, desks: Sequence[DeskPlan]) -> None:
    """In the order of their names, so that two sessions that want the same desks never deadlock;
    one by one, so that the one which is taken can be named."""
    for desk in sorted(desks, key=lambda desk: desk.name.lower()):
        values = {"name": desk.name, "services": list(desk.services)}
        try:
            session.execute(insert(Desk).values(id=new_id(), session_id=made, **values))
        except IntegrityError as refused:
            if violated_constraint(refused) == "ex_desks_held":
                raise DeskTaken(desk.name) from refused
            raise


def _store_slots(
    session: DbSession,
    command: OpenSession,
    made: UUID,
    times: list[tuple[datetime, datetime]],
    rows: list[HallRow],
) -> None:
    slots = [
        {
            "id": new_id(),
            "session_id": made,
            "consulate_code": command.consulate,
            "starts_at": begins,
            "ends_at": ends,
            "open": command.release == "open",
        }
        for begins, ends in times
    ]
    session.execute(insert(Slot), slots)
    sets = [
        {"set_no": number, "services": row.services, "capacity": row.capacity}
        for number, row in enumerate(rows)
    ]
    session.execute(
        _SETS_OF_EVERY_SLOT,
        {"slots": [slot["id"] for slot in slots], "sets": json.dumps(sets)},
    )


_SETS_OF_EVERY_SLOT = text(
    """
    INSERT INTO slot_sets (slot_id, set_no, services, capacity)
    SELECT slot, sets.set_no, sets.services, sets.capacity
    FROM unnest(CAST(:slots AS uuid[])) AS slot, jsonb_to_recordset(CAST(:sets AS jsonb))
        AS sets (set_no smallint, services text[], capacity smallint)
    """
)
