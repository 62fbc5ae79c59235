"""A database of the previous release, with data, goes on working after the migrations since.

``PREVIOUS`` is that release's last migration; a release moves it on. What is made before the
upgrade goes through the database functions, whose signatures stay while both versions run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from consular import migrations
from services.appointments.booking import BookAppointment, Booked, book
from services.appointments.closing_session import CloseSession, close_session
from services.appointments.desk import cancel
from services.appointments.errors import ClaimTaken, DeskTaken, SlotTaken
from services.appointments.freeing import free_places
from services.appointments.models import Claim, Member, Slot
from services.appointments.people import Attendee
from services.appointments.planning import DeskPlan, OpenSession, open_session
from services.appointments.queries import get_appointment
from services.cashier.queries import list_rendered
from services.citizens.people import person_keys
from services.enrollments.models import Enrollment
from services.folders.models import Consent
from services.incidents.models import Incident
from services.kernel.audit import SYSTEM, Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import FolioKind, new_folio, new_id
from services.kernel.money import Money
from services.ledger.posting import Line, Transfer, post
from services.ledger.queries import balance
from services.ledger.second_book import compare
from services.monitoring.figures import AskIndicator, figures
from services.remittances.funding import ChargeAnswer, settle_charge
from services.remittances.models import Charge, Quote
from services.remittances.parts import list_parts
from services.remittances.payout import PayoutAnswer, settle_payout
from services.remittances.queries import get_remittance, list_history, list_unattended, read_back
from services.remittances.refunding import RefundTask, claim_refund
from services.remittances.rules import Answer, ChargeStatus
from services.remittances.waiting import report_waiting
from services.voting.board import read_board
from tests.factories.consulates import add_consulate, add_service
from tests.factories.enrollments import make_account
from tests.factories.ledger import settle_all
from tests.factories.remittances import VAULT
from tests.factories.web import working_day
from tests.servers import Addresses, DatabaseUrls, connected

PREVIOUS = "0007"
ANA = Attendee("Ana", "Demo", None, date(1990, 5, 12))
EVA = Attendee("Eva", "Demo", None, date(1991, 6, 13))


@pytest.fixture
def old(servers: Addresses) -> Iterator[DatabaseUrls]:
    """The previous release's schema, and nothing in it."""
    with servers.fresh_database("template0") as urls:
        migrations.upgrade(urls.owner_url, PREVIOUS)
        yield urls


@contextmanager
def _connected(urls: DatabaseUrls) -> Iterator[Database]:
    with connected(urls.app_url, pool_size=2) as database:
        yield database


