"""A booking reads by key, also on a connection that met the tables while they were empty.

PostgreSQL keeps a function's plans for as long as a connection lives. A plan made for an empty
table reads all of it, and goes on doing so when it holds a million rows.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.appointments import booking
from services.appointments.booking import BookAppointment, book
from services.appointments.errors import SlotNotOffered, SlotTaken
from services.appointments.people import Attendee
from services.appointments.planning import DeskPlan, OpenSession, open_session
from services.kernel.audit import SYSTEM, Actor, Role
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from tests.factories.consulates import reference_session, work_as
from tests.factories.web import working_day
from tests.servers import DatabaseUrls

READ_WHOLE = text(
    "SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE relname IN"
    " ('idempotency_keys', 'claims', 'appointments', 'people', 'slot_sets', 'seats')"
)


def test_no_growing_table_is_read_whole(shared_database: DatabaseUrls, settings: Settings) -> None:
    vault, now = Vault(settings.master_keys(), settings.index_key()), system_clock()
    account = new_id()
    actor = Actor(Role.CITIZEN, account)
    with reference_session(shared_database.app_url) as session:
        desks = (DeskPlan("A", ("PAS10", "MAT")),)
        plan = OpenSession("losangeles", working_day(), time(9), time(12), 15, desks)
        open_session(session, plan, now=now, actor=SYSTEM)
        session.execute(
            text("INSERT INTO accounts (id, created_at) VALUES (:id, :now)"),
            {"id": account, "now": now},
        )
        starts = session.execute(text("SELECT starts_at FROM slots ORDER BY 1 LIMIT 6")).scalars()
        connection: Any = session.connection().connection.driver_connection
        before = session.execute(READ_WHOLE).all()
        for number, start in enumerate(starts.all()):
            person = Attendee("Ana", f"Demo {'abcdef'[number]}", None, date(1990, 5, 12))
            command = BookAppointment(
                "losangeles", ("PAS10",), start, (person,), idempotency_key=f"k{number}"
            )
            book(connection, command, now=now, actor=actor, vault=vault)
            again = book(connection, command, now=now, actor=actor, vault=vault)
            assert again.status == "booked"
        work_as(session, NETWORK_SCOPE)
        assert session.execute(READ_WHOLE).all() == before


def test_a_refusal_reads_the_claims_of_its_own_people(
    shared_database: DatabaseUrls, settings: Settings
) -> None:
    """However many others hold a claim to the same service."""
    vault, now = Vault(settings.master_keys(), settings.index_key()), system_clock()
    with reference_session(shared_database.app_url) as session:
        plan = OpenSession(
            "losangeles", working_day(), time(9), time(9, 15), 15, (DeskPlan("A", ("PAS10",)),)
        )
        open_session(session, plan, now=now, actor=SYSTEM)
        start = session.execute(text("SELECT min(starts_at) FROM slots")).scalar_one()
        connection: Any = session.connection().connection.driver_connection
        first, *others = (
            BookAppointment("losangeles", ("PAS10",), start, (_person(letter),))
            for letter in "abcd"
        )
        book(connection, first, now=now, actor=SYSTEM, vault=vault)
        work_as(session, NETWORK_SCOPE)
        session.execute(CROWD)
        before = session.execute(CLAIMS_READ).scalar_one()
        for command in others:
            with suppress(SlotTaken), connection.transaction():
                book(connection, command, now=now, actor=SYSTEM, vault=vault)
        assert session.execute(CLAIMS_READ).scalar_one() - before <= len(others)


def test_refusals_prepare_the_statement_once(
    shared_database: DatabaseUrls, settings: Settings
) -> None:
    """The driver forgets what it prepared for a statement that fails, and prepares it anew."""
    with reference_session(shared_database.app_url) as session:
        for _ in range(3):
            _refuse(session, settings)
        assert session.execute(PREPARED).scalar_one() == 1


def test_a_refusal_is_an_error_to_the_version_before(
    shared_database: DatabaseUrls, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "_BOOK", booking._BOOK.replace("_v4", "_v3"))
    with reference_session(shared_database.app_url) as session:
        _refuse(session, settings)


PREPARED = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%book_app%'")


def _refuse(session: Session, settings: Settings) -> None:
    """Ask for a time that no session offers."""
    vault, now = Vault(settings.master_keys(), settings.index_key()), system_clock()
    connection: Any = session.connection().connection.driver_connection
    start = now + timedelta(days=3)
    command = BookAppointment("losangeles", ("PAS10",), start, (_person("a"),))
    with pytest.raises(SlotNotOffered):
        book(connection, command, now=now, actor=SYSTEM, vault=vault)


CROWD = text(
    "INSERT INTO claims (person_key, service_code, appointment_id)"
    " SELECT sha256(n::text::bytea), 'PAS10', (SELECT id FROM appointments)"
    " FROM generate_series(1, 500) n"
)
CLAIMS_READ = text(
    "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'claims'"
)


def _person(letter: str) -> Attendee:
    return Attendee("Ana", f"Demo {letter}", None, date(1990, 5, 12))
