"""Whoever asks to be erased is nowhere any more: in no column, index or kept answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from integrations.simulator.names import Person as Named
from integrations.simulator.names import make_curp
from services.appointments.booking import BookAppointment, Hand, book
from services.appointments.completing import Served, complete
from services.appointments.desk import TakeStep, take_step
from services.appointments.models import Slot
from services.appointments.people import Attendee
from services.appointments.planning import DeskPlan, OpenSession, open_session
from services.appointments.resembling import resemblance_keys, write_keys
from services.appointments.rules import Step
from services.cashier.models import FeeLine
from services.cashier.queries import list_rendered
from services.citizens.accounts import set_profile, sign_in
from services.citizens.codes import Destination, destination_index, send_code, use_code
from services.citizens.models import LoginCode, Person
from services.citizens.people import PersonData, curp_index, person_keys
from services.collection.handing_over import HandOver, hand_over
from services.collection.marking import mark_ready
from services.collection.rules import Collector
from services.disputes.claiming import ClaimError, claim
from services.disputes.rules import Kind as DisputeKind
from services.enrollments.progress import AgencyStatus, begin_submission, record_progress
from services.enrollments.requesting import Applicant, RequestEnrollment, request_enrollment
from services.enrollments.rules import Status as EnrollmentStatus
from services.forms.drafts import save_draft
from services.forms.owners import account_owner
from services.identity.checking import CheckIdentity, ask_for_check, check_identity
from services.identity.models import Homonym
from services.incidents.handling import add_note, resolve
from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Resolution, Subject
from services.kernel.audit import SYSTEM, Actor, AuditEntry, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.errors import Conflict, NotFound, WrongState
from services.kernel.idempotency import RequestKey, begin, finish
from services.kernel.ids import new_id
from services.privacy.deciding import approve_erasure, refuse_erasure
from services.privacy.erasing import erase
from services.privacy.models import ErasureRequest
from services.privacy.requesting import request_erasure_of, request_own_erasure
from services.privacy.rules import Obstacle, Refusal, Status
from services.remittances.advancing import claim_next
from services.remittances.erasing import open_blocked
from services.remittances.models import BlockedRecord, Remittance
from services.remittances.payout import PayoutAnswer, settle_payout
from services.remittances.queries import lookup, proof
from services.remittances.rules import Answer
from services.staff.sessions import start_session
from tests.factories.consulates import add_consulate, add_service
from tests.factories.remittances import NOW, VAULT, make_remittance, prepare_reference
from tests.factories.web import working_day
from tests.servers import DatabaseUrls, connected

EMAIL, PHONE, DOCUMENT = "xochi.tzompan@example.org", "+13105550177", "G4455667788"
NAMED = Named("Xochiquetzalli", "Tzompantzinco", "Iztaccihuatla", date(1987, 3, 19))
CURP = make_curp(NAMED, "M")
DATA = PersonData(
    NAMED.given_names, NAMED.first_surname, NAMED.second_surname, NAMED.birth_date,
    "JAL", CURP, EMAIL, PHONE,
)  # fmt: skip
WHO = Attendee(
    NAMED.given_names, NAMED.first_surname, NAMED.second_surname, NAMED.birth_date, curp=CURP
)
MOTHER = "Hermelinda"  # as `make_recipient` calls her
CLABE_END = "0011"
PLAIN = {
    "given names": NAMED.given_names, "first surname": NAMED.first_surname,
    "second surname": NAMED.second_surname, "birth date": "1987-03-19", "CURP": CURP,
    "e-mail": EMAIL, "phone": PHONE, "document": DOCUMENT, "recipient": MOTHER,
}  # fmt: skip
# Long after everything was done, and in another month than the money was sent.
LATER = max(NOW, system_clock()) + timedelta(days=70)


def _indexes(account: UUID | None) -> dict[str, str]:
    """Everything keyed by which the person could be found, in hexadecimal."""
    keys = {f"key {n}": key for n, key in enumerate(person_keys(DATA, VAULT))}
    codes = {"email": EMAIL, "sms": PHONE}
    return {
        name: value.hex()
        for name, value in {
            **keys,
            "curp": curp_index(CURP, VAULT),
            **{f"code {c}": destination_index(Destination(c, a), VAULT) for c, a in codes.items()},
            **{f"sign in {c}": VAULT.blind_index(f"identity.{c}", a) for c, a in codes.items()},
            "booking email": VAULT.blind_index("booking.email", EMAIL),
            "booking phone": VAULT.blind_index("booking.phone", PHONE),
            "forms": VAULT.blind_index("form.account", str(account)),
            **{f"like {n}": k for n, k in enumerate(resemblance_keys(VAULT, WHO))},
        }.items()
    }


def found_in(urls: DatabaseUrls, account: UUID | None = None) -> dict[str, set[str]]:
    """What of the person stands where: name of it by "table.column", over the whole database."""
    wanted = {**PLAIN, **_indexes(account)}
    places: dict[str, set[str]] = {}
    with psycopg.connect(urls.owner_url) as connection:
        connection.execute("SELECT set_config('app.consulate', '*', true)")
        columns = connection.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c"
            " JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        ).fetchall()
        for table, column in columns:
            query = sql.SQL("SELECT DISTINCT {column}::text FROM {table}").format(
                column=sql.Identifier(column), table=sql.Identifier(table)
            )
            whole = "\n".join(str(value) for (value,) in connection.execute(query)).casefold()
            here = {name for name, value in wanted.items() if value.casefold() in whole}
            if here:
                places[f"{table}.{column}"] = here
    return places


@pytest.fixture
def here(database: DatabaseUrls) -> Iterator[Database]:
    with connected(database.worker_url, pool_size=2) as opened:
        yield opened


@dataclass
class Office:
    """An office with two windows' times, thirty days ahead, and its officer."""

    database: Database
    code: str
    start: datetime
    urls: DatabaseUrls

    @property
    def officer(self) -> Actor:
        return Actor(Role.OFFICER, OFFICER, self.code)

    def book(self, actor: Actor, *people: Attendee, service: str = "TST", **to: Any) -> UUID:
        command = BookAppointment(
            self.code, (service,), self.start, people or (WHO,), **to,
            idempotency_key=str(new_id()), request_hash=b"h" * 32,
        )  # fmt: skip
        with self.database.raw_connection() as connection:
            return book(
                connection, command, now=system_clock(), actor=actor, vault=VAULT,
                hand=Hand(address=b"a" * 32),
            ).id  # fmt: skip

    def serve(self, appointment: UUID) -> None:
        """At the desk, which is the web."""
        now, web = self.start + timedelta(minutes=1), Database(self.urls.web_url, pool_size=1)
        with web.transaction(NETWORK_SCOPE) as session:
            take_step(session, TakeStep(appointment, Step.CHECK_IN), now=now, actor=SYSTEM)
            complete(session, appointment, Served(DOCUMENT), now=now, actor=SYSTEM, vault=VAULT)
            line = {"kind": "discount", "code": "disability", "article": "LFD 20", "minor": 0}
            for rendered in list_rendered(session, [appointment])[appointment]:
                name = session.get_one(Person, rendered.row.person_id).given_names
                ground = f"Credencial de {name}"
                session.add(FeeLine(rendered_id=rendered.row.id, position=1, ground=ground, **line))
                _collect(session, rendered.row.id, name, now=now)
        web.dispose()


