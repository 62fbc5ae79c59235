"""The overview, and the same for one office: a few numbers, then charts with their tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from consular.auth import MONITORS, allow
from consular.charts.drawing import Map, spots
from consular.db import transaction
from consular.i18n import number
from consular.pages.forms import go
from consular.pages.monitoring.blueprint import (
    ZONE,
    Question,
    asked_of_address,
    page_links,
    pages,
    show,
)
from consular.pages.monitoring.dashboard_charts import (
    change,
    office_head,
    offices_by_rank,
    percent,
    share,
)
from consular.pages.monitoring.notes import pinned_notes
from consular.pages.monitoring.pictures import Picture, picture_of
from consular.pages.portal.names import office, offices
from services.monitoring.key_figures import KeyFigure, count, target_of_year
from services.monitoring.targets import Progress

RANKED = 15
# Of what can be pressed on a map, in its pixels; the same names in the table are larger.
LEAST_RADIUS = 6
TRENDS = ("served", "enrolled")
MAPS = ("united-states", "world")
# What is told by office, and the picture of each.
RANKINGS = {KeyFigure.SERVED: "offices", KeyFigure.ENROLLED: "offices-enrolled"}
OF_OFFICE = ("served", "enrolled", "unmet-trend", "appointments", "enrollments", "unmet")


@pages.get("/")
@allow(MONITORS)
def overview() -> str | Response:
    """Show how the network does, as of one moment; one office has a page of its own."""
    if request.args.get("consulate", "").strip():
        return _to_office(request.args["consulate"].strip())
    with transaction() as session:
        whole, consulates = partial(_whole, session), offices(session)
        return show(session, "monitoring/overview.html", whole, consulates=consulates)


@pages.get("/offices")
@allow(MONITORS)
def all_offices() -> str:
    """Show every office, once the one that served most first, once the one that enrolled most."""
    with transaction() as session:
        return show(session, "monitoring/offices.html", partial(_ranked, session))


@pages.get("/offices/<code:code>")
@allow(MONITORS)
def office_figures(code: str) -> str:
    """Show one office."""
    with transaction() as session:
        place = office(session, code)
        of_office = partial(_of_office, session, code)
        return show(session, "monitoring/office.html", of_office, office=place)


def _to_office(code: str) -> Response:
    asked: dict[str, Any] = {**asked_of_address()}
    asked.pop("consulate", None)
    return go(url_for("monitoring.office_figures", code=code, **asked))


def _whole(session: Session, question: Question) -> dict[str, Any]:
    return {
        **_common(session, question),
        **page_links("monitoring.overview", question),
        **_ranked(session, question, RANKED, with_pictures=True),
        "trends": _pictures(session, question, TRENDS),
        "maps": [
            (picture, _spots(picture, question)) for picture in _pictures(session, question, MAPS)
        ],
        "funnel": picture_of(session, "enrollments", question),
        "unmet": picture_of(session, "unmet", question),
    }


def _of_office(session: Session, code: str, asked: Question) -> dict[str, Any]:
    question = asked.at(code)
    return {
        **_common(session, question),
        **page_links("monitoring.office_figures", question, code=code),
        "pictures": _pictures(session, question, OF_OFFICE),
    }


def _common(session: Session, question: Question) -> dict[str, Any]:
    return {
        "question": question,
        "as_of": question.period.as_of,
        "zone": ZONE,
        "numbers": _numbers(session, question),
        "notes": pinned_notes(session, question),
    }


def _pictures(session: Session, question: Question, names: Sequence[str]) -> list[Picture]:
    pictures = (picture_of(session, name, question) for name in names)
    return [picture for picture in pictures if picture]


def _ranked(
    session: Session, question: Question, most: int | None = None, *, with_pictures: bool = False
) -> dict[str, Any]:
    """The tables of offices, each name a link to the same question about it."""
    every = {figure: offices_by_rank(session, question, figure) for figure in RANKINGS}
    return {
        "question": question,
        "as_of": question.period.as_of,
        "zone": ZONE,
        "more": any(len(offices) > (most or len(offices)) for offices in every.values()),
        "rankings": [
            {
                "picture": picture_of(session, RANKINGS[figure], question)
                if with_pictures
                else None,
                "caption": _captions()[figure],
                "head": _table_head(figure),
                "empty": _empty()[figure],
                "rows": [
                    [_link(each.item.label, each.code, question), *each.row[1:]]
                    for each in offices[:most]
                ],
            }
            for figure, offices in every.items()
        ],
    }


def _table_head(figure: KeyFigure) -> list[Any]:
    name, *numbers, notes = office_head(figure)
    return [name, *({"text": words, "number": True} for words in numbers), notes]


def _captions() -> dict[KeyFigure, str]:
    return {
        KeyFigure.SERVED: _("Citas atendidas por oficina"),
        KeyFigure.ENROLLED: _("Inscripciones aprobadas por oficina"),
    }


def _empty() -> dict[KeyFigure, str]:
    return {
        KeyFigure.SERVED: _("Ninguna oficina atendió citas en estos días."),
        KeyFigure.ENROLLED: _("De lo que se pidió en estos días no hay inscripciones aprobadas."),
    }


def _link(name: str, code: str, question: Question) -> str:
    if not code:
        return name
    return Markup('<a href="{}">{}</a>').format(_address(code, question), name)


def _address(code: str, question: Question) -> str:
    """Of the same question about one office."""
    asked: dict[str, Any] = {
        key: value for key, value in question.pinned.items() if key != "consulate"
    }
    return url_for("monitoring.office_figures", code=code, **asked)


def _spots(picture: Picture, question: Question) -> list[dict[str, Any]]:
    """Where each office's circle is on a map, and where it leads."""
    drawing = picture.chart.drawing
    return [
        {
            "x": round(spot.x, 1),
            "y": round(spot.y, 1),
            "radius": round(max(spot.radius, LEAST_RADIUS), 1),
            "name": f"{spot.item.label}: {spot.item.text}",
            "address": _address(spot.item.key, question),
        }
        for spot in (spots(drawing) if isinstance(drawing, Map) else ())
    ]


def _numbers(session: Session, question: Question) -> list[dict[str, str]]:
    """The few numbers, each with what the same days of the year before had."""
    period, lines = question.period, []
    for figure in KeyFigure:
        value, before = (count(session, figure, p) for p in (period, period.year_before))
        lines.append(
            {
                "name": _names()[figure],
                "value": number(value),
                "before": number(before),
                "percent": percent(value, before),
                "change": change(value, before),
                "target": said_target(target_of_year(session, figure, period)),
            }
        )
    return lines


def said_target(progress: Progress | None) -> str:
    """«62 % de la meta de 2026: 15,000», or nothing."""
    if progress is None:
        return ""
    wanted = int(progress.target.value)
    year, part = progress.target.period, share(progress.reached, wanted)
    words = _("%(part)s de la meta de %(year)s: %(wanted)s", part=part, year=year,
              wanted=number(wanted))  # fmt: skip
    return str(words)


def _names() -> dict[KeyFigure, str]:
    return {
        KeyFigure.ENROLLED: _("Inscripciones aprobadas"),
        KeyFigure.SERVED: _("Citas atendidas"),
        KeyFigure.DOCUMENTS: _("Trámites entregados"),
        KeyFigure.REMITTANCES: _("Envíos pagados"),
        KeyFigure.VOTES: _("Votos aprobados"),
        KeyFigure.UNMET: _("Búsquedas sin lugar"),
    }
