"""Enrollments over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for
from sqlalchemy.orm import Session

from consular.access_log import record_list, record_reading
from consular.api.contract import endpoint, run_once
from consular.api.v1.enrollments.answers import EnrollmentAnswer, EnrollmentList
from consular.auth import CITIZEN, HELPERS, actor, now, vault
from consular.commands import notify_existing_holder
from consular.db import transaction
from consular.input.appointments import NothingSchema
from consular.input.enrollments import AnswerSchema, EnrollmentQuery, EnrollmentSchema
from consular.input.programs import load_answers
from consular.name_warnings import in_words
from consular.printing.enrollments import as_file, print_enrollment
from consular.remedies import remedy_in_words
from services.enrollments.answering import Answer, answer
from services.enrollments.assisting import Assistance, request_for_person
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.queries import (
    find_assistance,
    find_payment,
    get_enrollment,
    is_paid_by_transfer,
    list_enrollments,
    list_history,
    open_details,
    open_result,
    warnings_of,
)
from services.enrollments.requesting import RequestEnrollment, request_enrollment
from services.enrollments.rules import Paper, Status, actions
from services.enrollments.terms import home_day
from services.enrollments.withdrawing import withdraw
from services.processes.dues import find_transfer

api = Blueprint("enrollments", __name__, url_prefix="/api/v1")
REQUESTERS = CITIZEN | HELPERS
PDF = ("application/pdf",)


@endpoint(
    api,
    "POST",
    "/enrollments",
    operation="requestEnrollment",
    who=REQUESTERS,
    body=EnrollmentSchema(),
    answer=EnrollmentAnswer(),
    status=202,
    errors={
        429: ("too_many_requests",),
        404: ("not_found",),
        409: ("already_enrolled", "identity_check_pending", "prerequisite_missing"),
        422: (
            "program_not_available",
            "own_account_required",
            "consent_required",
            "unknown_field",
            "curp_invalid",
            "curp_birth_date_differs",
            "consulate_not_found",
        ),
    },
)
def create_enrollment(command: RequestEnrollment) -> Any:
    """Request an enrollment. The agency answers later: ask by its address.

    ``warnings`` say where CURP and names differ; the request is taken all the same. Staff who ask
    declare that the person consented: it is kept with the request as ``assistance``.
    """
    with notify_existing_holder(command):
        body = run_once(lambda session: _request(session, command), status=202)
    return body, {"Location": url_for("enrollments.show_enrollment", enrollment=body["id"])}


@endpoint(
    api,
    "GET",
    "/enrollments",
    operation="listEnrollments",
    who=REQUESTERS,
    query=EnrollmentQuery(),
    answer=EnrollmentList(),
)
def list_own_enrollments(query: dict[str, Any]) -> dict[str, Any]:
    """List one's own enrollments; for staff, those of their consulate.

    Staff are written down for each person listed.
    """
    with transaction() as session:
        page = list_enrollments(
            session,
            limit=query["limit"],
            after=query["next"],
            status=query["status"],
            program=query["program"],
        )
        record_list(session, "enrollment", page.items)
        return EnrollmentList.page(page.items, page.next)


@endpoint(
    api,
    "GET",
    "/enrollments/<uuid:enrollment>",
    operation="showEnrollment",
    who=REQUESTERS,
    answer=EnrollmentAnswer(),
)
def show_enrollment(enrollment: UUID) -> dict[str, Any]:
    """Return one enrollment with its history and result."""
    with transaction() as session:
        row = get_enrollment(session, enrollment)
        record_reading(session, "enrollment", row)
        return detailed(session, row)


@endpoint(
    api,
    "POST",
    "/enrollments/<uuid:enrollment>/answer",
    operation="answerEnrollment",
    who=REQUESTERS,
    body=AnswerSchema(),
    answer=EnrollmentAnswer(),
    errors={
        409: ("wrong_state", "person_forgotten", "already_enrolled", "identity_check_pending"),
        422: (
            "unknown_field",
            "required",
            "document_missing",
            "not_expected",
            "curp_invalid",
            "curp_birth_date_differs",
        ),
    },
)
def answer_enrollment(enrollment: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Give the information that the agency asked for: `requested` of the enrollment names it.

    A document that it names is uploaded first. Who was asked for a name may send all of it, and a
    birth date with the CURP.
    """
    return run_once(lambda session: _answer(session, enrollment, command))


