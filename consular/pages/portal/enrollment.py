"""Follow one's enrollment: how it stands, what is asked for, when one is seen, what one may do."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import CITIZEN, actor, allow, now, vault
from consular.clock import reader_clock, tell_elsewhere
from consular.db import transaction
from consular.i18n import date_long, translated, words
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import go, read_or_refuse
from consular.pages.portal.blueprint import pages
from consular.pages.portal.form_prefill import as_form
from consular.pages.portal.program_form import labels_of
from consular.pages.portal.requested_corrections import read_answer, requested_corrections
from consular.pages.posting import reopen
from consular.printing.enrollments import list_papers, payment_shown
from consular.remedies import remedy_in_words, step_in_words
from services.citizens.people import open_person
from services.enrollments.answering import answer
from services.enrollments.details import Details
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Kind, Program
from services.enrollments.queries import (
    find_payment,
    get_applicant,
    get_enrollment,
    last_day,
    list_history,
    open_details,
    open_result,
)
from services.enrollments.rules import DECIDED, WAITING, Action, Status, actions
from services.enrollments.terms import home_day
from services.enrollments.withdrawing import withdraw
from services.processes.dues import find_transfer

REFRESH_SECONDS = 5


@pages.get("/inscripciones/<uuid:id>")
@allow(CITIZEN)
def enrollment(id: UUID) -> str:
    """Show one enrollment with its history and result."""
    with transaction() as session:
        row = get_enrollment(session, id)
        details = open_details(session, row, vault())
        corrections = requested_corrections(session, row, details.requested)
        shown = _shown(session, row, details)
        present = as_form(open_person(get_applicant(session, row), vault()))
    kept = draft()
    return render_template(
        "portal/enrollment.html",
        enrollment=shown,
        asked=corrections,
        labels=dict(labels_of(corrections.fields)),
        clock=reader_clock(),
        elsewhere=tell_elsewhere(details.appointment.starts_at) if details.appointment else [],
        just_sent="nueva" in request.args,
        refresh_seconds=REFRESH_SECONDS if shown["waiting"] else None,
        form={**present, **kept.form},
        errors=kept.errors(
            partial(read_answer, PROGRAMS[row.program], corrections), also_under=True
        ),
    )


reopen(
    pages,
    ["/inscripciones/<uuid:id>/retirar", "/inscripciones/<uuid:id>/responder"],
    "portal.enrollment",
    CITIZEN,
)


@pages.post("/inscripciones/<uuid:id>/responder")
@allow(CITIZEN)
def enrollment_answer(id: UUID) -> Response:
    """Give what the agency asked for."""
    with transaction() as session:
        row = get_enrollment(session, id)
        program = PROGRAMS[row.program]
        corrections = requested_corrections(
            session, row, open_details(session, row, vault()).requested
        )
    corrected = read_or_refuse(answers(), partial(read_answer, program, corrections))
    with transaction() as session:
        answer(session, id, corrected, now=now(), actor=actor(), vault=vault())
    return finish(url_for("portal.enrollment", id=id))


@pages.post("/inscripciones/<uuid:id>/retirar")
@allow(CITIZEN)
def enrollment_withdraw(id: UUID) -> Response:
    """Withdraw a request for an enrollment."""
    with transaction() as session:
        withdraw(session, id, now=now(), actor=actor())
    return go(url_for("portal.enrollment", id=id))


def _shown(session: Session, enrollment: Any, details: Details) -> dict[str, Any]:
    program, status = PROGRAMS[enrollment.program], Status(enrollment.status)
    history = [
        {
            "status": step.status,
            "at": step.at,
            "by": words("enrollments.actor", step.actor) if step.actor else "",
            "detail": step_in_words(program, step),
        }
        for step in list_history(session, enrollment.id)
    ]
    may = actions(status)
    payment = find_payment(enrollment, details, home_day(now()))
    transfer = find_transfer(session, enrollment)
    return {
        "id": enrollment.id,
        "folio": enrollment.folio,
        "program": enrollment.program,
        "program_name": translated(program.name),
        "open": program.open,
        "status": enrollment.status,
        "history": history,
        "results": _results(program, open_result(session, enrollment, vault()) or {}),
        "remedy": remedy_in_words(session, enrollment),
        "last_day": last_day(enrollment),
        "appointment": details.appointment,
        "payment": payment_shown(payment) if payment else None,
        "by_transfer": program.paid_by_transfer,
        "paid_by": transfer,
        "pay_by": payment and payment.due_on,
        "papers": list_papers(enrollment, None if transfer else payment),
        "waiting": status in WAITING,
        "over": status in DECIDED,
        "can_answer": Action.ANSWER in may,
        "can_withdraw": Action.WITHDRAW in may,
    }


def _results(program: Program, result: dict[str, Any]) -> list[dict[str, str]]:
    """The agency's results, each with its label."""
    return [
        {"label": translated(each.label), "value": _value(each.kind, result[each.name])}
        for each in program.results
        if result.get(each.name)
    ]


def _value(kind: Kind, value: str) -> str:
    return date_long(date.fromisoformat(value)) if kind is Kind.DATE else value