def _collect(session: Session, rendered: UUID, name: str, *, now: datetime) -> None:
    """A document that somebody else collected."""
    ready = mark_ready(session, rendered, now=now, actor=SYSTEM)
    shown = f"Carta de {name}"
    taken = HandOver(ready.id, Collector.AUTHORIZED, shown, name=name)
    hand_over(session, taken, now=now, actor=SYSTEM, vault=VAULT)


OFFICER, BOSS = UUID(int=1), UUID(int=2)


@pytest.fixture
def office(here: Database, database: DatabaseUrls) -> Office:
    with here.transaction(NETWORK_SCOPE) as session:
        code = add_consulate(session).code
        add_service(session, "TST")
        add_service(session, "TSU")
        session.flush()
        desks = tuple(DeskPlan(name, ("TST", "TSU")) for name in "ABCD")
        plan = OpenSession(code, working_day(), time(9), time(10), 30, desks)
        open_session(session, plan, now=system_clock(), actor=SYSTEM)
        start = session.scalars(select(func.min(Slot.starts_at))).one()
    return Office(here, code, start, database)


def _sign_in(here: Database) -> Actor:
    """By a code to the e-mail; a second one stays unused."""
    to = Destination("email", EMAIL)
    with here.transaction(NETWORK_SCOPE) as session:
        row = send_code(session, to, language="es", now=system_clock(), vault=VAULT)
        sent = session.get_one(LoginCode, row)
        key = VAULT.unwrap(sent.data_key, row)
        code = key.open(sent.code_sealed, place="login_codes.code", row=row)
        account = use_code(session, to, code, now=system_clock(), vault=VAULT)
        assert isinstance(account, UUID)
        send_code(session, to, language="es", now=system_clock(), vault=VAULT)
        set_profile(session, account, DATA, now=system_clock(), vault=VAULT)
        start_session(session, now=system_clock(), account_id=account)
    return Actor(Role.CITIZEN, account)


