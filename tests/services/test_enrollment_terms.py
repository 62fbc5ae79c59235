"""A term that ends is told of before, once; what has lapsed is closed, by the law's word for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.enrollments.answering import Answer, answer
from services.enrollments.details import Details, PaymentDetails
from services.enrollments.lapsing import close_lapsed, list_lapsed, remind
from services.enrollments.models import Enrollment
from services.enrollments.progress import AgencyStatus, is_asked_about, record_progress
from services.enrollments.queries import (
    find_payment,
    is_payment_lapsed,
    list_history,
    open_details,
    open_result,
)
from services.enrollments.rules import Status
from services.incidents.models import Incident
from services.kernel.audit import Actor
from services.kernel.db import violated_constraint
from services.kernel.money import Money
from services.outbox.models import OutboxItem
from tests.factories.enrollments import send_request
from tests.factories.remittances import VAULT

# A Tuesday, at noon in Mexico City.
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
ASKS = AgencyStatus(Status.MORE_INFORMATION_REQUESTED, details=Details(requested=("curp",)))
REVIEWS = AgencyStatus(Status.IN_REVIEW)
RFC = "HEQG800101AB1"


def day(days: int) -> datetime:
    return NOW + timedelta(days=days)


@pytest.fixture
def sent(session: Session, citizen: Actor) -> Enrollment:
    return send_request(session, citizen, now=NOW, vault=VAULT)


def _hear(
    session: Session, enrollment: Enrollment, word: AgencyStatus, now: datetime = NOW
) -> None:
    record_progress(session, enrollment.id, word, now=now, vault=VAULT)


def _topics(session: Session, enrollment: Enrollment) -> list[str]:
    items = (
        select(OutboxItem.topic).where(OutboxItem.ref == enrollment.id).order_by(OutboxItem.topic)
    )
    return list(session.scalars(items))


def _incidents(session: Session, enrollment: Enrollment) -> list[str]:
    return list(session.scalars(select(Incident.kind).where(Incident.subject_id == enrollment.id)))


def _ends(session: Session, enrollment: Enrollment, now: datetime) -> tuple[str, str | None]:
    """How it stands after what has lapsed by then was closed."""
    for lapsed in list_lapsed(session, now=now, limit=9):
        assert close_lapsed(session, lapsed, now=now)
        assert not close_lapsed(session, lapsed, now=now)
    return enrollment.status, enrollment.reason_code


def test_what_was_not_answered_in_time_is_as_if_it_was_not_filed(
    session: Session, sent: Enrollment
) -> None:
    _hear(session, sent, ASKS)
    assert sent.answer_by == date(2026, 12, 1)
    assert _ends(session, sent, day(7)) == ("more_information_requested", None)
    assert _ends(session, sent, day(8)) == ("ended", "not_answered")
    assert [step.actor for step in list_history(session, sent.id)][-1] == "system"
    assert "enrollments.ended" in _topics(session, sent)


def test_a_day_that_the_applicant_was_told_is_never_shortened(
    session: Session, sent: Enrollment
) -> None:
    for until, held in (
        (date(2026, 12, 10), date(2026, 12, 10)),
        (date(2026, 11, 26), date(2026, 12, 10)),
        (date(2026, 12, 14), date(2026, 12, 14)),
    ):
        _hear(session, sent, AgencyStatus(Status.MORE_INFORMATION_REQUESTED, answer_by=until))
        assert sent.answer_by == held


def test_what_was_asked_too_late_ends_nothing(session: Session, sent: Enrollment) -> None:
    _hear(session, sent, REVIEWS, day(40))
    _hear(session, sent, ASKS, day(45))
    until = sent.resolve_by
    assert _ends(session, sent, day(60)) == ("in_review", "asked_late")
    assert until is not None
    assert sent.resolve_by is not None
    assert sent.resolve_by > until


def test_the_agencys_term_stands_still_until_the_answer(
    session: Session, citizen: Actor, sent: Enrollment
) -> None:
    assert sent.resolve_by == date(2027, 2, 25)
    _hear(session, sent, ASKS, day(6))
    answer(session, sent.id, Answer(), now=day(9), actor=citizen, vault=VAULT)
    # Three days on, a Sunday.
    assert sent.resolve_by == date(2027, 3, 1)


def test_an_agency_that_says_nothing_in_its_term_has_said_no(
    session: Session, sent: Enrollment
) -> None:
    _hear(session, sent, REVIEWS)
    assert _ends(session, sent, day(93)) == ("in_review", None)
    assert _ends(session, sent, day(94)) == ("rejected", "no_answer_in_term")
    late = AgencyStatus(Status.ACTIVE, {"rfc": RFC})
    _hear(session, sent, late, day(95))
    _hear(session, sent, late, day(96))
    assert sent.status == "rejected"
    assert open_result(session, sent, VAULT) == {"rfc": RFC}
    assert _incidents(session, sent) == ["given_after_end"]


@pytest.mark.parametrize("status", [Status.APPOINTMENT_SCHEDULED, Status.PAYMENT_PENDING])
def test_the_agencys_term_does_not_end_what_waits_for_the_applicant(
    session: Session, sent: Enrollment, status: Status
) -> None:
    _hear(session, sent, AgencyStatus(status))
    assert _ends(session, sent, day(200)) == (status.value, None)


def test_cover_that_has_ended_has_ended_unless_it_was_renewed(
    session: Session, sent: Enrollment
) -> None:
    def covers(until: str) -> AgencyStatus:
        return AgencyStatus(Status.ACTIVE, {"covered_to": until}, changed_at=NOW)

    _hear(session, sent, covers("2026-12-31"))
    _hear(session, sent, covers("2027-12-31"))
    assert _ends(session, sent, datetime(2027, 6, 1, tzinfo=UTC)) == ("active", None)
    assert _ends(session, sent, datetime(2028, 1, 1, 12, tzinfo=UTC)) == ("ended", "cover_lapsed")


def test_whoever_has_to_act_is_reminded_once_of_each_last_day(
    session: Session, sent: Enrollment
) -> None:
    def reminded(now: datetime) -> int:
        remind(session, now=now, limit=9)
        return _topics(session, sent).count("enrollments.deadline")

    _hear(session, sent, ASKS)
    assert reminded(day(2)) == 0
    assert reminded(day(3)) == reminded(day(4)) == 1
    later = AgencyStatus(Status.MORE_INFORMATION_REQUESTED, answer_by=date(2026, 12, 10))
    _hear(session, sent, later)
    assert reminded(day(7)) == 1
    assert reminded(day(15)) == reminded(day(16)) == 2
    line = PaymentDetails("0123", Money(100, "MXN"), date(2026, 12, 21))
    _hear(session, sent, AgencyStatus(Status.PAYMENT_PENDING, details=Details(payment=line)))
    assert reminded(day(21)) == 2
    assert reminded(day(22)) == reminded(day(23)) == 3


def _line(day: date) -> Details:
    return Details(payment=PaymentDetails("0123456789", Money(300_000, "MXN"), day))


def _covers(until: str, details: Details | None = None) -> AgencyStatus:
    """As an agency says it that tells no time."""
    result = {"covered_from": "2026-12-01", "covered_to": until}
    return AgencyStatus(Status.ACTIVE, result, details=details or Details())


def _payment(session: Session, enrollment: Enrollment, on: date) -> PaymentDetails | None:
    return find_payment(enrollment, open_details(session, enrollment, VAULT), on)


def test_what_follows_a_cover_is_paid_by_a_line_of_its_own(
    session: Session, sent: Enrollment
) -> None:
    first, second = date(2026, 11, 30), date(2026, 12, 20)
    _hear(session, sent, AgencyStatus(Status.PAYMENT_PENDING, details=_line(first)))
    assert _payment(session, sent, first) == _line(first).payment
    assert not is_payment_lapsed(session, sent, first)
    assert _payment(session, sent, first + timedelta(days=1)) is None
    assert is_payment_lapsed(session, sent, first + timedelta(days=1))
    # Paid before its last day: there is nothing more to pay.
    _hear(session, sent, _covers("2026-12-31"))
    assert (_payment(session, sent, NOW.date()), sent.pay_by) == (None, None)
    _hear(session, sent, _covers("2026-12-31", _line(second)))
    assert _payment(session, sent, second) == _line(second).payment
    assert _payment(session, sent, second + timedelta(days=1)) is None
    _hear(session, sent, _covers("2027-01-31"))
    assert (_payment(session, sent, second), sent.covered_to) == (None, date(2027, 1, 31))
    assert (open_result(session, sent, VAULT) or {})["covered_to"] == "2027-01-31"
    assert _renewals(session, sent) == [date(2027, 1, 31)]


def _renewals(session: Session, enrollment: Enrollment) -> list[date]:
    """By the history, and by what its person is told: both say it as often."""
    steps = [step for step in list_history(session, enrollment.id) if step.status == "active"]
    given, *renewed = [(step.reason_code, step.actor, step.covered_to) for step in steps]
    assert given == (None, "agency", None)
    assert {(reason, actor) for reason, actor, _day in renewed} <= {("cover_renewed", "agency")}
    assert _topics(session, enrollment).count("enrollments.renewed") == len(renewed)
    return [day for _reason, _actor, day in renewed if day]


def test_a_longer_cover_is_one_step_and_one_message_however_often_it_is_said(
    session: Session, sent: Enrollment
) -> None:
    def at(word: AgencyStatus, days: int) -> AgencyStatus:
        return replace(word, changed_at=day(days))

    first, second, third = map(_covers, ("2026-12-31", "2027-01-31", "2027-02-28"))
    for word in (at(first, 1), at(first, 1), first):
        _hear(session, sent, word, day(1))
    assert _renewals(session, sent) == []
    for word in (at(second, 3), at(second, 3), at(first, 1), second):
        _hear(session, sent, word, day(4))
    assert _renewals(session, sent) == [date(2027, 1, 31)]
    # It takes it back, and gives it once more: that is no news.
    for word in (at(first, 5), at(second, 6)):
        _hear(session, sent, word, day(6))
    assert _renewals(session, sent) == [date(2027, 1, 31)]
    _hear(session, sent, third, day(7))
    assert _renewals(session, sent) == [date(2027, 1, 31), date(2027, 2, 28)]
    assert [row for row in _audited(session, sent) if row == "enrollment.renewed"] == [
        "enrollment.renewed"
    ] * 2
    again = text(
        "INSERT INTO enrollment_events (enrollment_id, position, status, at, covered_to)"
        " VALUES (:id, 99, 'active', now(), '2027-02-28')"
    )
    with pytest.raises(IntegrityError) as refused, session.begin_nested():
        session.execute(again, {"id": sent.id})
    assert violated_constraint(refused.value) == "uq_enrollment_events_covered_to"


def _audited(session: Session, enrollment: Enrollment) -> list[str]:
    query = text("SELECT action FROM audit_entries WHERE subject_id = :id ORDER BY at")
    return list(session.scalars(query, {"id": enrollment.id}))


def test_an_agency_is_asked_what_there_is_to_pay_once_a_cover_nears_its_end(
    session: Session, sent: Enrollment
) -> None:
    def asked(now: datetime) -> int:
        remind(session, now=now, limit=9)
        return _topics(session, sent).count("enrollments.refresh")

    before = asked(NOW)
    _hear(session, sent, _covers("2027-03-31"))
    assert asked(datetime(2027, 2, 13, 18, tzinfo=UTC)) == before
    assert not is_asked_about(sent, datetime(2027, 2, 13, 18, tzinfo=UTC))
    session.execute(update(OutboxItem).values(done_at=NOW, outcome="asked"))
    begins = datetime(2027, 2, 14, 18, tzinfo=UTC)
    assert asked(begins) == asked(begins + timedelta(days=1)) == before + 1
    assert is_asked_about(sent, begins)
    _hear(session, sent, _covers("2027-03-31", _line(date(2027, 3, 20))))
    told = _topics(session, sent).count("enrollments.deadline")
    remind(session, now=datetime(2027, 3, 17, 18, tzinfo=UTC), limit=9)
    assert _topics(session, sent).count("enrollments.deadline") > told
    _hear(session, sent, _covers("2027-04-30"), datetime(2027, 3, 19, 18, tzinfo=UTC))
    assert asked(datetime(2027, 3, 19, 18, tzinfo=UTC)) == before + 1


def test_the_duty_officer_is_warned_before_an_agencys_term_ends(
    session: Session, sent: Enrollment
) -> None:
    remind(session, now=day(70), limit=9)
    assert _incidents(session, sent) == []
    for later in (85, 86):
        remind(session, now=day(later), limit=9)
    assert _incidents(session, sent) == ["term_ending"]
    assert "enrollments.deadline" not in _topics(session, sent)


def test_a_request_that_is_not_decided_at_once_is_told_to_be_received(
    session: Session, sent: Enrollment
) -> None:
    for seconds, told in ((30, 0), (90, 1), (150, 1)):
        remind(session, now=NOW + timedelta(seconds=seconds), limit=9)
        assert _topics(session, sent).count("enrollments.received") == told


def test_an_agency_that_asks_a_second_time_is_for_a_person_to_talk_to(
    session: Session, citizen: Actor, sent: Enrollment
) -> None:
    def asks(minutes: int) -> AgencyStatus:
        return AgencyStatus(ASKS.status, changed_at=NOW + timedelta(minutes=minutes))

    _hear(session, sent, asks(0))
    answer(session, sent.id, Answer(), now=NOW + timedelta(hours=1), actor=citizen, vault=VAULT)
    # It hasn't read the answer yet.
    _hear(session, sent, asks(0), NOW + timedelta(hours=2))
    assert _incidents(session, sent) == []
    for _ in range(2):
        _hear(session, sent, asks(70), NOW + timedelta(hours=2))
    assert sent.status == "in_review"
    assert _incidents(session, sent) == ["asked_twice"]
