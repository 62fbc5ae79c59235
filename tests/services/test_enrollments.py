"""Enrollment: who may ask, who holds a place, and how the agency's word moves it on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.enrollments.answering import Answer, answer
from services.enrollments.errors import AlreadyEnrolled, ConsentRequired, ProgramNotAvailable
from services.enrollments.models import Enrollment, EnrollmentClaim
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.progress import AgencyStatus, begin_submission, record_progress
from services.enrollments.queries import (
    list_enrollments,
    list_history,
    list_unattended,
    open_result,
)
from services.enrollments.requesting import RequestEnrollment, request_enrollment
from services.enrollments.rules import OVER, TRANSITIONS, Status
from services.enrollments.withdrawing import withdraw
from services.identity.errors import IdentityCheckPending
from services.kernel.audit import Actor, AuditEntry, Role
from services.kernel.db import NETWORK_SCOPE, Database, Scope
from services.kernel.errors import Invalid, NotFound, WrongState
from services.outbox.models import OutboxItem
from tests.factories.consulates import add_consulate
from tests.factories.enrollments import make_account, make_applicant, make_request
from tests.factories.programs import CHOIR
from tests.factories.remittances import VAULT
from tests.servers import DatabaseUrls
from tests.services.conftest import sums_by_status

NOW = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
RFC = "HEQG800101AB1"
OFFICE = "losangeles"


def _ask(session: Session, actor: Actor, command: RequestEnrollment | None = None) -> Enrollment:
    return request_enrollment(session, command or make_request(), now=NOW, actor=actor, vault=VAULT)


def _hear(session: Session, enrollment: Enrollment, *words: AgencyStatus) -> Enrollment:
    for agency_status in words:
        record_progress(session, enrollment.id, agency_status, now=NOW, vault=VAULT)
    return enrollment


def _statuses(session: Session, enrollment: Enrollment) -> list[str]:
    return [event.status for event in list_history(session, enrollment.id)]


def test_a_request_is_received_counted_audited_and_handed_to_the_workers(
    session: Session, citizen: Actor
) -> None:
    enrollment = _ask(session, citizen)
    assert enrollment.status == "received"
    assert enrollment.folio[0] == "E"
    assert _statuses(session, enrollment) == ["received"]
    assert sums_by_status(session, enrollment.id) == {"received": 1}
    topic = session.scalar(select(OutboxItem.topic).where(OutboxItem.ref == enrollment.id))
    assert topic == "enrollments.submit"
    action = session.scalar(select(AuditEntry.action).where(AuditEntry.subject_id == enrollment.id))
    assert action == "enrollment.received"


def test_curp_email_and_phone_are_sealed_under_the_persons_own_key(
    session: Session, citizen: Actor
) -> None:
    applicant = replace(make_applicant(), phone="+13235550100")
    enrollment = _ask(session, citizen, make_request(applicant))
    person = session.get_one(Person, enrollment.person_id)
    assert person.data_key is not None
    key = VAULT.unwrap(person.data_key, person.id)
    for place, sealed, value in (
        ("people.curp", person.curp_sealed, applicant.curp),
        ("people.email", person.email_sealed, applicant.email),
        ("people.phone", person.phone_sealed, applicant.phone),
    ):
        assert sealed is not None
        assert value is not None
        assert value.encode() not in sealed
        assert key.open(sealed, place=place, row=person.id) == value


def test_the_day_is_the_offices_or_else_mexico_citys(session: Session, citizen: Actor) -> None:
    add_consulate(session, OFFICE)
    add_consulate(session, "tokio", time_zone="Asia/Tokyo")
    days = [
        _ask(session, citizen, make_request(consulate=office)).day
        for office in (None, OFFICE, "tokio")
    ]
    # 05:30 UTC: the evening before in America, the afternoon in Japan.
    assert days == [date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 24)]


@pytest.mark.parametrize("program", ["choir", "rcf", ""])
def test_a_program_that_is_not_offered_is_refused_with_its_field(
    session: Session, citizen: Actor, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROGRAMS, "choir", replace(CHOIR, announced=True))
    with pytest.raises(ProgramNotAvailable) as refused:
        _ask(session, citizen, make_request(program=program))
    assert (refused.value.code, refused.value.field) == ("program_not_available", "program")


def test_without_consent_nothing_is_taken_in(session: Session, citizen: Actor) -> None:
    with pytest.raises(ConsentRequired):
        _ask(session, citizen, make_request(consents=("newsletter",)))


def test_data_that_the_program_does_not_ask_for_is_refused(
    session: Session, citizen: Actor
) -> None:
    with pytest.raises(Invalid) as refused:
        _ask(session, citizen, make_request(data={"shoe_size": 9}))
    assert refused.value.field == "data"


def test_a_curp_of_another_birth_date_is_refused(session: Session, citizen: Actor) -> None:
    applicant = make_applicant()
    other = replace(applicant, birth_date=applicant.birth_date + timedelta(days=1))
    with pytest.raises(Invalid) as refused:
        _ask(session, citizen, make_request(other))
    assert (refused.value.code, refused.value.field) == ("curp_birth_date_differs", "curp")


def test_an_unknown_office_is_refused(session: Session, citizen: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        _ask(session, citizen, make_request(consulate="atlantis"))
    assert refused.value.field == "consulate"


def test_the_same_account_learns_that_the_person_is_enrolled(
    session: Session, citizen: Actor
) -> None:
    applicant = make_applicant()
    _ask(session, citizen, make_request(applicant))
    with pytest.raises(AlreadyEnrolled):
        _ask(session, citizen, make_request(applicant))


def test_another_account_learns_only_that_identity_is_checked(
    session: Session, citizen: Actor
) -> None:
    applicant = make_applicant()
    _ask(session, citizen, make_request(applicant))
    with pytest.raises(IdentityCheckPending):
        _ask(session, Actor(Role.CITIZEN, make_account(session)), make_request(applicant))


@pytest.mark.parametrize("end", [Status.REJECTED, Status.WITHDRAWN])
def test_who_was_rejected_or_withdrew_may_ask_again(
    session: Session, citizen: Actor, end: Status
) -> None:
    applicant = make_applicant()
    first = _ask(session, citizen, make_request(applicant))
    if end is Status.WITHDRAWN:
        withdraw(session, first.id, now=NOW, actor=citizen)
    else:
        _hear(session, first, AgencyStatus(end, reason_code="data_mismatch"))
    assert _ask(session, citizen, make_request(applicant)).id != first.id


def test_an_active_enrollment_keeps_the_persons_place(session: Session, citizen: Actor) -> None:
    applicant = make_applicant()
    enrollment = _ask(session, citizen, make_request(applicant))
    begin_submission(session, enrollment.id, now=NOW, vault=VAULT)
    _hear(session, enrollment, AgencyStatus(Status.ACTIVE, {"rfc": RFC}))
    with pytest.raises(AlreadyEnrolled):
        _ask(session, citizen, make_request(applicant))


def test_the_rfc_is_sealed_and_its_holder_can_read_it(session: Session, citizen: Actor) -> None:
    enrollment = _ask(session, citizen)
    assert open_result(session, enrollment, VAULT) is None
    begin_submission(session, enrollment.id, now=NOW, vault=VAULT)
    _hear(
        session,
        enrollment,
        AgencyStatus(Status.IN_REVIEW),
        AgencyStatus(Status.ACTIVE, {"rfc": RFC}),
    )
    assert enrollment.result_sealed is not None
    assert RFC.encode() not in enrollment.result_sealed
    assert open_result(session, enrollment, VAULT) == {"rfc": RFC}
    assert _statuses(session, enrollment) == ["received", "sent_to_agency", "in_review", "active"]
    assert sums_by_status(session, enrollment.id) == {"active": 1}


def test_the_agencys_word_twice_late_or_out_of_order_changes_nothing(
    session: Session, citizen: Actor
) -> None:
    enrollment = _ask(session, citizen)
    begin_submission(session, enrollment.id, now=NOW, vault=VAULT)
    active, review = AgencyStatus(Status.ACTIVE, {"rfc": RFC}), AgencyStatus(Status.IN_REVIEW)
    _hear(
        session,
        enrollment,
        review,
        review,
        active,
        review,
        active,
        AgencyStatus(Status.SENT_TO_AGENCY),
    )
    _hear(session, enrollment, AgencyStatus(Status.REJECTED, reason_code="other"))
    assert _statuses(session, enrollment) == ["received", "sent_to_agency", "in_review", "active"]
    decided = select(func.count()).where(
        OutboxItem.ref == enrollment.id, OutboxItem.topic == "enrollments.decided"
    )
    assert session.scalar(decided) == 1


def test_an_rfc_given_after_a_withdrawal_is_kept_and_the_status_stays(
    session: Session, citizen: Actor
) -> None:
    enrollment = _ask(session, citizen)
    begin_submission(session, enrollment.id, now=NOW, vault=VAULT)
    withdraw(session, enrollment.id, now=NOW, actor=citizen)
    _hear(session, enrollment, AgencyStatus(Status.ACTIVE, {"rfc": RFC}))
    assert enrollment.status == "withdrawn"
    assert open_result(session, enrollment, VAULT) == {"rfc": RFC}


def test_a_decided_enrollment_can_not_be_withdrawn(session: Session, citizen: Actor) -> None:
    enrollment = _ask(session, citizen)
    _hear(session, enrollment, AgencyStatus(Status.REJECTED, reason_code="under_age"))
    with pytest.raises(WrongState):
        withdraw(session, enrollment.id, now=NOW, actor=citizen)


def test_what_was_asked_for_is_answered_once_and_only_when_asked(
    session: Session, citizen: Actor
) -> None:
    enrollment = _ask(session, citizen)
    with pytest.raises(WrongState):
        answer(session, enrollment.id, Answer(), now=NOW, actor=citizen, vault=VAULT)
    begin_submission(session, enrollment.id, now=NOW, vault=VAULT)
    _hear(session, enrollment, AgencyStatus(Status.MORE_INFORMATION_REQUESTED))
    with pytest.raises(Invalid):
        answer(
            session, enrollment.id, Answer({"shoe_size": 9}), now=NOW, actor=citizen, vault=VAULT
        )
    answer(session, enrollment.id, Answer(), now=NOW, actor=citizen, vault=VAULT)
    assert _statuses(session, enrollment)[-2:] == ["more_information_requested", "in_review"]


def test_history_can_not_be_rewritten(session: Session, citizen: Actor) -> None:
    _ask(session, citizen)
    with pytest.raises(DBAPIError, match=r"never changed|permission denied"):
        session.execute(text("UPDATE enrollment_events SET status = 'active'"))


def test_a_person_without_a_key_is_forgotten(session: Session, citizen: Actor) -> None:
    enrollment = _ask(session, citizen)
    begin_submission(session, enrollment.id, now=NOW, vault=VAULT)
    _hear(session, enrollment, AgencyStatus(Status.ACTIVE, {"rfc": RFC}))
    session.get_one(Person, enrollment.person_id).data_key = None
    session.flush()
    assert open_result(session, enrollment, VAULT) is None


def test_only_what_nobody_is_at_counts_as_unattended(session: Session, citizen: Actor) -> None:
    enrollment = _ask(session, citizen)
    later = NOW + timedelta(minutes=1)
    assert list_unattended(session, before=later, limit=9) == []
    session.execute(text("UPDATE outbox SET done_at = now()"))
    assert list_unattended(session, before=later, limit=9) == [enrollment.id]
    assert list_unattended(session, before=NOW, limit=9) == []


def test_pages_of_enrollments_go_from_newest_to_oldest(session: Session, citizen: Actor) -> None:
    ids = [_ask(session, citizen).id for _ in range(3)]
    first = list_enrollments(session, limit=2)
    second = list_enrollments(session, limit=2, after=first.next)
    assert [e.id for e in (*first.items, *second.items)] == ids[::-1]
    assert second.next is None


def test_row_security_hides_another_accounts_and_another_offices_enrollments(
    database: DatabaseUrls,
) -> None:
    db = Database(database.app_url)
    with db.transaction(NETWORK_SCOPE) as session:
        mine, other = (Actor(Role.CITIZEN, make_account(session)) for _ in range(2))
        add_consulate(session, OFFICE)
        add_consulate(session, "miami")
    with db.transaction(mine.scope) as session:
        enrollment = _ask(session, mine, make_request(consulate=OFFICE)).id
    assert _seen(db, mine.scope) == [enrollment]
    assert _seen(db, Scope(consulate=OFFICE)) == [enrollment]
    assert _seen(db, Scope(consulate="miami")) == _seen(db, other.scope) == []
    with db.transaction(other.scope) as session, pytest.raises(NotFound):
        withdraw(session, enrollment, now=NOW, actor=other)
    db.dispose()


def test_an_officer_enrolls_for_their_own_office_only(database: DatabaseUrls) -> None:
    db = Database(database.app_url)
    with db.transaction(NETWORK_SCOPE) as session:
        add_consulate(session, OFFICE)
        add_consulate(session, "miami")
    officer = Actor(Role.OFFICER, UUID(int=7), OFFICE)
    with db.transaction(officer.scope) as session:
        enrollment = _ask(session, officer)
        assert (enrollment.consulate_code, enrollment.account_id) == (OFFICE, None)
    with db.transaction(officer.scope) as session, pytest.raises(NotFound):
        _ask(session, officer, make_request(consulate="miami"))
    db.dispose()


def test_a_refused_request_leaves_nothing_behind(database: DatabaseUrls) -> None:
    db = Database(database.app_url)
    with db.transaction(NETWORK_SCOPE) as session:
        citizen = Actor(Role.CITIZEN, make_account(session))
    applicant = make_applicant()
    with db.transaction(citizen.scope) as session:
        _ask(session, citizen, make_request(applicant))
    with pytest.raises(AlreadyEnrolled), db.transaction(citizen.scope) as session:
        _ask(session, citizen, make_request(applicant))
    with db.transaction(NETWORK_SCOPE) as session:
        for table, rows in ((Enrollment, 1), (Person, 1), (EnrollmentClaim, 2)):
            assert session.scalar(select(func.count()).select_from(table)) == rows
    db.dispose()


def test_the_table_of_states_is_closed() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert all(not TRANSITIONS[status] for status in OVER)
    reached = {after for states in TRANSITIONS.values() for after in states} | {Status.RECEIVED}
    assert reached == set(Status)


def _seen(db: Database, scope: Scope) -> list[UUID]:
    with db.transaction(scope) as session:
        return [enrollment.id for enrollment in list_enrollments(session, limit=10).items]