def _visit(office: Office, actor: Actor) -> None:
    """Served once; the other time sent away with a pass, in words that name the person."""
    first = office.book(actor, email=EMAIL, phone=PHONE)
    second = office.book(actor, service="TSU", email=EMAIL)
    with office.database.transaction(NETWORK_SCOPE) as session:
        write_keys(session, first, VAULT)
        away = {"reason": f"{NAMED.given_names} no trae acta", "bring": [f"CURP {CURP}"]}
        now = office.start + timedelta(minutes=1)
        take_step(session, TakeStep(second, Step.CHECK_IN), now=now, actor=SYSTEM)
        take_step(session, TakeStep(second, Step.NOT_SERVED, details=away), now=now, actor=SYSTEM)
    office.serve(first)


def _enroll(here: Database, actor: Actor) -> None:
    applicant = Applicant(
        DATA.given_names, DATA.first_surname, DATA.second_surname, NAMED.birth_date,
        curp=CURP, email=EMAIL, phone=PHONE,
    )  # fmt: skip
    request = RequestEnrollment("rfc", applicant, ("transfer_to_agency",))
    now = system_clock()
    with here.transaction(NETWORK_SCOPE) as session:
        enrollment = request_enrollment(session, request, now=now, actor=actor, vault=VAULT)
        begin_submission(session, enrollment.id, now=now, vault=VAULT)
        word = AgencyStatus(EnrollmentStatus.ACTIVE, {"rfc": "TOIX870319AB1"})
        record_progress(session, enrollment.id, word, now=now, vault=VAULT)


def _send_money(here: Database, actor: Actor, *, paid: bool = True) -> str:
    with here.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session)
        remittance = make_remittance(session, actor, surname="Tzompantzinco")
        if paid:
            claim_next(session, remittance.id, now=NOW, vault=VAULT)
            settle_payout(session, remittance.id, PayoutAnswer(Answer.PAID), now=NOW)
        return remittance.folio


def _write_notes(here: Database) -> None:
    with here.transaction(NETWORK_SCOPE) as session:
        remittance = session.scalars(select(Remittance.id)).one()
        reported = Report(Kind.CANCEL_REFUSED, Subject.REMITTANCE, remittance)
        incident = report(session, reported, now=NOW)
        staff = Actor(Role.TREASURY, BOSS)
        note = f"{NAMED.given_names} {NAMED.first_surname} llamó del {PHONE}"
        add_note(session, incident, note, now=NOW, actor=staff)
        resolve(session, incident, Resolution.EXPLAINED, note, now=NOW, actor=staff)


