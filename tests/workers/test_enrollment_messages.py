"""Each step of an enrollment that matters is told, while it is so, and nothing personal with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from services.enrollments.details import AppointmentDetails, Details, PaymentDetails
from services.enrollments.lapsing import close_lapsed, remind
from services.enrollments.progress import AgencyStatus, begin_submission, record_progress
from services.enrollments.requesting import request_enrollment
from services.enrollments.rules import Status
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.money import Money
from services.outbox.models import OutboxItem
from tests.factories.consulates import add_consulate
from tests.factories.enrollments import make_account, make_applicant, make_request
from tests.workers.conftest import messages
from workers.jobs.run import run_outbox
from workers.runtime import JobContext

CALL = AppointmentDetails(datetime(2030, 6, 20, 16, 0, tzinfo=UTC), "https://sat.example/sala/8")
LINE = PaymentDetails("01234567890123456789", Money(123_450, "MXN"), date(2030, 6, 20))
ASKS = AgencyStatus(
    Status.MORE_INFORMATION_REQUESTED,
    details=Details(requested=("curp",)),
    answer_by=date(2030, 6, 20),
)
BOOKS = AgencyStatus(Status.APPOINTMENT_SCHEDULED, details=Details(appointment=CALL))
BILLS = AgencyStatus(Status.PAYMENT_PENDING, details=Details(payment=LINE))
GIVES = AgencyStatus(Status.ACTIVE, {"rfc": "HEQG800101AB1"})


class Inbox:
    """A request, and the messages that its applicant gets."""

    def __init__(self, job: JobContext, agencies_url: str, *, phone: str | None = None) -> None:
        self.job, self.url = job, agencies_url
        who = make_applicant(first_surname="Tzompantzi")
        self.who = replace(who, email=None, phone=phone) if phone else who
        with job.transaction() as session:
            add_consulate(session, "losangeles")
            actor = Actor(Role.CITIZEN, make_account(session))
            command = make_request(self.who, consulate="losangeles")
            self.id: UUID = request_enrollment(
                session, command, now=system_clock(), actor=actor, vault=job.vault
            ).id
            begin_submission(session, self.id, now=system_clock(), vault=job.vault)

    def hear(self, *words: AgencyStatus) -> None:
        with self.job.transaction() as session:
            for word in words:
                record_progress(session, self.id, word, now=system_clock(), vault=self.job.vault)

    def read(self) -> list[str]:
        """Send what waits; subjects and texts of everything that arrived, the oldest first."""
        waiting = select(OutboxItem.id).where(
            OutboxItem.done_at.is_(None),
            OutboxItem.ref == self.id,
            OutboxItem.topic.not_in(["enrollments.submit", "enrollments.go_on"]),
        )
        with self.job.transaction() as session:
            items = list(session.scalars(waiting.order_by(OutboxItem.id)))
        for item in items:
            run_outbox(str(item))
        arrived = messages(self.url, self.who.email or self.who.phone or "")
        return [f"{message['subject']}\n{message['body']}" for message in reversed(arrived)]


@pytest.fixture
def inbox(job: JobContext, agencies_url: str) -> Inbox:
    return Inbox(job, agencies_url)


def test_each_step_that_matters_is_told(inbox: Inbox) -> None:
    for word in (ASKS, BOOKS, BILLS, GIVES):
        inbox.hear(word)
        inbox.read()
    asked, booked, billed, given = inbox.read()
    assert "a más tardar el jueves, 20 de junio de 2030" in asked
    assert "9:00 a. m." in booked
    assert "10:00 a. m." in booked
    assert "jueves, 20 de junio de 2030" in billed
    assert "quedó lista" in given


def test_what_is_not_so_any_more_is_not_told(inbox: Inbox) -> None:
    inbox.hear(ASKS, BOOKS, BILLS, GIVES)
    [only] = inbox.read()
    assert "quedó lista" in only


def test_an_appointment_that_moves_is_told_again(inbox: Inbox) -> None:
    inbox.hear(BOOKS)
    inbox.read()
    inbox.hear(BOOKS)
    later = replace(CALL, starts_at=CALL.starts_at + timedelta(hours=2))
    inbox.hear(replace(BOOKS, details=Details(appointment=later)))
    first, second = inbox.read()
    assert "12:00 p. m." in second
    assert "12:00 p. m." not in first


def test_a_cover_that_goes_on_is_told_once_with_its_last_day(inbox: Inbox) -> None:
    def covers(until: str) -> AgencyStatus:
        return AgencyStatus(Status.ACTIVE, {**GIVES.result, "covered_to": until})

    inbox.hear(covers("2030-06-20"))
    inbox.read()
    for _again in range(2):
        inbox.hear(covers("2030-07-20"), covers("2030-07-20"))
        given, renewed = inbox.read()
    assert "quedó lista" in given
    assert "Sigue tu protección" in renewed
    assert "sábado, 20 de julio de 2030" in renewed
    assert f"/inscripciones/{inbox.id}" in renewed


def test_what_ended_for_a_term_is_told(inbox: Inbox) -> None:
    inbox.hear(ASKS)
    inbox.read()
    with inbox.job.transaction() as session:
        later = datetime(2030, 7, 1, tzinfo=UTC)
        # Asked at once: the request ends for it.
        assert close_lapsed(session, inbox.id, now=later)
    assert "terminó" in inbox.read()[-1]


def test_a_last_day_is_told_before_and_not_after_the_answer(inbox: Inbox) -> None:
    inbox.hear(ASKS)
    inbox.read()
    with inbox.job.transaction() as session:
        remind(session, now=datetime(2030, 6, 19, 18, tzinfo=UTC), limit=9)
    assert "Te falta responder" in inbox.read()[-1]
    inbox.hear(replace(ASKS, answer_by=date(2030, 6, 28)))
    with inbox.job.transaction() as session:
        remind(session, now=datetime(2030, 6, 27, 18, tzinfo=UTC), limit=9)
    inbox.hear(AgencyStatus(Status.IN_REVIEW))
    assert len(inbox.read()) == 2


def test_how_a_cover_goes_on_is_told_before_the_last_day_to_pay(inbox: Inbox) -> None:
    covers = AgencyStatus(
        Status.ACTIVE, {"covered_to": "2030-06-30"}, details=Details(payment=LINE)
    )
    inbox.hear(covers)
    inbox.read()
    for day in (18, 19):
        with inbox.job.transaction() as session:
            remind(session, now=datetime(2030, 6, day, 18, tzinfo=UTC), limit=9)
    *_, told = inbox.read()
    assert "sigue si se paga a más tardar el jueves, 20 de junio de 2030" in told
    assert len(inbox.read()) == 2


def test_who_waits_is_told_once_that_it_was_received(inbox: Inbox) -> None:
    with inbox.job.transaction() as session:
        for minutes in (2, 3):
            remind(session, now=system_clock() + timedelta(minutes=minutes), limit=9)
    [only] = inbox.read()
    assert "Recibimos tu solicitud" in only


def test_no_text_message_holds_anything_personal(job: JobContext, agencies_url: str) -> None:
    inbox = Inbox(job, agencies_url, phone="+13235550188")
    for word in (ASKS, BOOKS, BILLS, GIVES):
        inbox.hear(word)
        inbox.read()
    texts = "\n".join(inbox.read())
    assert texts.count("https://") >= 0
    for secret in (
        inbox.who.curp,
        inbox.who.given_names,
        "Tzompantzi",
        LINE.reference,
        "sala",
        "HEQG800101AB1",
    ):
        assert secret not in texts