@endpoint(
    api,
    "POST",
    "/enrollments/<uuid:enrollment>/withdraw",
    operation="withdrawEnrollment",
    who=REQUESTERS,
    body=NothingSchema(),
    answer=EnrollmentAnswer(),
    errors={409: ("wrong_state",)},
)
def withdraw_enrollment(enrollment: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Withdraw a request while nothing was decided."""
    return run_once(
        lambda session: detailed(session, withdraw(session, enrollment, now=now(), actor=actor()))
    )


def _print(enrollment: UUID, paper: Paper) -> Response:
    with transaction() as session:
        document = print_enrollment(session, enrollment, paper)
        record_reading(session, "enrollment", get_enrollment(session, enrollment))
    return as_file(document, paper)


@endpoint(
    api,
    "GET",
    "/enrollments/<uuid:enrollment>/acknowledgement.pdf",
    operation="printAcknowledgement",
    who=REQUESTERS,
    content=PDF,
    errors={409: ("wrong_state",)},
)
def print_acknowledgement(enrollment: UUID) -> Response:
    """Return the acknowledgement of a request as PDF."""
    return _print(enrollment, Paper.ACKNOWLEDGEMENT)


@endpoint(
    api,
    "GET",
    "/enrollments/<uuid:enrollment>/payment.pdf",
    operation="printPaymentLine",
    who=REQUESTERS,
    content=PDF,
    errors={409: ("wrong_state",)},
)
def print_payment_line(enrollment: UUID) -> Response:
    """Return the payment line with its barcode as PDF, while there is something to pay."""
    return _print(enrollment, Paper.PAYMENT)


@endpoint(
    api,
    "GET",
    "/enrollments/<uuid:enrollment>/proof.pdf",
    operation="printProof",
    who=REQUESTERS,
    content=PDF,
    errors={409: ("wrong_state",)},
)
def print_proof(enrollment: UUID) -> Response:
    """Return the proof of an active enrollment as PDF."""
    return _print(enrollment, Paper.PROOF)


def _answer(session: Session, enrollment: UUID, sent: dict[str, Any]) -> dict[str, Any]:
    program = PROGRAMS[get_enrollment(session, enrollment).program]
    corrections = Answer(load_answers(program, sent["data"]), sent["applicant"])
    return detailed(
        session, answer(session, enrollment, corrections, now=now(), actor=actor(), vault=vault())
    )


def _request(session: Session, command: RequestEnrollment) -> dict[str, Any]:
    who = {"now": now(), "actor": actor(), "vault": vault()}
    if actor().is_citizen:
        enrollment = request_enrollment(session, command, **who)
    else:
        enrollment = request_for_person(session, command, Assistance(declared=True), **who)
    return EnrollmentAnswer.render(enrollment, warnings=_warnings(session, enrollment))


def _warnings(session: Session, enrollment: Any) -> list[dict[str, str]]:
    return [in_words(difference) for difference in warnings_of(session, enrollment, vault())]


def detailed(session: Session, enrollment: Any) -> dict[str, Any]:
    """The enrollment with its history and result."""
    details = open_details(session, enrollment, vault())
    transfer = find_transfer(session, enrollment)
    return EnrollmentAnswer.render(
        enrollment,
        requested=details.requested,
        appointment=details.appointment,
        payment=find_payment(enrollment, details, home_day(now())),
        paid_by=transfer and transfer.id,
        paid_by_transfer=is_paid_by_transfer(session, enrollment),
        remedy=remedy_in_words(session, enrollment),
        actions=sorted(actions(Status(enrollment.status))),
        history=list_history(session, enrollment.id),
        result=open_result(session, enrollment, vault()),
        warnings=_warnings(session, enrollment),
        assistance=find_assistance(session, enrollment.id),
    )