def _prove_identity(office: Office, actor: Actor) -> None:
    with office.database.transaction(NETWORK_SCOPE) as session:
        assert actor.account_id is not None
        now = system_clock()
        ask_for_check(session, actor.account_id, person_keys(WHO, VAULT), now=now)
        command = CheckIdentity(WHO, f"Pasaporte {DOCUMENT}", email=EMAIL)
        check = check_identity(session, command, now=now, actor=office.officer, vault=VAULT)
        key, *_ = person_keys(WHO, VAULT)
        session.execute(
            insert(Homonym).values(
                own_key=b"own", person_key=key, account_id=actor.account_id,
                identity_check_id=check.id, created_at=now,
            )
        )  # fmt: skip


def _keep_answers(urls: DatabaseUrls, actor: Actor) -> None:
    """A draft of the pages and a stored answer: the web's tables."""
    web = Database(urls.web_url, pool_size=1)
    account = actor.account_id
    assert account is not None
    with web.transaction(NETWORK_SCOPE) as session:
        now = system_clock()
        owner = account_owner(account, VAULT)
        content = {"given_names": NAMED.given_names, "curp": CURP}
        save_draft(session, new_id(), content, owner=owner, owners=[], now=now, vault=VAULT)
        begin(session, RequestKey("k", b"h"), account_id=account, now=now)
        answers = {"for": DATA.given_names}
        finish(session, RequestKey("k", b"h"), account_id=account, status=201, response=answers)
    web.dispose()


@pytest.fixture
def citizen(here: Database, office: Office, database: DatabaseUrls) -> Actor:
    """Somebody who has done everything that can be done here."""
    actor = _sign_in(here)
    _visit(office, actor)
    _enroll(here, actor)
    _send_money(here, actor)
    _write_notes(here)
    _prove_identity(office, actor)
    _keep_answers(database, actor)
    return actor


def _erase(here: Database, request: UUID, now: datetime = LATER) -> list[Obstacle]:
    with here.transaction(NETWORK_SCOPE) as session:
        return list(erase(session, request, now=now, vault=VAULT))


def _ask(here: Database, actor: Actor) -> UUID:
    with here.transaction(NETWORK_SCOPE) as session:
        return request_own_erasure(session, now=system_clock(), actor=actor).id


def test_no_column_gives_the_person_back(
    here: Database, citizen: Actor, database: DatabaseUrls
) -> None:
    before = found_in(database, citizen.account_id)
    assert set(before) >= {
        "people.given_names", "people.first_surname", "people.second_surname", "people.birth_date",
        "people.name_index", "people.curp_index", "identities.subject_index",
        "login_codes.destination_index", "appointments.email_index", "appointments.phone_index",
        "appointments.outcome", "return_passes.person_keys", "enrollment_claims.person_key",
        "identity_checks.person_keys", "identity_checks.document", "homonyms.person_key",
        "remittances.sender_name", "incident_steps.note", "idempotency_keys.response",
        "drafts.owner", "fee_lines.ground", "ready_documents.document",
    }  # fmt: skip
    request = _ask(here, citizen)
    assert _erase(here, request) == []
    assert found_in(database, citizen.account_id) == {}


def test_nothing_that_was_sealed_can_be_opened(
    here: Database, citizen: Actor, database: DatabaseUrls
) -> None:
    _erase(here, _ask(here, citizen))
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("SELECT set_config('app.consulate', '*', true)")
        sealed = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name LIKE '%\\_sealed'"
            " AND table_name <> 'blocked_records'"
        ).fetchall()
        for table, column in sealed:
            query = sql.SQL("SELECT count(*) FROM {} WHERE coalesce({}, '') <> ''").format(
                sql.Identifier(table), sql.Identifier(column)
            )
            assert connection.execute(query).fetchone() == (0,), (table, column)


def test_folios_facts_and_the_books_stay(here: Database, citizen: Actor) -> None:
    counts = text(
        "SELECT (SELECT count(*) FROM facts), (SELECT count(*) FROM postings),"
        " (SELECT count(*) FROM remittance_events), (SELECT count(*) FROM seats),"
        " (SELECT string_agg(folio, ',' ORDER BY folio) FROM appointments),"
        " (SELECT string_agg(folio, ',' ORDER BY folio) FROM enrollments),"
        " (SELECT string_agg(folio || total_minor, ',' ORDER BY folio) FROM remittances)"
    )
    with here.transaction(NETWORK_SCOPE) as session:
        before = session.execute(counts).one()
    _erase(here, _ask(here, citizen))
    with here.transaction(NETWORK_SCOPE) as session:
        assert session.execute(counts).one() == before
        assert proof(session).holds
        actions = session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.subject_kind == "erasure_request")
            .order_by(AuditEntry.at)
        ).all()
    assert actions == ["erasure.request", "erasure.done"]


