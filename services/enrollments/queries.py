"""Read enrollments. Row security decides which ones the transaction sees."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.citizens.people import curp_index, find_key, open_person
from services.enrollments.details import AppointmentDetails, Details, PaymentDetails
from services.enrollments.models import (
    AssistedRequest,
    Enrollment,
    EnrollmentBatchRow,
    EnrollmentEvent,
)
from services.enrollments.progress import DATA_PLACE, RESULT_PLACE, open_sealed
from services.enrollments.rules import CLOCK_RUNS, IDENTITY_CHECKED, PAYABLE, UNDECIDED, Status
from services.enrollments.warnings import list_warnings
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound
from services.kernel.name_checks import KeyDifference
from services.kernel.tables import Page, fetch_page, get_row, list_numbered
from services.outbox.models import OutboxItem

# The population register has something else under the CURP.
REGISTERED = "curp_registered_otherwise"


@dataclass(frozen=True)
class Notice:
    """Where and in which language to tell the applicant, and what of.

    ``last_day`` is the one that counts in its present status (see `EnrollmentReminder`),
    ``renew_by`` the one to pay for what follows the cover of an active one;
    with an ``account`` they can look at it, signed in; ``paid``: a transfer pays what it waits for.
    """

    folio: str
    program: str
    status: Status
    reason_code: str | None
    language: str
    given_names: str
    email: str | None
    phone: str | None
    consulate: str | None
    account: UUID | None
    last_day: date | None
    renew_by: date | None
    paid: bool
    appointment: AppointmentDetails | None


def get_enrollment(session: Session, enrollment: UUID) -> Enrollment:
    """Raises NotFound, also for one that the transaction may not see."""
    return get_row(session, Enrollment, enrollment)


def get_with_applicant(session: Session, enrollment: UUID) -> tuple[Enrollment, Person | None]:
    """As `get_enrollment`, with its applicant, if the transaction may see them. Whoever keeps both
    has them known to the session, which doesn't read either again."""
    query = select(Enrollment, Person).outerjoin(Person, Person.id == Enrollment.person_id)
    row = session.execute(query.where(Enrollment.id == enrollment)).one_or_none()
    if row is None:
        raise NotFound()
    return row[0], row[1]


def find_by_folio(session: Session, folio: str) -> UUID | None:
    """The id of the enrollment with that folio."""
    return session.scalar(select(Enrollment.id).where(Enrollment.folio == folio))


def find_undecided(
    session: Session, curp: str, program: str, vault: Vault, *, asked_by: UUID | None = None
) -> UUID | None:
    """The request under way for the program of whoever has that CURP, if the transaction may see
    one; ``asked_by``: only one that this member of staff asked for."""
    query = (
        select(Enrollment.id)
        .join(Person, Person.id == Enrollment.person_id)
        .where(
            Person.curp_index == curp_index(curp, vault),
            Enrollment.program == program,
            Enrollment.status.in_(sorted(UNDECIDED)),
        )
    )
    if asked_by:
        assisted = select(AssistedRequest.enrollment_id)
        query = query.where(Enrollment.id.in_(assisted.where(AssistedRequest.asked_by == asked_by)))
    return session.scalars(query.limit(1)).first()


def find_request(session: Session, folio: str) -> Enrollment | None:
    """The enrollment with that folio."""
    return session.scalars(select(Enrollment).where(Enrollment.folio == folio)).one_or_none()


def when_issued(session: Session, folio: str) -> datetime | None:
    """When that folio was given to somebody, or None: all that whoever holds a paper may know."""
    return session.scalar(select(Enrollment.created_at).where(Enrollment.folio == folio))


def list_history(session: Session, enrollment: UUID) -> Sequence[EnrollmentEvent]:
    """List an enrollment's history, oldest first. Raises NotFound."""
    get_enrollment(session, enrollment)
    return list_numbered(session, EnrollmentEvent, enrollment_id=enrollment)


def list_enrollments(
    session: Session,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    status: str | None = None,
    program: str | None = None,
) -> Page[Enrollment, tuple[datetime, UUID]]:
    """List the enrollments visible in the transaction's scope, newest first."""
    query = select(Enrollment).order_by(Enrollment.created_at.desc(), Enrollment.id.desc())
    if after:
        query = query.where(tuple_(Enrollment.created_at, Enrollment.id) < after)
    if status:
        query = query.where(Enrollment.status == status)
    if program:
        query = query.where(Enrollment.program == program)
    return fetch_page(session, query, limit=limit, place=lambda row: (row.created_at, row.id))


def latest_office_named(session: Session, account: UUID) -> str | None:
    """The code of the office that the account last named for an enrollment."""
    named = and_(Enrollment.account_id == account, Enrollment.consulate_code.is_not(None))
    newest = select(Enrollment.consulate_code).where(named)
    return session.scalar(newest.order_by(Enrollment.created_at.desc(), Enrollment.id).limit(1))


def list_of_people(session: Session, people: Collection[UUID]) -> Sequence[Enrollment]:
    """Enrollments of these rows of people, newest first."""
    query = select(Enrollment).where(Enrollment.person_id.in_(people))
    return session.scalars(query.order_by(Enrollment.created_at.desc(), Enrollment.id)).all()


def open_result(session: Session, enrollment: Enrollment, vault: Vault) -> dict[str, Any] | None:
    """What the agency gave, by name; None before that, once the person is forgotten, or after
    somebody else proved to be them."""
    if enrollment.result_sealed is None or enrollment.reason_code == IDENTITY_CHECKED:
        return None
    person = session.get(Person, enrollment.person_id)
    key = find_key(person, vault) if person else None
    if key is None:
        return None
    result: dict[str, Any] = json.loads(
        key.open(enrollment.result_sealed, place=RESULT_PLACE, row=enrollment.id)
    )
    return result


