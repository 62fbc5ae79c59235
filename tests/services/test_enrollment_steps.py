"""No enrollment takes a step that the rules don't have, whoever writes it; its history says who."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.enrollments.answering import Answer, answer
from services.enrollments.details import AppointmentDetails, Details, PaymentDetails
from services.enrollments.models import Enrollment
from services.enrollments.progress import AgencyStatus, record_progress, record_unknown
from services.enrollments.queries import list_history, open_details, open_result
from services.enrollments.rules import TRANSITIONS, UNDECIDED, WAITING, Status
from services.kernel.audit import Actor, Role
from services.kernel.db import violated_constraint
from services.kernel.money import Money
from tests.factories.enrollments import send_request
from tests.factories.remittances import VAULT

NOW = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)


@pytest.fixture
def sent(session: Session, citizen: Actor) -> Enrollment:
    """A request that its agency has."""
    return send_request(session, citizen, now=NOW, vault=VAULT)


def _hear(session: Session, enrollment: Enrollment, *words: AgencyStatus) -> None:
    for word in words:
        record_progress(session, enrollment.id, word, now=NOW, vault=VAULT)


def _history(session: Session, enrollment: UUID) -> list[tuple[str, str | None]]:
    return [(step.status, step.actor) for step in list_history(session, enrollment)]


def test_the_database_has_the_table_of_the_rules(session: Session) -> None:
    pairs = text("SELECT enrollment_step_allowed(:before, :after)")
    allowed = {
        (before, after)
        for before in (None, *Status)
        for after in Status
        if session.execute(pairs, {"before": before, "after": after}).scalar_one()
    }
    rules = {(before, after) for before, following in TRANSITIONS.items() for after in following}
    assert allowed == {*rules, (None, Status.RECEIVED)}


@pytest.mark.parametrize("status", ["received", "active"])
def test_a_step_that_the_rules_do_not_have_is_refused_by_name(
    session: Session, sent: Enrollment, status: str
) -> None:
    _hear(session, sent, AgencyStatus(Status.REJECTED, reason_code="other"))
    with pytest.raises(IntegrityError) as refused, session.begin_nested():
        session.execute(text("UPDATE enrollments SET status = :status"), {"status": status})
    assert violated_constraint(refused.value) == "ck_enrollments_step"


def test_more_information_is_asked_for_once(
    session: Session, citizen: Actor, sent: Enrollment
) -> None:
    ask = AgencyStatus(Status.MORE_INFORMATION_REQUESTED)
    _hear(session, sent, ask)
    answer(session, sent.id, Answer(), now=NOW, actor=citizen, vault=VAULT)
    _hear(session, sent, ask)
    assert sent.status == "in_review"
    with pytest.raises(IntegrityError) as refused, session.begin_nested():
        session.execute(
            text(
                "INSERT INTO enrollment_events (enrollment_id, position, status, at)"
                " VALUES (:id, 9, 'more_information_requested', now())"
            ),
            {"id": sent.id},
        )
    assert violated_constraint(refused.value) == "uq_enrollment_events_asked_once"


def test_history_says_who_brought_it_there(
    session: Session, citizen: Actor, sent: Enrollment
) -> None:
    _hear(session, sent, AgencyStatus(Status.MORE_INFORMATION_REQUESTED))
    officer = Actor(Role.OFFICER, UUID(int=7), "losangeles")
    answer(session, sent.id, Answer(), now=NOW, actor=officer, vault=VAULT)
    assert _history(session, sent.id) == [
        ("received", "applicant"),
        ("sent_to_agency", "system"),
        ("more_information_requested", "agency"),
        ("in_review", "staff"),
    ]


def test_an_outcome_that_is_not_known_is_told_and_asked_about_until_it_is(
    session: Session, sent: Enrollment
) -> None:
    record_unknown(session, sent.id, now=NOW)
    assert sent.status == "unknown"
    assert Status.UNKNOWN in UNDECIDED & WAITING
    record_unknown(session, sent.id, now=NOW)
    _hear(session, sent, AgencyStatus(Status.SENT_TO_AGENCY), AgencyStatus(Status.IN_REVIEW))
    record_unknown(session, sent.id, now=NOW)
    assert [status for status, _ in _history(session, sent.id)] == [
        "received",
        "sent_to_agency",
        "unknown",
        "sent_to_agency",
        "in_review",
    ]


def test_what_the_agency_says_besides_is_sealed_and_kept_until_it_says_it_anew(
    session: Session, sent: Enrollment
) -> None:
    call = AppointmentDetails(NOW + timedelta(days=3), "https://sat.example/sala/8")
    line = PaymentDetails("0123456789", Money(123_450, "MXN"), date(2026, 12, 10))
    assert open_details(session, sent, VAULT) == Details()
    _hear(
        session,
        sent,
        AgencyStatus(Status.APPOINTMENT_SCHEDULED, details=Details(appointment=call)),
        AgencyStatus(Status.PAYMENT_PENDING, details=Details(payment=line)),
    )
    assert open_details(session, sent, VAULT) == Details((), call, line)
    assert sent.details_sealed is not None
    assert b"sala" not in sent.details_sealed
    later = AppointmentDetails(NOW + timedelta(days=4))
    _hear(session, sent, AgencyStatus(Status.PAYMENT_PENDING, details=Details(appointment=later)))
    assert open_details(session, sent, VAULT).appointment == later


def test_a_word_older_than_one_that_was_taken_changes_nothing(
    session: Session, sent: Enrollment
) -> None:
    def said(status: Status, minutes: int, **besides: object) -> AgencyStatus:
        return AgencyStatus(status, changed_at=NOW + timedelta(minutes=minutes), **besides)  # type: ignore[arg-type]

    _hear(
        session,
        sent,
        said(Status.IN_REVIEW, 3),
        said(Status.APPOINTMENT_SCHEDULED, 2),
        said(Status.REJECTED, 1, reason_code="other"),
    )
    assert sent.status == "in_review"
    _hear(session, sent, said(Status.ACTIVE, 3, result={"rfc": "NEW"}))
    _hear(session, sent, said(Status.IN_REVIEW, 2, result={"rfc": "OLD", "card": "1"}))
    assert sent.status == "active"
    assert open_result(session, sent, VAULT) == {"rfc": "NEW", "card": "1"}


def test_a_time_in_the_future_says_nothing_of_the_order(session: Session, sent: Enrollment) -> None:
    far = NOW + timedelta(days=365)
    _hear(session, sent, AgencyStatus(Status.IN_REVIEW, changed_at=far))
    _hear(session, sent, AgencyStatus(Status.ACTIVE, changed_at=NOW))
    assert sent.status == "active"