def test_where_they_paid_for_it_is_forgotten(here: Database, citizen: Actor) -> None:
    kept = text("SELECT count(pay_address), count(pay_reference), count(*) FROM charges")
    with here.transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE charges SET pay_address = 'https://p.invalid/7',"
                             " pay_reference = '7123'"))  # fmt: skip
        assert session.execute(kept).one() == (1, 1, 1)
    _erase(here, _ask(here, citizen))
    with here.transaction(NETWORK_SCOPE) as session:
        assert session.execute(kept).one() == (0, 0, 1)


def test_who_sent_and_received_is_kept_apart_until_the_law_lets_it_go(
    here: Database, citizen: Actor
) -> None:
    _erase(here, _ask(here, citizen))
    auditor = Actor(Role.AUDITOR, BOSS)
    with here.transaction(NETWORK_SCOPE) as session:
        remittance = session.scalars(select(Remittance)).one()
        kept = open_blocked(session, remittance.folio, now=LATER, actor=auditor, vault=VAULT)
        assert kept["sender"]["curp"] == CURP
        assert kept["recipient"]["given_names"] == MOTHER
        assert kept["account"].endswith(CLABE_END[-2:]) or len(kept["account"]) == 18
        assert kept["blocked_until"] == f"{NOW.year + 11}-01-01"
        assert (
            session.scalar(
                select(func.count()).where(AuditEntry.action == "remittance.read_blocked")
            )
            == 1
        )
        for said in ("", "Tzompantzinco", "-"):
            with pytest.raises(NotFound):
                lookup(session, remittance.folio, said)


def test_what_a_comparison_with_lists_found_is_kept_apart_too(
    here: Database, citizen: Actor, database: DatabaseUrls
) -> None:
    hit = text(
        "INSERT INTO screening_hits (id, remittance_id, party, list_name, reference, name,"
        " found_at, decision, reason, decided_at) SELECT gen_random_uuid(), id, 'sender', 'demo',"
        " '7', :name, now(), 'released', :reason, now() FROM remittances"
    )
    named = f"{NAMED.given_names} {NAMED.first_surname}"
    with here.transaction(NETWORK_SCOPE) as session:
        session.execute(hit, {"name": named, "reason": f"Otra {named}"})
    assert "screening_hits.name" in found_in(database, citizen.account_id)
    _erase(here, _ask(here, citizen))
    assert found_in(database, citizen.account_id) == {}
    auditor = Actor(Role.AUDITOR, BOSS)
    with here.transaction(NETWORK_SCOPE) as session:
        assert session.execute(text("SELECT count(*) FROM screening_hits")).scalar_one() == 0
        folio = session.scalars(select(Remittance.folio)).one()
        kept = open_blocked(session, folio, now=LATER, actor=auditor, vault=VAULT)
    [found] = kept["screening"]
    assert found["name"] == named
    assert (found["decision"], found["reason"]) == ("released", f"Otra {named}")


def test_erasing_again_changes_nothing(here: Database, citizen: Actor) -> None:
    request = _ask(here, citizen)
    _erase(here, request)
    with here.transaction(NETWORK_SCOPE) as session:
        done = session.get_one(ErasureRequest, request).done_at
        entries = session.scalar(select(func.count()).select_from(AuditEntry))
    assert _erase(here, request, LATER + timedelta(days=1)) == []
    with here.transaction(NETWORK_SCOPE) as session:
        assert session.get_one(ErasureRequest, request).done_at == done
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == entries
        assert session.scalar(select(func.count()).select_from(BlockedRecord)) == 1


