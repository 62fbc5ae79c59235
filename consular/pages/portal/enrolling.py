"""Ask to be enrolled in a program, and follow it."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from flask import Response, render_template, url_for

from consular.auth import CITIZEN, actor, allow, now, vault
from consular.commands import notify_existing_holder
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.i18n import translated
from consular.name_warnings import confirmation_of, in_words, unconfirmed
from consular.pages.drafts import answers, draft, draft_id, drop, keep_draft
from consular.pages.forms import Errors, go, read_or_refuse
from consular.pages.portal.blueprint import pages
from consular.pages.portal.folder import WANTED
from consular.pages.portal.form_prefill import prefilled_form
from consular.pages.portal.names import offices
from consular.pages.portal.program_form import labels_of
from consular.pages.portal.program_pages import (
    CHECK,
    FIRST,
    FormPages,
    answer_rows,
    find_step,
    page_address,
    pages_of,
)
from consular.pages.portal.program_request import (
    first_with_fault,
    open_program,
    read_answers,
    read_page,
    read_request,
)
from services.citizens.people import full_name
from services.enrollments.choosing import ChoosePlan, Prepared, add_to_plan, choose_plan
from services.enrollments.errors import PrerequisiteMissing
from services.enrollments.planning import refuse_too_early
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Estimate, Program
from services.enrollments.requesting import RequestEnrollment, request_enrollment
from services.enrollments.terms import home_day
from services.enrollments.warnings import list_warnings
from services.kernel.errors import NotFound


# The RFC's form has the address by which it is known.
@pages.get("/rfc", defaults={"program": "rfc", "page": FIRST})
@pages.get("/inscripciones/nueva/<code:program>", defaults={"page": FIRST})
@pages.get("/inscripciones/nueva/<code:program>/<code:page>")
@allow(CITIZEN)
def enroll(program: str, page: str) -> Response | str:
    """A page of the program's form, with what the account's holder told before."""
    chosen, answered = open_program(program), draft().form
    form = {**prefilled_form(), **answered}
    form_pages = pages_of(chosen, form)
    faults: Errors = {}
    command = read_answers(chosen, form, faults) if page == CHECK else None
    missing = first_with_fault(form_pages, faults, page)
    if page not in form_pages.codes or missing:
        return go(page_address(chosen, missing or FIRST, draft_id()))
    return _ask(form_pages, page, form, command)


@pages.post("/rfc", defaults={"program": "rfc", "page": FIRST})
@pages.post("/inscripciones/nueva/<code:program>", defaults={"page": FIRST})
@pages.post("/inscripciones/nueva/<code:program>/<code:page>")
@allow(CITIZEN)
def enroll_send(program: str, page: str) -> Response:
    """Keep a page's answers and go on; on the last one, request the enrollment."""
    chosen, form = open_program(program), answers()
    form_pages = pages_of(chosen, form)
    if page not in form_pages.codes:
        raise NotFound()
    if page != form_pages.last:
        read_or_refuse(form, partial(read_page, form_pages, page))
        return go(page_address(chosen, form_pages.after(page), keep_draft(form)))
    errors: Errors = {}
    command = read_request(chosen, form, errors)
    earlier = first_with_fault(form_pages, errors, page)
    if command is None:
        at = page_address(chosen, earlier or page)
        return go(f"{at}?{urlencode({'d': keep_draft(form, FieldsInvalid(errors), at=at)})}")
    return _request(command, form)


def _request(command: RequestEnrollment, form: dict[str, str]) -> Response:
    """Request the enrollment; where names and CURP differ, ask first."""
    if unconfirmed(form, list_warnings(command.applicant, command.data)):
        return go(url_for("portal.enroll_names", program=command.program, d=keep_draft(form)))
    try:
        with notify_existing_holder(command), transaction() as session:
            enrollment = request_enrollment(
                session, command, now=now(), actor=actor(), vault=vault()
            )
            if form.get(WANTED) and enrollment.folder_id:
                add_to_plan(session, enrollment.folder_id, form[WANTED])
    except PrerequisiteMissing:
        return _keep_for_later(command)
    drop()
    return go(url_for("portal.enrollment", id=enrollment.id, nueva=1))


def _keep_for_later(command: RequestEnrollment) -> Response:
    """Something else comes first: keep it in the plan, to be sent when its turn comes."""
    ahead = ChoosePlan(
        (command.program,),
        command.applicant,
        starts_next=True,
        prepared={command.program: Prepared(command.data, command.consents)},
        language=command.language,
    )
    with transaction() as session:
        folder = choose_plan(session, ahead, now=now(), actor=actor(), vault=vault()).id
    drop()
    return go(url_for("portal.folder", id=folder, guardado=command.program))


@pages.get("/inscripciones/nueva/<code:program>/nombre")
@allow(CITIZEN)
def enroll_names(program: str) -> Response | str:
    """Ask whether names that differ from the CURP are right as they are."""
    chosen, form = open_program(program), draft().form
    command = read_request(chosen, form, {})
    differences = list_warnings(command.applicant, command.data) if command else []
    if command is None or not differences:
        return go(page_address(chosen, FIRST, draft_id()))
    return render_template(
        "portal/enroll_names.html",
        program=chosen,
        form_url=page_address(chosen, FIRST, draft_id()),
        action=page_address(chosen, pages_of(chosen, form).last),
        name=full_name(command.applicant),
        curp=command.applicant.curp,
        warnings=[in_words(difference) for difference in differences],
        confirmation=confirmation_of(differences),
    )


def _ask(
    form_pages: FormPages, page: str, form: dict[str, str], command: RequestEnrollment | None
) -> str:
    """The page as it is shown; ``command``: what would be sent, on the page that checks it."""
    program = form_pages.program
    with transaction() as session:
        choices = offices(session)
    return render_template(
        "portal/enroll.html",
        program=program,
        page=page,
        step=find_step(program, page),
        number=form_pages.number(page),
        of=len(form_pages.codes),
        last=page == form_pages.last,
        comes_first=_comes_first(program, command) if page == form_pages.last else "",
        answers=answer_rows(command, program, draft_id()) if command else [],
        before=page_address(program, form_pages.before(page), draft_id())
        if page != FIRST
        else None,
        action=page_address(program, page),
        cost=_cost(program, command) if command else None,
        labels=dict(labels_of(program.fields)),
        consulates=choices,
        form=form,
        errors=draft().errors(partial(read_page, form_pages, page)),
    )


def _comes_first(program: Program, command: RequestEnrollment | None) -> str:
    """The program that must come before, in words, where the request would be kept for later."""
    if command is None or not program.requires:
        return ""
    with transaction() as session:
        try:
            refuse_too_early(session, program, command.data, command.applicant.curp, vault())
        except PrerequisiteMissing as missing:
            return translated(PROGRAMS[str(missing.params["requires"])].name)
    return ""


def _cost(program: Program, command: RequestEnrollment) -> Estimate | None:
    """What there is to pay, where the request tells it."""
    tariff = program.tariff
    if tariff is None or tariff.of_request is None:
        return None
    today = home_day(now())
    return tariff.work_out(tariff.of_request(command.data, today), today)