def open_data(session: Session, enrollment: Enrollment, vault: Vault) -> dict[str, Any]:
    """What was told for the program; nothing once the person is forgotten."""
    person = session.get(Person, enrollment.person_id)
    key = find_key(person, vault) if person else None
    if key is None or not enrollment.data_sealed:
        return {}
    data: dict[str, Any] = json.loads(
        key.open(enrollment.data_sealed, place=DATA_PLACE, row=enrollment.id)
    )
    return data


def warnings_of(session: Session, enrollment: Enrollment, vault: Vault) -> list[KeyDifference]:
    """What may be a mistake in it; nothing once the person is forgotten."""
    person = session.get(Person, enrollment.person_id)
    if person is None:
        return []
    registered = [KeyDifference(REGISTERED, name) for name in enrollment.curp_differs or ()]
    data = open_data(session, enrollment, vault)
    return [*list_warnings(open_person(person, vault), data), *registered]


def open_details(session: Session, enrollment: Enrollment, vault: Vault) -> Details:
    """What the agency said of the case besides its status; empty before that, once the person is
    forgotten, or after somebody else proved to be them. Once it is active, a payment is one for
    what follows its cover."""
    if enrollment.details_sealed is None or enrollment.reason_code == IDENTITY_CHECKED:
        return Details()
    person = session.get(Person, enrollment.person_id)
    key = find_key(person, vault) if person else None
    details = open_sealed(key, enrollment) if key else Details()
    if enrollment.status == Status.ACTIVE and enrollment.pay_by is None:
        return replace(details, payment=None)
    return details


def find_payment(enrollment: Enrollment, details: Details, today: date) -> PaymentDetails | None:
    """What can be paid now, until its last day is over: by a request that waits for it, or for what
    follows the cover of an active one."""
    payment = details.payment
    if enrollment.status not in PAYABLE or payment is None:
        return None
    return payment if payment.due_on >= today else None


def dues_are_paid() -> ColumnElement[bool]:
    """Of each enrollment, whether a transfer pays what it waits for, or has paid it; also for whom
    no transfer is visible."""
    return func.dues_are_paid_v1(Enrollment.id, Enrollment.pay_by, type_=Boolean)


def is_paid_by_transfer(session: Session, enrollment: Enrollment) -> bool:
    """Whether a transfer pays what it waits for, or has paid it: nobody is to pay it twice, or to
    withdraw it."""
    if enrollment.status not in PAYABLE or enrollment.pay_by is None:
        return False
    asked = select(dues_are_paid()).where(Enrollment.id == enrollment.id)
    return bool(session.scalar(asked))


def is_payment_lapsed(session: Session, enrollment: Enrollment, today: date) -> bool:
    """Whether it waits for a payment still that no transfer makes, and the last day for that is
    over."""
    pay_by = enrollment.pay_by if enrollment.status == Status.PAYMENT_PENDING else None
    if pay_by is None or pay_by >= today:
        return False
    return not is_paid_by_transfer(session, enrollment)


def find_assistance(session: Session, enrollment: UUID) -> AssistedRequest | None:
    """How staff asked for it for the person, and how they consented; None where they asked."""
    return session.get(AssistedRequest, enrollment)


def get_applicant(session: Session, enrollment: Enrollment) -> Person:
    """The person as they were named in the request. Raises NotFound."""
    return get_row(session, Person, enrollment.person_id)


def get_notice(session: Session, enrollment_id: UUID, vault: Vault) -> Notice:
    """What the message about it needs. Raises NotFound."""
    enrollment = get_enrollment(session, enrollment_id)
    applicant = open_person(get_applicant(session, enrollment), vault)
    return Notice(
        folio=enrollment.folio,
        program=enrollment.program,
        status=Status(enrollment.status),
        reason_code=enrollment.reason_code,
        language=enrollment.language,
        given_names=applicant.given_names,
        email=applicant.email,
        phone=applicant.phone,
        consulate=enrollment.consulate_code,
        account=enrollment.account_id,
        last_day=last_day(enrollment),
        renew_by=enrollment.pay_by if enrollment.status == Status.ACTIVE else None,
        paid=is_paid_by_transfer(session, enrollment),
        appointment=open_details(session, enrollment, vault).appointment,
    )


def last_day(enrollment: Enrollment) -> date | None:
    """The last day that counts in its present status: to answer, to pay, of the cover, or for the
    agency to decide."""
    return {
        Status.MORE_INFORMATION_REQUESTED: enrollment.answer_by,
        Status.PAYMENT_PENDING: enrollment.pay_by,
        Status.ACTIVE: enrollment.covered_to,
        **dict.fromkeys(CLOCK_RUNS, enrollment.resolve_by),
    }.get(Status(enrollment.status))


def list_unattended(session: Session, *, before: datetime, limit: int) -> Sequence[UUID]:
    """Undecided ones, unchanged since ``before``, about which nothing is on its way and that don't
    travel by file."""
    # What was parked waits for a person: asking anew would hide that.
    open_still = or_(OutboxItem.done_at.is_(None), OutboxItem.outcome == "parked")
    waiting = exists().where(and_(OutboxItem.ref == Enrollment.id, open_still))
    row = EnrollmentBatchRow
    by_file = exists().where(row.enrollment_id == Enrollment.id, row.settled_at.is_(None))
    undecided = Enrollment.status.in_(sorted(UNDECIDED))
    return session.scalars(
        select(Enrollment.id)
        .where(undecided, Enrollment.changed_at < before, ~waiting, ~by_file)
        .order_by(Enrollment.changed_at)
        .limit(limit)
    ).all()
