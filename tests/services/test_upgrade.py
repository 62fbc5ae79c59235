"""A database of the previous release, with data, goes on working after the migrations since.

``PREVIOUS`` is that release's last migration; a release moves it on. What is made before the
upgrade goes through the database functions, whose signatures stay while both versions run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, time
from uuid import UUID

import pytest
from sqlalchemy import select

from consular.app import migrations_head
from services.appointments.booking import Attendee, BookAppointment, Booked, book
from services.appointments.desk import cancel
from services.appointments.errors import ClaimTaken, SlotTaken
from services.appointments.models import Slot
from services.appointments.planning import DeskPlan, OpenSession, open_session
from services.appointments.queries import get_appointment
from services.kernel.audit import SYSTEM, Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import EVERYTHING, Database
from tests.factories.consulates import add_consulate, add_service
from tests.factories.enrollments import make_account
from tests.factories.remittances import VAULT
from tests.factories.web import working_day
from tests.servers import Addresses, DatabaseUrls, migrate

PREVIOUS = "0007"
ANA = Attendee("Ana", "Demo", None, date(1990, 5, 12))
EVA = Attendee("Eva", "Demo", None, date(1991, 6, 13))


@pytest.fixture
def old(servers: Addresses) -> Iterator[DatabaseUrls]:
    """The previous release's schema, and nothing in it."""
    with servers.fresh_database("template0") as urls:
        migrate(urls.owner_url, PREVIOUS)
        yield urls


@contextmanager
def _connected(urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(urls.app_url, pool_size=2)
    try:
        yield database
    finally:
        database.dispose()


def _prepare(database: Database) -> tuple[Actor, BookAppointment]:
    """One window at one time, and who wants it."""
    with database.transaction(EVERYTHING) as session:
        office = add_consulate(session)
        add_service(session)
        session.flush()
        plan = OpenSession(
            office.code, working_day(), time(9), time(9, 30), 30, (DeskPlan("A", ("TST",)),)
        )
        open_session(session, plan, now=system_clock(), actor=SYSTEM)
        actor = Actor(Role.CITIZEN, make_account(session))
        start = session.scalars(select(Slot.starts_at)).one()
    return actor, BookAppointment(
        office.code, ("TST",), start, (ANA,), idempotency_key="k-1", request_hash=b"h" * 32
    )


def _book(database: Database, command: BookAppointment, actor: Actor) -> Booked:
    with database.one_call() as connection:
        return book(connection, command, now=system_clock(), actor=actor, vault=VAULT)


def _cancel(database: Database, appointment: UUID, actor: Actor) -> None:
    with database.transaction(EVERYTHING) as session:
        cancel(session, appointment, now=system_clock(), actor=actor)
        assert get_appointment(session, appointment).status == "cancelled"


def test_appointments_made_before_are_kept_repeated_and_given_back(old: DatabaseUrls) -> None:
    assert migrations_head() >= PREVIOUS
    with _connected(old) as database:
        actor, command = _prepare(database)
        made = _book(database, command, actor)
    migrate(old.owner_url)
    with _connected(old) as database:
        assert _book(database, command, actor) == made
        again = replace(command, idempotency_key="k-2")
        with pytest.raises(ClaimTaken):
            _book(database, again, actor)
        other = replace(command, idempotency_key="k-3", attendees=(EVA,))
        with pytest.raises(SlotTaken):
            _book(database, other, actor)
        _cancel(database, made.id, actor)
        assert _book(database, other, actor).folio != made.folio


def test_a_version_that_still_runs_meanwhile_can_book(old: DatabaseUrls) -> None:
    """Its connections stay open through the migration, with their prepared statements."""
    with _connected(old) as running:
        actor, command = _prepare(running)
        made = _book(running, command, actor)
        migrate(old.owner_url)
        assert _book(running, command, actor) == made
        _cancel(running, made.id, actor)
        other = replace(command, idempotency_key="k-3", attendees=(EVA,))
        assert _book(running, other, actor).status == "booked"
