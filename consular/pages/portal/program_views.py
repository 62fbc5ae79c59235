"""What the portal's and the desk's views of a program's form have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template

from consular.auth import now, vault
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.i18n import translated
from consular.name_warnings import confirmation_of, in_words
from consular.pages.drafts import draft, draft_id, keep_draft
from consular.pages.forms import Errors, go, read_or_refuse
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
    read_answers,
    read_page,
    read_request,
)
from consular.tariffs_in_words import label, reliability
from services.citizens.people import full_name
from services.enrollments.errors import PrerequisiteMissing
from services.enrollments.planning import refuse_too_early
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Program
from services.enrollments.requesting import RequestEnrollment
from services.enrollments.terms import home_day
from services.enrollments.warnings import list_warnings
from services.kernel.errors import NotFound

Form = dict[str, str]
Read = Callable[[Program, Form, Errors], RequestEnrollment | None]
Show = Callable[[FormPages, str, Form, RequestEnrollment | None], str]


def form_page(program: Program, page: str, form: Form, show: Show, *, view: str) -> Response | str:
    """The page as ``show`` renders it; the first that isn't right where another is missing."""
    form_pages, faults = pages_of(program, form), Errors()
    command = read_answers(program, form, faults) if page == CHECK else None
    missing = first_with_fault(form_pages, faults, page)
    if page not in form_pages.codes or missing:
        return go(page_address(program, missing or FIRST, draft_id(), view=view))
    return show(form_pages, page, form, command)


def send_page(
    program: Program,
    page: str,
    form: Form,
    read: Read,
    *,
    view: str,
    own: frozenset[str] = frozenset(),
) -> Response | RequestEnrollment:
    """Keep the page's answers and go on to the next; after the last one, what is requested, or back
    to what is wrong. ``own``: what this page asks for besides the program's form."""
    form_pages = pages_of(program, form)
    if page not in form_pages.codes:
        raise NotFound()
    if page != form_pages.last:
        return _keep_page(form_pages, page, form, view=view)
    errors: Errors = {}
    command = read(program, form, errors)
    if command is None:
        return _back_to_fault(form_pages, page, form, errors, view=view, own=own)
    return command


def _keep_page(form_pages: FormPages, page: str, form: Form, *, view: str) -> Response:
    """Keep the page's answers and go on to the next one."""
    read_or_refuse(form, partial(read_page, form_pages, page))
    following = form_pages.after(page)
    return go(page_address(form_pages.program, following, keep_draft(form), view=view))


def _back_to_fault(
    form_pages: FormPages,
    page: str,
    form: Form,
    errors: Errors,
    *,
    view: str,
    own: frozenset[str],
) -> Response:
    """Show what is wrong, on the page that asks for it."""
    of_form = {name: messages for name, messages in errors.items() if name not in own}
    wrong = first_with_fault(form_pages, of_form, page) or page
    at = page_address(form_pages.program, wrong, view=view)
    return go(f"{at}?{urlencode({'d': keep_draft(form, FieldsInvalid(errors), at=at)})}")


def names_page(template: str, program: Program, *, view: str) -> Response | str:
    """Ask whether names that differ from the CURP are right as they are."""
    form = draft().form
    command = read_request(program, form, {})
    differences = list_warnings(command.applicant, command.data) if command else []
    first = page_address(program, FIRST, draft_id(), view=view)
    if command is None or not differences:
        return go(first)
    return render_template(
        template,
        form_url=first,
        action=page_address(program, pages_of(program, form).last, view=view),
        name=full_name(command.applicant),
        curp=command.applicant.curp,
        warnings=[in_words(difference) for difference in differences],
        confirmation=confirmation_of(differences),
    )


def comes_first(program: Program, command: RequestEnrollment | None) -> Program | None:
    """The required program that the person isn't enrolled in yet; None where nothing stands before
    the request, or there is none."""
    if command is None or not program.requires:
        return None
    try:
        with transaction() as session:
            refuse_too_early(session, program, command.data, command.applicant.curp, vault())
    except PrerequisiteMissing as missing:
        return PROGRAMS[str(missing.params["requires"])]
    return None


def page_values(
    form_pages: FormPages, page: str, command: RequestEnrollment | None, *, view: str
) -> Mapping[str, Any]:
    """What the template of a page is given; ``command`` on the one that checks the answers."""
    program = form_pages.program
    return {
        "program": program,
        "page": page,
        "step": find_step(program, page),
        "number": form_pages.number(page),
        "of": len(form_pages.codes),
        "last": page == form_pages.last,
        "answers": answer_rows(command, program, draft_id(), view=view) if command else [],
        "cost": _cost(program, command) if command else None,
        "before": page_address(program, form_pages.before(page), draft_id(), view=view)
        if page != FIRST
        else None,
        "action": page_address(program, page, view=view),
        "labels": dict(labels_of(program.fields)),
    }


def _cost(program: Program, command: RequestEnrollment) -> Mapping[str, Any] | None:
    """What there is to pay, where the request tells it."""
    tariff = program.tariff
    if tariff is None or tariff.of_request is None:
        return None
    today = home_day(now())
    estimate = tariff.work_out(tariff.of_request(command.data, today), today)
    return {
        "what": translated(tariff.what),
        "total": estimate.total,
        "label": label(tariff, today),
        "reliability": reliability(tariff, today),
    }
