"""Programs for whoever wonders: what each gives and needs, whether one can, what it costs.

Open to anyone, and nothing of it is kept: answers stand in addresses only.
"""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from consular.auth import ANYONE, allow, now
from consular.errors import FieldsInvalid
from consular.i18n import translated
from consular.input.programs import load_tariff
from consular.pages.forms import Errors, go
from consular.pages.portal.blueprint import pages
from consular.pages.portal.program_form import by_page_name, data_of, labels_of
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Estimate, Program, Question, Tariff
from services.enrollments.terms import home_day
from services.kernel.errors import NotFound

FIRST_QUESTION = "1"
ADVICE = "-aviso"
ALL_ANSWERED = "listo"


@pages.get("/inscripciones")
@allow(ANYONE)
def programs() -> str:
    """List the programs, the open ones first."""
    listed = sorted(PROGRAMS.values(), key=lambda program: not program.open)
    return render_template("portal/programs.html", programs=listed)


@pages.get("/inscripciones/<code:program>")
@allow(ANYONE)
def program_guide(program: str) -> str:
    """Show what the program gives, who can have it, what it takes and who sees the data."""
    found = _find(program)
    return render_template(
        "portal/program.html",
        program=found,
        first=[PROGRAMS[code] for code in found.requires],
    )


@pages.get("/inscripciones/<code:program>/costo")
@allow(ANYONE)
def program_cost(program: str) -> str:
    """Work out what the program costs, with the answers in the address."""
    found, form = _find(program), request.args.to_dict()
    if found.tariff is None:
        raise NotFound()
    errors: Errors = {}
    estimate = _estimate(found, found.tariff, form, errors) if form else None
    return render_template(
        "portal/program_cost.html",
        program=found,
        tariff=found.tariff,
        estimate=estimate,
        rows=[[translated(part.name), part.amount] for part in estimate.parts] if estimate else [],
        form=form,
        errors=errors,
        labels=dict(labels_of(found.tariff.fields)),
    )


@pages.get("/inscripciones/<code:program>/puedo", defaults={"place": FIRST_QUESTION})
@pages.get("/inscripciones/<code:program>/puedo/<code:place>")
@allow(ANYONE)
def program_question(program: str, place: str) -> Response | str:
    """Ask one question after the other; each answer leads to the next, or to what to do."""
    found = _find(program)
    questions = found.questions
    if place == ALL_ANSWERED:
        return render_template("portal/program_yes.html", program=found)
    number = place.removesuffix(ADVICE)
    if not number.isdigit() or not 1 <= int(number) <= len(questions):
        return go(url_for("portal.program_guide", program=program))
    asked, at = questions[int(number) - 1], int(number)
    following = str(at + 1) if at < len(questions) else ALL_ANSWERED
    return render_template(
        "portal/program_advice.html" if place.endswith(ADVICE) else "portal/program_question.html",
        program=found,
        question=asked,
        number=at,
        of=len(questions),
        answers=_answers(asked, at, following),
        following=None if asked.ends else following,
        other=PROGRAMS.get(asked.program or ""),
    )


def _answers(asked: Question, at: int, following: str) -> list[dict[str, Any]]:
    """Yes and no, and where each leads."""
    return [
        {"words": words, "place": f"{at}{ADVICE}" if answer is asked.advised_on else following}
        for words, answer in ((_("Sí"), True), (_("No"), False))
    ]


def _estimate(
    program: Program, tariff: Tariff, form: dict[str, str], errors: Errors
) -> Estimate | None:
    """What there is to pay, or None with what is wrong with the answers."""
    try:
        answers = load_tariff(program, data_of(tariff.fields, form))
    except FieldsInvalid as invalid:
        errors |= by_page_name(invalid.errors)
        return None
    return tariff.work_out(answers, home_day(now()))


def _find(program: str) -> Program:
    found = PROGRAMS.get(program)
    if found is None:
        raise NotFound()
    return found