def _prepare(database: Database, *services: str) -> tuple[Actor, BookAppointment]:
    """One window with a time for each service, and who wants them."""
    services = services or ("TST",)
    with database.transaction(NETWORK_SCOPE) as session:
        office = add_consulate(session)
        for code in services:
            add_service(session, code)
        session.flush()
        closes = time(9 + len(services) // 2, len(services) % 2 * 30)
        _open_as_before(session, office.code, closes, services)
        actor = Actor(Role.CITIZEN, make_account(session))
        start = session.scalars(select(Slot.starts_at).order_by(Slot.starts_at)).first()
        assert start is not None
    return actor, BookAppointment(
        office.code, services, start, (ANA,), idempotency_key="k-1", request_hash=b"h" * 32
    )


def _book(database: Database, command: BookAppointment, actor: Actor) -> Booked:
    with database.raw_connection() as connection:
        return book(connection, command, now=system_clock(), actor=actor, vault=VAULT)


# The previous release's call.
_BOOK = """
    SELECT book_appointment(%s, %s, %s, %s, %s, %s, %s, %s, 'citizen', %s, NULL, %s, %s, %s)
"""


def _book_as_before(database: Database, command: BookAppointment, actor: Actor) -> Booked:
    people = [{**asdict(ANA), "id": str(new_id()), "name_index": "00", "data_key": "00"}]
    people[0] |= {"birth_date": "1990-05-12", "curp": None}
    who = command.attendees[0]
    people[0]["keys"] = [key.hex() for key in person_keys(who, VAULT)]
    with database.raw_connection() as connection:
        row = connection.execute(
            _BOOK,
            [
                new_id(), new_folio(FolioKind.APPOINTMENT), command.consulate, command.start,
                list(command.services), Jsonb(people), command.language, actor.account_id,
                actor.account_id, system_clock(), command.idempotency_key, command.request_hash,
            ],
        ).fetchone()  # fmt: skip
    assert row is not None
    ends_at = datetime.fromisoformat(row[0]["ends_at"])
    return Booked(**{**row[0], "id": UUID(row[0]["id"]), "ends_at": ends_at})


def _cancel(database: Database, appointment: UUID, actor: Actor) -> None:
    with database.transaction(NETWORK_SCOPE) as session:
        cancel(session, appointment, now=system_clock(), actor=actor)
        free_places(session, appointment)  # as the workers do a while later
        assert get_appointment(session, appointment).status == "cancelled"


def test_what_was_charged_before_is_a_row_of_its_own(old: DatabaseUrls) -> None:
    with _connected(old) as database:
        actor, command = _prepare(database)
        appointment = _book_as_before(database, command, actor)
    outcome = '{"fee": {"amount": "209.00", "currency": "USD"}, "service": "TST"}'
    with psycopg.connect(old.owner_url) as connection:
        connection.execute("SELECT set_config('app.consulate', '*', true)")
        connection.execute("UPDATE appointments SET status = 'completed', outcome = %s", [outcome])
    migrations.upgrade(old.owner_url)
    with _connected(old) as database, database.transaction(NETWORK_SCOPE) as session:
        (rendered,) = list_rendered(session, [appointment.id])[appointment.id]
        assert (rendered.row.service_code, rendered.charged) == ("TST", Money(20900, "USD"))
        assert (rendered.row.officer_id, rendered.receipt) == (None, None)


def test_what_was_posted_before_is_added_up_and_sealed_and_that_version_goes_on(
    old: DatabaseUrls, servers: Addresses
) -> None:
    superuser = f"{servers.superuser_url.rpartition('/')[0]}/{old.name}"
    with psycopg.connect(superuser) as connection:
        # Without the remittance that it is about.
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO journal_entries (id, key, kind, remittance_id, at)"
            " VALUES (gen_random_uuid(), 'before', 'funded', gen_random_uuid(), '2026-01-01')"
        )
        connection.execute(
            "INSERT INTO postings (entry_id, line, account_code, currency, amount, at)"
            " SELECT id, n, account, 'USD', amount, at FROM journal_entries, (VALUES"
            " (1, 'funding_clearing', 7), (2, 'fee_income', -7)) t (n, account, amount)"
        )
    with _connected(old) as running, running.transaction(NETWORK_SCOPE) as session:
        # It reads by that name, with what its connections have prepared.
        assert [session.scalar(text(_SUM_AS_BEFORE)) for _ in range(6)] == [-7] * 6
        session.commit()
        migrations.upgrade(old.owner_url)
        with _connected(old) as database, database.transaction(NETWORK_SCOPE) as other:
            lines = [Line("funding_clearing", "USD", 7), Line("fee_income", "USD", -7)]
            post(
                other,
                Transfer(new_id(), "funded", new_id(), lines),
                now=datetime(2026, 1, 3, tzinfo=UTC),
            )
        assert session.scalar(text(_SUM_AS_BEFORE)) == -14
    with _connected(old) as database:
        for entries in (2, 3):
            with database.transaction(NETWORK_SCOPE) as session:
                assert balance(session, "fee_income") == -7 * entries
            settle_all(database, VAULT)
            with database.transaction(NETWORK_SCOPE) as session:
                assert balance(session, "fee_income") == -7 * entries
                comparison = compare(session, VAULT)
                assert (comparison.entries, list(comparison.differences)) == (entries, [])
                session.execute(text(_POST_AS_BEFORE), {"lines": _LINES})


_SUM_AS_BEFORE = "SELECT sum(amount) FROM postings WHERE account_code = 'fee_income'"
_POST_AS_BEFORE = """
    SELECT post_entry(gen_random_uuid(), gen_random_uuid()::text, 'funded', gen_random_uuid(),
        '2026-01-02', CAST(:lines AS jsonb))
"""
_LINES = (
    '[{"account": "funding_clearing", "currency": "USD", "amount": 7},'
    ' {"account": "fee_income", "currency": "USD", "amount": -7}]'
)
_COUNT = """
    INSERT INTO vote_counts (id, election, metric, dimension, key, consulate_code, day, value, unit,
        status, source, reported_by, approved_by, approved_at)
    VALUES (gen_random_uuid(), '2027', 'votes', 'consulate', 'testville', 'testville', %s, 12,
        'count', 'approved', 'Acta 12', gen_random_uuid(), gen_random_uuid(), %s)
"""


