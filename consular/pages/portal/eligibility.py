"""Whether one can ask for a service of an office: questions without signing in, one answer."""

from __future__ import annotations

from flask import Response, render_template, url_for

from consular.auth import ANYONE, allow
from consular.db import transaction
from consular.i18n import in_language
from consular.pages.forms import go
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import service_names
from consular.pages.portal.question_pages import ALL_ANSWERED, FIRST_QUESTION, Check, Link
from services.consulates.eligibility import QUESTIONS
from services.consulates.queries import get_service, list_requirements
from services.consulates.ways import find_way
from services.kernel.questionnaires import Question


@pages.get("/tramites/<code:service>/puedo", defaults={"place": FIRST_QUESTION})
@pages.get("/tramites/<code:service>/puedo/<code:place>")
@allow(ANYONE)
def service_question(service: str, place: str) -> Response | str:
    """Ask one question after the other; each answer leads to the next, or to what to do. Where
    nothing is to be asked the answer is there at once; a program asks its own."""
    with transaction() as session:
        chosen = get_service(session, service)
        names = service_names(session)
        needs = list_requirements(session, [service]).get(service, [])
    questions, way = QUESTIONS.get(service, ()), find_way(service)
    if way and way.program:
        return go(url_for("portal.program_guide", program=way.program))
    if place == ALL_ANSWERED or not questions:
        return render_template(
            "portal/service_yes.html",
            asked=bool(questions),
            bookable=chosen.bookable,
            service={"code": service, "name": in_language(chosen, "name")},
            requirements=[in_language(requirement, "text") for requirement in needs],
        )

    def links(question: Question) -> list[Link]:
        return [
            (names[code], url_for("portal.booking_office", service=code))
            for code in question.services
            if code != service
        ]

    return Check(
        name=in_language(chosen, "name"),
        home=url_for("portal.booking_office", service=service),
        questions=questions,
        address=lambda at: url_for("portal.service_question", service=service, place=at),
        links=links,
    ).page(place)
