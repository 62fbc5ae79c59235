"""The pages of a program's form: whose it is, one page a step, and a check before it is sent.

A program without steps has one page. Which steps there are depends on the answers before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from consular.answers_in_words import data_rows
from consular.i18n import date_plain
from consular.pages.portal.program_form import PREFIX, data_of
from services.citizens.people import full_name
from services.enrollments.programs.schema import Field, Program, Step
from services.enrollments.requesting import RequestEnrollment
from services.kernel.identifiers import format_phone

FIRST = "persona"
CHECK = "revisar"
PERMISSIONS = ("consents", "sensitive")
Row = dict[str, Any]


@dataclass(frozen=True)
class FormPages:
    """The pages that there are with the answers so far, by their codes, in order."""

    program: Program
    codes: tuple[str, ...]

    @property
    def last(self) -> str:
        """The page that sends the request."""
        return self.codes[-1]

    def number(self, page: str) -> int:
        """The page's place, from 1 on."""
        return self.codes.index(page) + 1

    def before(self, page: str) -> str:
        """The page that leads to it."""
        return self.codes[self.codes.index(page) - 1]

    def after(self, page: str) -> str:
        """The page that follows it."""
        return self.codes[self.codes.index(page) + 1]

    def holding(self, name: str) -> str:
        """The page on which a field of that name stands."""
        if name in PERMISSIONS:
            return self.last
        for step in _steps(self.program):
            if any(_stands_in(name, field) for field in step.fields):
                return step.code
        return FIRST


def pages_of(program: Program, form: Mapping[str, str]) -> FormPages:
    """The pages of the program's form, given the answers."""
    data = data_of(program.fields, dict(form))
    steps = [step.code for step in _steps(program) if step.is_asked(data)]
    return FormPages(program, (FIRST, *steps, CHECK) if _steps(program) else (FIRST,))


def find_step(program: Program, page: str) -> Step | None:
    """The step that the page asks for; None on the first and the last page."""
    return next((step for step in _steps(program) if step.code == page), None)


def page_address(
    program: Program, page: str, draft: object = None, *, view: str = "portal.enroll"
) -> str:
    """Where the page is, with the answers of that draft. The desk has a ``view`` of its own."""
    return str(url_for(view, program=program.code, page=page, d=draft or None))


def answer_rows(
    command: RequestEnrollment, program: Program, draft: str, *, view: str = "portal.enroll"
) -> list[Row]:
    """What is about to be sent, each with the page where it is changed."""
    applicant, first = command.applicant, page_address(program, FIRST, draft, view=view)
    who = (
        (_("Nombre"), full_name(applicant)),
        (_("Fecha de nacimiento"), date_plain(applicant.birth_date)),
        (_("CURP"), applicant.curp),
        (_("Correo electrónico"), applicant.email),
        (_("Teléfono celular"), format_phone(applicant.phone) if applicant.phone else None),
    )
    rows = [{"label": label, "value": value, "change": first} for label, value in who]
    for step in _steps(program):
        change = page_address(program, step.code, draft, view=view)
        rows += [{**row, "change": change} for row in data_rows(step.fields, command.data)]
    return rows


def _steps(program: Program) -> tuple[Step, ...]:
    return program.form.steps


def _stands_in(name: str, field: Field) -> bool:
    own = f"{PREFIX}-{field.name}"
    return name == own or name.startswith(f"{own}-")