def test_counts_published_before_are_numbered_and_go_on(old: DatabaseUrls) -> None:
    moment = system_clock()
    with _connected(old) as database, database.transaction(NETWORK_SCOPE) as session:
        office = add_consulate(session)
    with psycopg.connect(old.owner_url) as connection:
        connection.execute("SELECT set_config('app.consulate', '*', true)")
        for day in (date(2027, 6, 5), date(2027, 6, 4)):
            insert = _COUNT.replace("testville", office.code)
            connection.execute(insert.encode(), [day, moment])
    migrations.upgrade(old.owner_url)
    with _connected(old) as database, database.transaction(NETWORK_SCOPE) as session:
        board = read_board(session, "2027")
        assert (board.version, board.at, board.votes) == (2, moment, 24)


def test_appointments_made_before_are_kept_repeated_and_given_back(old: DatabaseUrls) -> None:
    assert migrations.head() >= PREVIOUS
    with _connected(old) as database:
        actor, command = _prepare(database)
        appointment = _book_as_before(database, command, actor)
    migrations.upgrade(old.owner_url)
    with _connected(old) as database:
        assert _book(database, command, actor) == appointment
        again = replace(command, idempotency_key="k-2")
        with pytest.raises(ClaimTaken):
            _book(database, again, actor)
        other = replace(command, idempotency_key="k-3", attendees=(EVA,))
        with pytest.raises(SlotTaken):
            _book(database, other, actor)
        _cancel(database, appointment.id, actor)
        assert _book(database, other, actor).folio != appointment.folio


def test_a_version_that_still_runs_meanwhile_can_book(old: DatabaseUrls) -> None:
    """Its connections stay open through the migration, with their prepared statements."""
    with _connected(old) as running:
        actor, command = _prepare(running)
        appointment = _book_as_before(running, command, actor)
        migrations.upgrade(old.owner_url)
        assert _book_as_before(running, command, actor) == appointment
        _cancel(running, appointment.id, actor)
        other = replace(command, idempotency_key="k-3", attendees=(EVA,))
        assert _book_as_before(running, other, actor).status == "booked"


def test_people_of_before_are_numbered_and_move_with_what_that_version_moves(
    old: DatabaseUrls,
) -> None:
    with _connected(old) as running:
        actor, command = _prepare(running)
        appointment = _book_as_before(running, command, actor)
        migrations.upgrade(old.owner_url)
        with running.transaction(NETWORK_SCOPE) as session:
            member = session.scalars(select(Member)).one()
            assert (member.n, member.folio, member.status) == (1, appointment.folio, "booked")
            assert session.scalars(select(Claim.n).distinct()).all() == [1]
            session.execute(text("UPDATE appointments SET status = 'checked_in'"))
            session.expire_all()
            assert session.scalars(select(Member.status)).all() == ["checked_in"]


def test_desks_that_overlapped_before_stay_and_nothing_new_overlaps_them(
    old: DatabaseUrls,
) -> None:
    with _connected(old) as running:
        with running.transaction(NETWORK_SCOPE) as session:
            office = add_consulate(session).code
            add_service(session)
            opened = [_open_as_before(session, office, time(9, 30), ("TST",)) for _ in range(2)]
        migrations.upgrade(old.owner_url)
        with running.transaction(NETWORK_SCOPE) as session:
            assert len(session.scalars(select(Slot.starts_at)).all()) == 2
            for hours in ((time(9), time(9, 30)), (time(8), time(12))):
                with pytest.raises(DeskTaken), session.begin_nested():
                    _open(session, office, *hours)
            _open(session, office, time(10), time(11))
        supervisor = Actor(Role.SUPERVISOR, None, office)
        with running.transaction(NETWORK_SCOPE) as session:
            for each in opened:
                close_session(session, CloseSession(each), now=system_clock(), actor=supervisor)
            _open(session, office)


# As the previous release writes a session from nine o'clock in Los Angeles, with one window.
_OPEN = text(
    """
    WITH slot AS (
        INSERT INTO slots (id, session_id, consulate_code, starts_at, ends_at, open)
        SELECT gen_random_uuid(), :id, :office, at AT TIME ZONE 'America/Los_Angeles',
            (at + interval '30 minutes') AT TIME ZONE 'America/Los_Angeles', true
        FROM generate_series(CAST(:day AS date) + time '09:00',
            CAST(:day AS date) + CAST(:closes AS time) - interval '30 minutes',
            interval '30 minutes') at
        RETURNING id
    ) INSERT INTO slot_sets (slot_id, set_no, services, capacity)
    SELECT id, 0, :services, 1 FROM slot
    """
)


