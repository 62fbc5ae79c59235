"""Who books, moves and changes hours at one time waits for one another, and never in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, text

from consular.seed import load_reference
from services.appointments.booking import BookAppointment, book
from services.appointments.editing import Changes, EditSession, edit_session
from services.appointments.finding_seats import find_seats, take_seats
from services.appointments.models import Appointment, Seat, Slot
from services.appointments.people import Attendee
from services.appointments.planning import DeskPlan, OpenSession, open_session
from services.appointments.rescheduling import RescheduleAppointment, reschedule
from services.appointments.seating import Party, Plan
from services.kernel.audit import SYSTEM, Actor, Role
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database, driver_connection
from services.kernel.settings import Settings
from tests.factories.web import working_day

OFFICE, ZONE = "losangeles", ZoneInfo("America/Los_Angeles")
NINE = datetime.combine(working_day(), time(9), ZONE)
SUPERVISOR = Actor(Role.SUPERVISOR, None, OFFICE)
# Somebody waits for this transaction, and not whoever else waits in another database.
_WAITING = text(
    "SELECT EXISTS (SELECT FROM pg_locks"
    " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
)


class Office:
    """An office with a session of an hour in which a passport takes two slots."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.vault = Vault(settings.master_keys(), settings.index_key())
        desks = (DeskPlan("A", ("PAS10", "MAT")), DeskPlan("B", ("PAS10", "INE", "RFC")))
        command = OpenSession(
            OFFICE, working_day(), time(9), time(10), 15, desks, service_minutes={"PAS10": 30}
        )
        with database.transaction(NETWORK_SCOPE) as session:
            self.opening = open_session(session, command, now=system_clock(), actor=SYSTEM)

    def book(self, surname: str, service: str = "PAS10") -> UUID:
        """Somebody's appointment at nine."""
        person = Attendee("Ana", surname, None, date(1990, 5, 12))
        command = BookAppointment(OFFICE, (service,), NINE, (person,))
        connection: Any
        with self.database.raw_connection() as connection:
            booked = book(connection, command, now=system_clock(), actor=SYSTEM, vault=self.vault)
        return booked.id

    def move(self, appointment: UUID) -> None:
        """To half past nine."""
        command = RescheduleAppointment(appointment, NINE + timedelta(minutes=30))
        with self.database.transaction(NETWORK_SCOPE) as session:
            reschedule(session, command, now=system_clock(), actor=SYSTEM)

    def edit(self) -> None:
        """Until a quarter past ten."""
        command = EditSession(self.opening, Changes(closes=time(10, 15)))
        with self.database.transaction(NETWORK_SCOPE) as session:
            edit_session(session, command, now=system_clock(), actor=SUPERVISOR)

    def seat_while(self, appointment: UUID, party: Party, do: Callable[[], None]) -> Plan:
        """Find seats, let ``do`` wait for them in another transaction, take them; then give up."""
        with ThreadPoolExecutor(1) as threads, self.database.transaction(NETWORK_SCOPE) as session:
            connection = driver_connection(session)
            plan = find_seats(connection, OFFICE, party, holder=None, now=system_clock())
            person = session.scalars(select(Seat.person_id)).one()
            other = threads.submit(do)
            while not session.scalar(_WAITING):
                assert not other.done()
            take_seats(connection, appointment, plan, party, [person])
            session.rollback()
            other.result(60)
        return plan


@pytest.fixture
def office(settings: Settings) -> Iterator[Office]:
    load_reference(settings)
    database = Database(settings.worker_database_url, pool_size=3)
    yield Office(database, settings)
    database.dispose()


def test_who_leaves_a_desk_may_be_seated_at_another_until_then(office: Office) -> None:
    ana = office.book("Demo")
    plan = office.seat_while(ana, Party(NINE, ("MAT",)), lambda: office.move(ana))
    assert plan.moved
    with office.database.transaction(NETWORK_SCOPE) as session:
        moved = session.scalars(select(Appointment)).one()
        assert moved.starts_at == NINE + timedelta(minutes=30)


def test_hours_change_while_the_first_named_desk_is_given(office: Office) -> None:
    ana = office.book("Demo", "MAT")
    plan = office.seat_while(ana, Party(NINE, ("PAS10",)), office.edit)
    assert plan.seats[0].desk
    with office.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalar(select(func.count()).select_from(Slot)) == 5