def test_whoever_comes_back_is_somebody_new(here: Database, citizen: Actor) -> None:
    _erase(here, _ask(here, citizen))
    with here.transaction(NETWORK_SCOPE) as session:
        account = sign_in(session, issuer="email", subject=EMAIL, now=LATER, vault=VAULT)
        assert account != citizen.account_id
        assert session.scalars(select(Person).where(Person.account_id == account)).all() == []


def _booked(office: Office, actor: Actor) -> None:
    office.book(actor)


def _undecided(office: Office, actor: Actor) -> None:
    applicant = Applicant(
        DATA.given_names, DATA.first_surname, DATA.second_surname, NAMED.birth_date, curp=CURP
    )
    with office.database.transaction(NETWORK_SCOPE) as session:
        request = RequestEnrollment("rfc", applicant, ("transfer_to_agency",))
        request_enrollment(session, request, now=system_clock(), actor=actor, vault=VAULT)


def _under_way(office: Office, actor: Actor) -> None:
    _send_money(office.database, actor, paid=False)


def _unsettled(office: Office, actor: Actor) -> None:
    _send_money(office.database, actor)
    with office.database.transaction(NETWORK_SCOPE) as session:
        remittance = session.scalars(select(Remittance.id)).one()
        report(session, Report(Kind.CANCEL_REFUSED, Subject.REMITTANCE, remittance), now=NOW)


def _disputed(office: Office, actor: Actor) -> None:
    _send_money(office.database, actor)
    with office.database.transaction(NETWORK_SCOPE) as session:
        remittance = session.scalars(select(Remittance.id)).one()
        command = ClaimError(remittance, DisputeKind.LATE, "Llegó tarde")
        claim(session, command, now=NOW, actor=actor, vault=VAULT)


def _sent(office: Office, actor: Actor) -> None:
    _send_money(office.database, actor)


OBSTACLES: dict[Obstacle, tuple[Callable[[Office, Actor], None], datetime]] = {
    Obstacle.LIVE_APPOINTMENT: (_booked, LATER),
    Obstacle.OPEN_ENROLLMENT: (_undecided, LATER),
    Obstacle.OPEN_REMITTANCE: (_under_way, LATER),
    Obstacle.OPEN_DISPUTE: (_disputed, LATER),
    Obstacle.OPEN_INCIDENT: (_unsettled, LATER),
    Obstacle.RECENT_REMITTANCE: (_sent, NOW + timedelta(hours=1)),
}


@pytest.mark.parametrize("obstacle", list(OBSTACLES))
def test_what_is_under_way_ends_first(
    here: Database, office: Office, database: DatabaseUrls, obstacle: Obstacle
) -> None:
    actor = _sign_in(here)
    make, now = OBSTACLES[obstacle]
    make(office, actor)
    request = _ask(here, actor)
    before = found_in(database, actor.account_id)
    assert _erase(here, request, now) == [obstacle]
    assert found_in(database, actor.account_id) == before
    with here.transaction(NETWORK_SCOPE) as session:
        assert session.get_one(ErasureRequest, request).status == Status.APPROVED


def test_asked_again_it_is_the_same_request(here: Database) -> None:
    actor = _sign_in(here)
    assert _ask(here, actor) == _ask(here, actor)


def _check(office: Office, session: Session, who: Attendee = WHO) -> UUID:
    command = CheckIdentity(who, "Pasaporte")
    now = system_clock()
    return check_identity(session, command, now=now, actor=office.officer, vault=VAULT).id


def test_staff_ask_after_a_check_and_somebody_else_decides(here: Database, office: Office) -> None:
    officer, now = office.officer, system_clock()
    with here.transaction(NETWORK_SCOPE) as session:
        check = _check(office, session)
        erasure = request_erasure_of(session, check, now=now, actor=officer).id
        assert request_erasure_of(session, check, now=now, actor=officer).id == erasure
        with pytest.raises(Conflict, match="self_approval"), session.begin_nested():
            approve_erasure(session, erasure, now=now, actor=officer)
    assert _erase(here, erasure) == []
    with here.transaction(NETWORK_SCOPE) as session:
        assert session.get_one(ErasureRequest, erasure).status == Status.REQUESTED
        approve_erasure(session, erasure, now=now, actor=Actor(Role.COMPLIANCE, BOSS))
        with pytest.raises(WrongState):
            refuse_erasure(
                session, erasure, Refusal.WITHDRAWN, now=now, actor=Actor(Role.COMPLIANCE, BOSS)
            )