def _open_as_before(session: Session, office: str, closes: time, services: tuple[str, ...]) -> UUID:
    values = {
        "id": new_id(), "office": office, "day": working_day(), "closes": closes,
        "services": list(services), "now": system_clock(),
    }  # fmt: skip
    for statement in (
        "INSERT INTO sessions (id, consulate_code, day, opens, closes, slot_minutes, release,"
        " created_at) VALUES (:id, :office, :day, '09:00', :closes, 30, 'open', :now)",
        "INSERT INTO desks (id, session_id, name, services)"
        " VALUES (gen_random_uuid(), :id, 'A', :services)",
    ):
        session.execute(text(statement), values)
    session.execute(_OPEN, values)
    opened: UUID = values["id"]
    return opened


def _open(session: Session, office: str, opens: time = time(9), closes: time = time(9, 30)) -> UUID:
    plan = OpenSession(office, working_day(), opens, closes, 30, (DeskPlan("A", ("TST",)),))
    return open_session(session, plan, now=system_clock(), actor=SYSTEM)


def _count(database: Database, code: str, as_of: datetime | None = None) -> int:
    with database.transaction(NETWORK_SCOPE) as session:
        answer = figures(session, AskIndicator(code, as_of=as_of))
        return sum(row["value"] for row in answer.rows)


def test_an_appointment_for_two_services_counts_once_since_and_as_before_as_of_before(
    old: DatabaseUrls,
) -> None:
    with _connected(old) as database:
        actor, command = _prepare(database, "TST", "TSU")
        appointment = _book_as_before(database, command, actor)
        with database.transaction(NETWORK_SCOPE) as session:
            then = session.scalar(select(func.clock_timestamp()))
    migrations.upgrade(old.owner_url)
    with _connected(old) as database:
        assert (_count(database, "appointments", then), _count(database, "appointments")) == (2, 1)
        assert (_count(database, "people", then), _count(database, "people")) == (1, 1)
        assert (_count(database, "services", then), _count(database, "services")) == (2, 2)
        _cancel(database, appointment.id, actor)
        with database.transaction(NETWORK_SCOPE) as session:
            for code, value in (("appointments", 1), ("people", 1), ("services", 2)):
                rows = figures(session, AskIndicator(code)).rows
                assert [dict(row) for row in rows] == [{"status": "cancelled", "value": value}]


def test_requests_made_before_get_their_persons_folder_and_consent(old: DatabaseUrls) -> None:
    with _connected(old) as database, database.transaction(NETWORK_SCOPE) as session:
        account = make_account(session)
        _request_as_before(session, account, curp=b"c1")
        _request_as_before(session, account, curp=b"c1")
        _request_as_before(session, account, curp=b"c2")
        _request_as_before(session, account, curp=None)
        _request_as_before(session, None, curp=b"c1")
    migrations.upgrade(old.owner_url)
    with _connected(old) as database, database.transaction(NETWORK_SCOPE) as session:
        folders = session.scalars(
            select(Enrollment.folder_id).order_by(Enrollment.created_at, Enrollment.id)
        ).all()
        assert folders[0] == folders[1]
        assert folders[3] is None
        assert len({*folders}) == 4
        assert session.scalars(select(Consent.agency)).all() == ["sat"] * 4
        # What that version still files has none.
        _request_as_before(session, account, curp=b"c3")


def _request_as_before(session: Session, account: UUID | None, *, curp: bytes | None) -> None:
    person = new_id()
    session.execute(
        text(
            "INSERT INTO people (id, account_id, given_names, first_surname, name_index,"
            " curp_index, created_at) VALUES (:id, :account, 'Ana', 'Demo', '', :curp, now())"
        ),
        {"id": person, "account": account, "curp": curp},
    )
    session.execute(
        text(
            "INSERT INTO enrollments (id, folio, program, account_id, person_id, status,"
            " data_sealed, consents, consented_at, language, day, created_at, changed_at)"
            " VALUES (:id, :folio, 'rfc', :account, :person, 'received', '',"
            " '{transfer_to_agency}', now(), 'es', current_date, now(), now())"
        ),
        {
            "id": new_id(),
            "folio": new_folio(FolioKind.ENROLLMENT),
            "account": account,
            "person": person,
        },
    )


