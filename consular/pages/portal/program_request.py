"""A program's form as it was filled in, page by page: what is right with it, and the request.

The portal and the desk ask with the same fields; ``notices`` is the language that whoever is helped
wants to be written to.
"""

from __future__ import annotations

from typing import cast

from flask_babel import gettext as _

from consular.i18n import current_language
from consular.input.enrollments import EnrollmentSchema
from consular.pages.forms import Errors, check, date_of, phone_of, pick
from consular.pages.portal.program_form import by_page_name, data_of
from consular.pages.portal.program_pages import PERMISSIONS, FormPages
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Program
from services.enrollments.requesting import RequestEnrollment
from services.kernel.errors import NotFound

FIELDS = ("given_names", "first_surname", "second_surname", "curp", "email")


def open_program(code: str) -> Program:
    """A program that can be asked for. Raises NotFound."""
    program = PROGRAMS.get(code)
    if program is None or not program.open:
        raise NotFound()
    return program


def read_page(form_pages: FormPages, page: str, form: dict[str, str], errors: Errors) -> object:
    """Whether that page's answers are right; None with what is wrong with them."""
    faults: Errors = {}
    read_request(form_pages.program, form, faults)
    errors |= {
        name: messages for name, messages in faults.items() if form_pages.holding(name) == page
    }
    return None if errors else form_pages


def first_with_fault(form_pages: FormPages, errors: Errors, page: str) -> str | None:
    """The first page before this one with something wrong, or not answered yet."""
    wrong = {form_pages.holding(name) for name in errors}
    return next((code for code in form_pages.codes if code in wrong and code != page), None)


def read_request(
    program: Program, form: dict[str, str], errors: Errors
) -> RequestEnrollment | None:
    """The request that the form describes, or None with what is wrong."""
    command = read_answers(program, form, errors)
    for name, code in zip(PERMISSIONS, program.form.consents, strict=False):
        if form.get(name) != code:
            errors[name] = [_("Sin este permiso no se puede hacer la inscripción.")]
    return None if errors else command


def read_answers(
    program: Program, form: dict[str, str], errors: Errors
) -> RequestEnrollment | None:
    """The request as far as its answers go, before the permissions are given."""
    born, wrong = date_of(form, "birth_date"), Errors()
    applicant = {**pick(form, *FIELDS), **phone_of(form)}
    command = check(
        EnrollmentSchema(),
        {
            "program": program.code,
            "applicant": {**applicant, **({"birth_date": born} if born else {})},
            "data": data_of(program.fields, form),
            "consents": list(pick(form, *PERMISSIONS).values()),
            "consulate": form.get("consulate") or None,
            "language": form.get("notices") or current_language(),
        },
        wrong,
    )
    errors |= by_page_name(wrong)
    return cast("RequestEnrollment | None", command)