def test_who_has_no_account_is_erased_wherever_an_office_or_a_relative_named_them(
    here: Database, office: Office, database: DatabaseUrls
) -> None:
    """The relative's own row stays, and so does a stranger of the same name with another CURP."""
    relative = Actor(Role.CITIZEN, UUID(int=77))
    other = Attendee("Itzel", "Quintana", None, date(1990, 5, 12))
    stranger = replace(WHO, curp=make_curp(replace(NAMED, given_names="Yaretzi"), "M"))
    with here.transaction(NETWORK_SCOPE) as session:
        session.execute(text("INSERT INTO accounts (id, created_at) VALUES (:id, now())"),
                        {"id": relative.account_id})  # fmt: skip
    walked_in = office.book(office.officer, WHO)
    family = office.book(relative, other, WHO, service="TSU", email="relative@example.org")
    office.serve(walked_in)
    office.serve(family)
    with here.transaction(NETWORK_SCOPE) as session:
        named = _check(office, session, stranger)
        check = _check(office, session)
        erasure = request_erasure_of(session, check, now=system_clock(), actor=office.officer)
        boss = Actor(Role.COMPLIANCE, BOSS)
        approve_erasure(session, erasure.id, now=system_clock(), actor=boss)
    assert _erase(here, erasure.id) == []
    with here.transaction(NETWORK_SCOPE) as session:
        names = session.scalars(select(Person.given_names).where(Person.erased_at.is_(None))).all()
        assert sorted(names) == sorted([other.given_names, stranger.given_names])
        kept = session.scalars(
            text("SELECT count(*) FROM appointments WHERE email_index IS NOT NULL")
        ).one()
        assert kept == 1
    left = found_in(database)
    assert {column.partition(".")[0] for column in left} <= {"people", "identity_checks"}
    with here.transaction(NETWORK_SCOPE) as session:
        about = session.execute(
            text("SELECT document, cardinality(person_keys) FROM identity_checks ORDER BY 1")
        ).all()
        assert [tuple(row) for row in about] == [("", 0), ("Pasaporte", 2)]
        assert named


def test_the_web_erases_nobody_and_nothing_comes_back(
    here: Database, citizen: Actor, database: DatabaseUrls
) -> None:
    attempts = (
        "UPDATE people SET erased_at = now()",
        "UPDATE remittances SET erased_at = now()",
        "UPDATE erasure_requests SET done_at = now()",
        "SELECT content_sealed FROM blocked_records",
        "UPDATE incident_steps SET note = NULL",
    )
    with psycopg.connect(database.web_url) as web:
        for attempt in attempts:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), web.transaction():
                web.execute(attempt.encode())
    _erase(here, _ask(here, citizen))
    undone = (
        "UPDATE people SET erased_at = NULL, given_names = 'Ana'",
        "UPDATE remittances SET erased_at = NULL",
        "UPDATE remittances SET sender_name = 'Ana'",
        "UPDATE incident_steps SET note = 'Ana'",
    )
    with psycopg.connect(database.worker_url) as workers:
        workers.execute("SELECT set_config('app.consulate', '*', false)")
        for attempt in undone:
            with pytest.raises(psycopg.Error), workers.transaction():
                workers.execute(attempt.encode())


def test_money_under_way_cant_be_erased_by_a_statement(here: Database) -> None:
    actor = _sign_in(here)
    _send_money(here, actor, paid=False)
    with (
        here.transaction(NETWORK_SCOPE) as session,
        pytest.raises(Exception, match="ck_remittances_erased"),
    ):
        session.execute(
            text(
                "UPDATE remittances SET erased_at = now(), sender_name = '', account_hint = NULL,"
                " account_sealed = ''"
            )
        )