def test_transfers_under_way_before_are_brought_to_their_end(old: DatabaseUrls) -> None:
    """The previous release calls them ``sending`` and ``accepted``, and took money as paid."""
    now = system_clock()
    with _connected(old) as database, database.transaction(NETWORK_SCOPE) as session:
        account = make_account(session)
        sent, taken, refused, silent = (
            _transfer_as_before(session, account, status, now=now - timedelta(hours=1))
            for status in ("sending", "accepted", "accepted", "sending")
        )
    migrations.upgrade(old.owner_url)
    with _connected(old) as database:
        with database.transaction(NETWORK_SCOPE) as session:
            waiting = list_unattended(session, before=now, limit=9)
            assert {each.id for each in waiting} == {sent, taken, refused, silent}
            words = (sent, Answer.ACCEPTED), (sent, Answer.PAID), (taken, Answer.PAID)
            after = [settle_payout(session, id, PayoutAnswer(word), now=now) for id, word in words]
            assert after == ["submitted", "paid", "paid"]
        with database.transaction(NETWORK_SCOPE) as session:
            no = PayoutAnswer(Answer.REFUSED, reason_code="account_closed")
            assert settle_payout(session, refused, no, now=now) == "refunding"
            # No provider took it: there is nobody to give it back through.
            assert claim_refund(session, refused, now=now) is None
            assert get_remittance(session, refused).status == "refunded"
        with database.transaction(NETWORK_SCOPE) as session:
            assert report_waiting(session, now=now + timedelta(days=2), most=9) == 2
            kinds = select(Incident.kind).where(Incident.subject_id == silent)
            assert set(session.scalars(kinds)) == {"answer_overdue", "agency_silent"}
            steps = list_history(session, sent)
            assert [step.status for step in steps] == ["submitted", "paid"]


def test_a_transfer_of_before_is_an_order_of_one_part_that_is_given_back_whole(
    old: DatabaseUrls,
) -> None:
    now = system_clock()
    with _connected(old) as database, database.transaction(NETWORK_SCOPE) as session:
        account = make_account(session)
        id = _transfer_as_before(session, account, "accepted", now=now)
    migrations.upgrade(old.owner_url)
    with _connected(old) as database, database.transaction(NETWORK_SCOPE) as session:
        [part] = list_parts(session, id)
        assert (part.id, part.part, part.dues_due_on, part.enrollment_id) == (id, 1, None, None)
        quote = session.get_one(Quote, part.quote_id)
        assert (quote.shares, quote.total) == ([], part.total)
        # As a version between took its payment: under its own folio, and all of it.
        charge = Charge(remittance_id=id, state=ChargeStatus.PAID, expires_at=now, asked_at=now)
        session.add(charge)
        no = PayoutAnswer(Answer.REFUSED, reason_code="account_closed")
        settle_payout(session, id, no, now=now)
        task = claim_refund(session, id, now=now)
        assert task == RefundTask(id, part.folio, 1299, None)
        back = read_back(session, id)
        assert (back.now.minor, back.before.minor, back.stays.minor) == (1299, 0, 0)
        after = settle_charge(session, id, ChargeAnswer(ChargeStatus.REFUNDED), now=now)
        assert (after, charge.state) == ("refunded", "refunded")


def _transfer_as_before(session: Session, account: UUID, status: str, *, now: datetime) -> UUID:
    """Paid for and on its way, as the previous release writes it; nothing in its books."""
    values = {
        "id": new_id(), "account": account, "person": new_id(), "status": status, "now": now,
        "folio": new_folio(FolioKind.REMITTANCE), "due": now + timedelta(days=1),
        "outcome": "sending" if status == "sending" else "answered",
    }  # fmt: skip
    for statement in (
        "INSERT INTO people (id, account_id, given_names, first_surname, name_index, created_at)"
        " VALUES (:person, :account, 'Ana', 'Demo', '', :now)",
        "INSERT INTO quotes VALUES (:id, :account, 'bank_account', 'branch', 1000, 299, 0, 1299,"
        " 18000, 18, 'SF43718', :now, :now, :now, :due)",
        "INSERT INTO remittances (id, folio, account_id, quote_id, sender_id, recipient_id,"
        " sender_name, funding, payout, purpose, send_minor, fee_minor, tax_minor, total_minor,"
        " receive_minor, rate, day, status, funded_at, cancel_until, date_available,"
        " answer_due_at, changed_at) VALUES (:id, :folio, :account, :id, :person, :person, 'Ana',"
        " 'bank_account', 'branch', 'family', 1000, 299, 0, 1299, 18000, 18, :now, :status, :now,"
        " :now, :now, :due, :now)",
        "INSERT INTO payout_attempts (remittance_id, number, outcome, sent_at)"
        " VALUES (:id, 1, :outcome, :now)",
    ):
        session.execute(text(statement), values)
    remittance: UUID = values["id"]
    return remittance
