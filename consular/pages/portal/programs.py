"""Programs for whoever wonders: what each gives and needs, whether one can, what it costs.

Open to anyone, and nothing of it is kept: answers stand in addresses only.
"""

from __future__ import annotations

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from consular.auth import ANYONE, allow, now
from consular.errors import FieldsInvalid
from consular.i18n import translated
from consular.input.programs import load_tariff
from consular.pages.forms import Errors
from consular.pages.portal.blueprint import pages
from consular.pages.portal.program_form import by_page_name, data_of, labels_of
from consular.pages.portal.question_pages import ALL_ANSWERED, FIRST_QUESTION, Check, Link
from consular.sources_in_words import law_names, legal_basis
from consular.tariffs_in_words import label, reliability
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Estimate, Program, Question, Tariff
from services.enrollments.terms import home_day
from services.kernel.errors import NotFound

pages.add_app_template_filter(legal_basis)


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
    chosen = _find(program)
    return render_template(
        "portal/program.html",
        program=chosen,
        first=[(PROGRAMS[code], source) for code, source in chosen.requires.items()],
        laws=law_names(chosen.sources),
    )


@pages.get("/inscripciones/<code:program>/costo")
@allow(ANYONE)
def program_cost(program: str) -> str:
    """Work out what the program costs, with the answers in the address."""
    chosen, form = _find(program), request.args.to_dict()
    if chosen.tariff is None:
        raise NotFound()
    errors, today = Errors(), home_day(now())
    estimate = _estimate(chosen, chosen.tariff, form, errors) if form else None
    return render_template(
        "portal/program_cost.html",
        program=chosen,
        tariff=chosen.tariff,
        estimate=estimate,
        label=label(chosen.tariff, today),
        reliability=reliability(chosen.tariff, today),
        parts=estimate.parts if estimate else [],
        laws=law_names(part.legal for part in estimate.parts) if estimate else [],
        form=form,
        errors=errors,
        labels=dict(labels_of(chosen.tariff.fields)),
    )


@pages.get("/inscripciones/<code:program>/puedo", defaults={"place": FIRST_QUESTION})
@pages.get("/inscripciones/<code:program>/puedo/<code:place>")
@allow(ANYONE)
def program_question(program: str, place: str) -> Response | str:
    """Ask one question after the other; each answer leads to the next, or to what to do."""
    chosen = _find(program)
    if place == ALL_ANSWERED:
        return render_template("portal/program_yes.html", program=chosen)
    return _check_of(chosen).page(place)


def _check_of(program: Program) -> Check:
    home = url_for("portal.program_guide", program=program.code)

    def first(question: Question) -> str:
        other = PROGRAMS.get(question.program or "")
        if other is None or other.code not in program.requires:
            return ""
        return str(_("Primero: %(program)s", program=translated(other.short)))

    return Check(
        name=translated(program.short),
        home=home,
        questions=program.questions,
        address=lambda place: url_for("portal.program_question", program=program.code, place=place),
        links=lambda question: _links(program, question, home),
        heading=first,
    )


def _links(program: Program, question: Question, home: str) -> list[Link]:
    """What helps: another program, an appointment, how else it is done."""
    links = []
    other, referral = PROGRAMS.get(question.program or ""), program.guide.referral
    if other:
        guide = url_for("portal.program_guide", program=other.code)
        links.append((translated(other.name), guide))
    if question.office:
        links.append((_("Reservar una cita"), url_for("portal.booking_service")))
    if question.referred and referral:
        links.append((translated(referral.heading), f"{home}#referral"))
    return links


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


def _find(code: str) -> Program:
    program = PROGRAMS.get(code)
    if program is None:
        raise NotFound()
    return program
