"""A folder in words: the steps of its plan, its answers, its consents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from consular.answers_in_words import in_words
from consular.i18n import date_plain, translated, words
from consular.remedies import status_in_words
from services.citizens.people import PersonData, full_name
from services.enrollments.planning import Known, PlanStep, StepState
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Field, Program
from services.enrollments.rules import WAITING

Shown = dict[str, Any]


def shown_plan(steps: Sequence[PlanStep], known: Known, *, starts_next: bool) -> Shown:
    """The steps in words, and the one to do next: something about a request, or else a new one."""
    shown = [_step(step, known, starts_next=starts_next) for step in steps]
    to_do = [step for step in shown if step["to_do"]] + [step for step in shown if step["ready"]]
    under_way = any(step.state is StepState.UNDER_WAY for step in steps)
    return {"steps": shown, "next": next(iter(to_do), None), "under_way": under_way}


def _step(step: PlanStep, known: Known, *, starts_next: bool) -> Shown:
    program = PROGRAMS[step.program]
    to_do = step.state is StepState.UNDER_WAY and step.status not in WAITING and not step.paid
    return {
        "program": step.program,
        "name": translated(program.name),
        "heading": translated(program.form.heading) if program.form else "",
        "state": step.state,
        "words": _words(step, starts_next=starts_next),
        "number": _number(step, known),
        "address": url_for("portal.enrollment", id=step.enrollment) if step.enrollment else None,
        "to_do": to_do,
        "ready": step.state is StepState.READY and program.open,
        "can_prepare": step.state is StepState.WAITING and program.open and not step.prepared,
        "prepared": step.prepared and step.state in (StepState.WAITING, StepState.READY),
        "can_tell": _field_of(step.program) if step.state is StepState.READY else None,
        "wanted": step.state in (StepState.READY, StepState.WAITING),
    }


def _words(step: PlanStep, *, starts_next: bool) -> str:
    if step.state is StepState.UNDER_WAY:
        return status_in_words(str(step.status), paid=step.paid)
    if step.state is StepState.WAITING:
        before = ", ".join(translated(PROGRAMS[code].short) for code in step.waits_for)
        later = _("Va después de: %(programs)s.", programs=before)
        if step.prepared and starts_next:
            return str(later + " " + _("Tus datos están guardados: se envía solo."))
        return str(later)
    if step.given:
        return str(_("Ya lo tienes"))
    if step.state is StepState.READY and step.status is not None:
        return words("enrollments.status", step.status)
    return words("enrollments.step", step.state)


def _number(step: PlanStep, known: Known) -> str:
    """What the program gave, or the person told."""
    result = known.results.get(step.program, {}).get(step.program)
    answer = next((a[step.program] for a in known.answers.values() if step.program in a), "")
    return (result or answer) if step.state is StepState.DONE else ""


def field_for_number(code: str) -> tuple[Program | None, Field | None]:
    """The field in which another program asks for the number that this one gives."""
    for program in PROGRAMS.values():
        for field in program.fields:
            if field.name == code and code in PROGRAMS:
                return program, field
    return None, None


def _field_of(code: str) -> Field | None:
    return field_for_number(code)[1]


def shown_answers(person: PersonData, by_program: Mapping[str, Mapping[str, Any]]) -> list[Shown]:
    """Rows of check_answers under a heading each."""
    who = (
        (_("Nombre"), full_name(person)),
        (_("Fecha de nacimiento"), date_plain(person.birth_date) if person.birth_date else ""),
        (_("CURP"), person.curp),
        (_("Correo electrónico"), person.email),
        (_("Teléfono celular"), person.phone),
    )
    sections = [(_("Quién eres"), [{"label": label, "value": value} for label, value in who])]
    for code, answers in by_program.items():
        program = PROGRAMS.get(code)
        if program is not None:
            sections.append((translated(program.name), _rows(program, answers)))
    return [{"heading": heading, "rows": rows} for heading, rows in sections]


def _rows(program: Program, answers: Mapping[str, Any]) -> list[Shown]:
    return [
        {"label": translated(field.label), "value": in_words(field, answers[field.name])}
        for field in program.fields
        if field.name in answers
    ]


def consent_shown(consent: Any) -> Shown:
    """A consent in words: who gets what, why, since when, by whom; and whether it still holds."""
    program = PROGRAMS.get(consent.program)
    return {
        "id": consent.id,
        "agency": consent.agency.upper(),
        "purpose": words("folders.purpose", consent.purpose),
        "program": translated(program.name) if program else consent.program,
        "sensitive": consent.kind == "sensitive_data",
        "data": ", ".join(_data_words(program, name) for name in consent.data),
        "given_at": consent.given_at,
        "by_person": consent.given_by_role == "citizen",
        "withdrawn_at": consent.withdrawn_at,
    }


def _data_words(program: Program | None, name: str) -> str:
    for field in program.fields if program else ():
        if field.name == name:
            return translated(field.label)
    return words("folders.data", name)
