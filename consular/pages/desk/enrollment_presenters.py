"""Enrollments as the desk's pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.access_log import record_reading
from consular.answers_in_words import data_rows
from consular.auth import actor, now
from consular.errors import problem_of
from consular.i18n import date_long, date_plain, translated, words
from consular.name_warnings import in_words
from consular.pages.desk.presenters import name_shown
from consular.pages.portal.names import office
from consular.pages.portal.requested_corrections import requested_corrections
from consular.printing.enrollments import list_papers, payment_shown
from consular.remedies import reason_in_words, remedy_in_words, status_in_words, step_in_words
from services.citizens.people import open_person
from services.enrollments.office_queue import QueueLine, StatusCount
from services.enrollments.planning import PlanStep, StepState, find_plan
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Kind, Program
from services.enrollments.queries import (
    find_assistance,
    find_payment,
    get_applicant,
    get_enrollment,
    is_paid_by_transfer,
    last_day,
    list_history,
    open_data,
    open_details,
    open_result,
    warnings_of,
)
from services.enrollments.rules import (
    HOME_ZONE,
    Action,
    By,
    Status,
    WaitsFor,
    actions,
    may_resend_notice,
    waits_for,
)
from services.enrollments.terms import home_day
from services.kernel.crypto import Vault
from services.kernel.errors import DomainError
from services.kernel.identifiers import format_phone


def line(queued: QueueLine) -> dict[str, Any]:
    """A line of the queue."""
    enrollment = queued.enrollment
    return {
        "id": enrollment.id,
        "folio": enrollment.folio,
        "name": name_shown(queued.person),
        "program_name": translated(PROGRAMS[enrollment.program].short),
        "status": enrollment.status,
        "asked_on": enrollment.created_at,
        "waits": queued.waits.value,
        "paid": queued.paid,
        "said": status_in_words(enrollment.status, paid=queued.paid),
        "last_day": None if queued.paid else last_day(enrollment),
        "over": queued.waits is WaitsFor.NOBODY,
    }


def sums(counts: Sequence[StatusCount]) -> list[tuple[str, int]]:
    """How many wait, by whom for."""
    totals = dict.fromkeys(WaitsFor, 0)
    for count in counts:
        reached = count.requests - count.paid - count.unreachable
        totals[waits_for(count.status, reachable=True)] += reached
        totals[waits_for(count.status, reachable=True, paid=True)] += count.paid
        totals[waits_for(count.status, reachable=False)] += count.unreachable
    return [(waits.value, number) for waits, number in totals.items()]


def by_status(counts: Sequence[StatusCount]) -> dict[str, Any] | None:
    """The office's numbers: a row for each status, a column for each program, and sums; None where
    there is nothing to count."""
    table = {(count.program, count.status): count.requests for count in counts}
    programs = [
        program for program in PROGRAMS.values() if any(p == program.code for p, _s in table)
    ]
    rows = []
    for status in Status:
        numbers = [table.get((program.code, status), 0) for program in programs]
        if any(numbers):
            rows.append([words("enrollments.status", status), *numbers, sum(numbers)])
    return (
        {"programs": [translated(program.short) for program in programs], "rows": rows}
        if rows
        else None
    )


def zone(session: Session, enrollment: Any = None) -> dict[str, str]:
    """The clock by which times are shown: the reader's office, else the request's, else Mexico
    City."""
    code = actor().consulate or (enrollment.consulate_code if enrollment else None)
    if code is None:
        return {"zone": HOME_ZONE, "place": ""}
    place = office(session, code)
    return {"zone": place["time_zone"], "place": place["city"]}


def opened(session: Session, enrollment: Any, vault: Vault) -> dict[str, Any]:
    """One request with its person in the clear: for its own page only, which is an entry of the
    audit."""
    program, person = (
        PROGRAMS[enrollment.program],
        open_person(get_applicant(session, enrollment), vault),
    )
    details = open_details(session, enrollment, vault)
    paid = is_paid_by_transfer(session, enrollment)
    payment = None if paid else find_payment(enrollment, details, home_day(now()))
    remedy = remedy_in_words(session, enrollment)
    status, reachable = Status(enrollment.status), bool(person.email or person.phone)
    waits = waits_for(status, reachable=reachable, paid=paid)
    return {
        "id": enrollment.id,
        "folio": enrollment.folio,
        "program_name": translated(program.name),
        "status": enrollment.status,
        "waits": waits.value,
        "last_day": None if paid else last_day(enrollment),
        "reason": remedy.reason if remedy else reason_in_words(program, enrollment.reason_code),
        "name": name_shown(person),
        "person": [
            {"label": label, "value": value}
            for label, value in (
                ("birth_date", date_plain(person.birth_date) if person.birth_date else ""),
                ("curp", person.curp),
                ("email", person.email),
                ("phone", format_phone(person.phone) if person.phone else ""),
            )
        ],
        "reachable": reachable,
        "language": enrollment.language,
        "data": list(data_rows(program.fields, open_data(session, enrollment, vault))),
        "warnings": [in_words(each) for each in warnings_of(session, enrollment, vault)],
        "assistance": find_assistance(session, enrollment.id),
        "asked": requested_corrections(session, enrollment, details.requested),
        "appointment": details.appointment,
        "paid": paid,
        "payment": payment_shown(payment) if payment else None,
        "results": _results(program, open_result(session, enrollment, vault) or {}),
        "papers": list_papers(enrollment, payment),
        "history": [_step(program, step) for step in list_history(session, enrollment.id)],
        "over": waits is WaitsFor.NOBODY,
        "remedy": remedy,
        "may_answer": Action.ANSWER in actions(status),
        "may_withdraw": Action.WITHDRAW in actions(status),
        "may_ask_more": person.curp is not None,
        "may_tell": may_resend_notice(status, paid=paid) and reachable,
    }


def plan_beside(session: Session, enrollment: Any, vault: Vault) -> list[dict[str, str]]:
    """The person's plan, where there is more in it than this request: what is done, under way and
    next, without the numbers. Opening it is an entry of the audit."""
    folder, steps = find_plan(session, enrollment, vault) or (None, [])
    if len(steps) < 2:
        return []
    record_reading(session, "folder", folder)
    return [_plan_step(step, enrollment.id) for step in steps]


def _plan_step(step: PlanStep, open_here: UUID) -> dict[str, str]:
    other = step.enrollment not in (None, open_here)
    if step.state is StepState.UNDER_WAY:
        said = status_in_words(str(step.status), paid=step.paid)
    elif step.state is StepState.WAITING:
        before = ", ".join(translated(PROGRAMS[code].short) for code in step.waits_for)
        said = _("Va después de: %(programs)s.", programs=before)
    elif step.state is StepState.READY:
        said = _("Se puede pedir ya")
    else:
        said = words("enrollments.step", step.state)
    return {
        "name": translated(PROGRAMS[step.program].name),
        "state": step.state,
        "words": said,
        "address": url_for("desk.enrollment", id=step.enrollment) if other else "",
        "asked_at": _asked_at(step, open_here),
    }


def _asked_at(step: PlanStep, open_here: UUID) -> str:
    """Where its form is sent for, filled in with what the folder holds; empty unless that is its
    turn."""
    if step.state is not StepState.READY or not PROGRAMS[step.program].open:
        return ""
    return url_for("desk.enroll_next", id=open_here, program=step.program)


def planned(session: Session, chosen: Sequence[UUID], action: str) -> list[dict[str, Any]]:
    """What would happen to each of the chosen; ``problem``: why it can't."""
    lines = []
    for id in chosen:
        enrollment = get_enrollment(session, id)
        person = get_applicant(session, enrollment)
        queued = QueueLine(enrollment, person, is_paid_by_transfer(session, enrollment))
        problem = _problem(queued, action)
        lines.append({**line(queued), "enrollment": enrollment, "problem": why(problem)})
    return lines


def why(code: str) -> str:
    """What stands in the way, in words; nothing for no code."""
    return problem_of(DomainError(code)).title if code else ""


def _problem(queued: QueueLine, action: str) -> str:
    status = Status(queued.enrollment.status)
    if action == "withdraw":
        return "" if Action.WITHDRAW in actions(status) else "wrong_state"
    if not may_resend_notice(status, paid=queued.paid):
        return "wrong_state"
    return "" if queued.reachable else "nobody_to_tell"


def _step(program: Program, step: Any) -> dict[str, Any]:
    by = words("enrollments.actor", step.actor) if step.actor else ""
    by = words("enrollments.waits", WaitsFor.PERSON) if step.actor == By.APPLICANT else by
    detail = " — ".join(part for part in (by, step_in_words(program, step)) if part)
    return {"status": step.status, "at": step.at, "detail": detail}


def _results(program: Program, result: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "label": translated(each.label),
            "value": date_long(date.fromisoformat(result[each.name]))
            if each.kind is Kind.DATE
            else str(result[each.name]),
        }
        for each in program.results
        if result.get(each.name)
    ]
