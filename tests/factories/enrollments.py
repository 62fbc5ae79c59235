"""Synthetic applicants whose CURP agrees with their names, and requests for them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session
from stdnum.mx import rfc as stdnum_rfc

from integrations.simulator.names import Person, make_curp
from services.citizens.models import Account
from services.enrollments.details import Details, PaymentDetails
from services.enrollments.models import Enrollment
from services.enrollments.progress import AgencyStatus, begin_submission, record_progress
from services.enrollments.requesting import Applicant, RequestEnrollment, request_enrollment
from services.enrollments.rules import Status
from services.enrollments.terms import home_day
from services.files.cleaning import CleanFile
from services.files.rules import Stored
from services.folders.uploading import UploadDocument, upload
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.kernel.money import Money
from tests.factories.chance import dice

GIVEN = ("Guadalupe", "Itzel", "Ramón", "Xóchitl", "Efraín", "Noemí", "Ulises", "Brenda")
# What IMSS asks of somebody who works for themselves: a quarter of the income is due each month.
RFC = "HEPA850314AB1"
WORK = {
    "rfc": RFC,
    "state": "JC",
    "municipality": "Tonalá",
    "occupation": "Carpintero",
    "income": {"amount": "12000.00", "currency": "MXN"},
    "period": "monthly",
    "has_family": False,
}
SURNAMES = ("Hernández", "Núñez", "Quiroga", "Tzompantzi", "Ibarra", "Zepeda", "Luna", "Peña")


def make_applicant(
    *, given_names: str | None = None, first_surname: str | None = None, email: str | None = None
) -> Applicant:
    """Somebody new at each call."""
    person = Person(
        given_names=given_names or dice.choice(GIVEN),
        first_surname=first_surname or dice.choice(SURNAMES),
        second_surname=dice.choice(SURNAMES),
        birth_date=date(1955, 1, 1) + timedelta(days=dice.randrange(18_000)),
    )
    return Applicant(
        given_names=person.given_names,
        first_surname=person.first_surname,
        second_surname=person.second_surname,
        birth_date=person.birth_date,
        curp=make_curp(person, dice.choice("HM")),
        email=email or f"persona{dice.randrange(10**9)}@example.org",
    )


def applicant_body(applicant: Applicant | None = None) -> dict[str, Any]:
    """The applicant, or somebody new, as the API is sent them."""
    who = applicant or make_applicant()
    names = ("given_names", "first_surname", "second_surname", "curp", "email")
    return {
        **{name: getattr(who, name) for name in names},
        "birth_date": who.birth_date.isoformat(),
    }


def make_request(applicant: Applicant | None = None, **changes: object) -> RequestEnrollment:
    """A request for an RFC, whole and with consent."""
    values: dict[str, object] = {
        "program": "rfc",
        "applicant": applicant or make_applicant(),
        "consents": ("transfer_to_agency",),
    }
    return RequestEnrollment(**{**values, **changes})  # type: ignore[arg-type]


def send_request(session: Session, citizen: Actor, *, now: datetime, vault: Vault) -> Enrollment:
    """A request that its agency has."""
    enrollment = request_enrollment(session, make_request(), now=now, actor=citizen, vault=vault)
    begin_submission(session, enrollment.id, now=now, vault=vault)
    return enrollment


def applicant_form(applicant: Applicant) -> dict[str, str]:
    """The applicant as pages are sent them."""
    born = applicant.birth_date
    return {
        "given_names": applicant.given_names,
        "first_surname": applicant.first_surname,
        "second_surname": applicant.second_surname or "",
        "curp": applicant.curp,
        "birth_date-day": str(born.day),
        "birth_date-month": str(born.month),
        "birth_date-year": str(born.year),
    }


def agency_says(database: Database, vault: Vault, enrollment: UUID, *words: AgencyStatus) -> None:
    """The workers send it, if they didn't, and take these words of the agency."""
    with database.transaction(NETWORK_SCOPE) as session:
        begin_submission(session, enrollment, now=system_clock(), vault=vault)
        for word in words:
            record_progress(session, enrollment, word, now=system_clock(), vault=vault)


def upload_document(session: Session, enrollment: Enrollment, kind: str, *, vault: Vault) -> None:
    """A document that its person sends now."""
    assert enrollment.folder_id
    file = CleanFile(Stored.JPEG, b"a picture", b"a small one", 1)
    actor = Actor(Role.CITIZEN, enrollment.account_id)
    command = UploadDocument(kind, "hoja.jpg", file)
    upload(session, enrollment.folder_id, command, now=system_clock(), actor=actor, vault=vault)


def payment_line(days: int = 20, reference: str = "0012345678901234567") -> AgencyStatus:
    """The agency asks for a payment, by a line of so many days."""
    due_on = home_day(system_clock()) + timedelta(days=days)
    payment = PaymentDetails(reference, Money(123450, "MXN"), due_on)
    return AgencyStatus(Status.PAYMENT_PENDING, details=Details(payment=payment))


def make_account(session: Session) -> UUID:
    """A citizen's account without a profile."""
    account = new_id()
    session.execute(insert(Account).values(id=account, created_at=system_clock()))
    return account


def rfc_of(curp: str) -> str:
    """An RFC of whoever has that CURP, with an invented homoclave and a good check digit."""
    body = f"{curp[:10]}AB"
    return f"{body}{stdnum_rfc.calc_check_digit(body)}"
