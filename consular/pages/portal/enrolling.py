"""Ask to be enrolled in a program, and follow it."""

from __future__ import annotations

from functools import partial

from flask import Response, render_template, url_for

from consular.auth import CITIZEN, actor, allow, now, vault
from consular.commands import notify_existing_holder
from consular.db import transaction
from consular.i18n import translated
from consular.name_warnings import unconfirmed
from consular.pages.drafts import answers, draft, finish, keep_draft
from consular.pages.forms import go
from consular.pages.portal.blueprint import pages
from consular.pages.portal.folder import WANTED
from consular.pages.portal.form_prefill import prefilled_form, told_before
from consular.pages.portal.names import offices
from consular.pages.portal.program_pages import FIRST, FormPages
from consular.pages.portal.program_request import open_program, read_page, read_request
from consular.pages.portal.program_views import (
    comes_first,
    form_page,
    names_page,
    page_values,
    send_page,
)
from services.enrollments.choosing import ChoosePlan, Prepared, add_to_plan, choose_plan
from services.enrollments.errors import PrerequisiteMissing
from services.enrollments.requesting import RequestEnrollment, request_enrollment
from services.enrollments.warnings import list_warnings

VIEW = "portal.enroll"


# The RFC's form has the address by which it is known.
@pages.get("/rfc", defaults={"program": "rfc", "page": FIRST})
@pages.get("/inscripciones/nueva/<code:program>", defaults={"page": FIRST})
@pages.get("/inscripciones/nueva/<code:program>/<code:page>")
@allow(CITIZEN)
def enroll(program: str, page: str) -> Response | str:
    """A page of the program's form, with what the account told of its person before."""
    chosen = open_program(program)
    form = {**prefilled_form(), **draft().form}
    return form_page(chosen, page, {**told_before(chosen, form), **form}, _show, view=VIEW)


@pages.post("/rfc", defaults={"program": "rfc", "page": FIRST})
@pages.post("/inscripciones/nueva/<code:program>", defaults={"page": FIRST})
@pages.post("/inscripciones/nueva/<code:program>/<code:page>")
@allow(CITIZEN)
def enroll_send(program: str, page: str) -> Response:
    """Keep a page's answers and go on; on the last one, request the enrollment."""
    form = answers()
    sent = send_page(open_program(program), page, form, read_request, view=VIEW)
    return _request(sent, form) if isinstance(sent, RequestEnrollment) else sent


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
    return finish(url_for("portal.enrollment", id=enrollment.id, nueva=1))


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
    return finish(url_for("portal.folder", id=folder, guardado=command.program))


@pages.get("/inscripciones/nueva/<code:program>/nombre")
@allow(CITIZEN)
def enroll_names(program: str) -> Response | str:
    """Ask whether names that differ from the CURP are right as they are."""
    return names_page("portal/enroll_names.html", open_program(program), view=VIEW)


def _show(
    form_pages: FormPages, page: str, form: dict[str, str], command: RequestEnrollment | None
) -> str:
    """The page as it is shown; ``command``: what would be sent, on the page that checks it."""
    program = form_pages.program
    before = comes_first(program, command)
    with transaction() as session:
        choices = offices(session)
    return render_template(
        "portal/enroll.html",
        **page_values(form_pages, page, command, view=VIEW),
        comes_first=translated(before.name) if before else "",
        consulates=choices,
        form=form,
        errors=draft().errors(partial(read_page, form_pages, page)),
    )
