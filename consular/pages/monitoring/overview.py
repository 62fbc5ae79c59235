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
    office_table,
    offices_by_rank,
    percent,
    share,
)
from consular.pages.monitoring.notes import pinned_notes
from consular.pages.monitoring.pictures import Picture, picture_of
from consular.pages.portal.names import office, offices
from services.monitoring.key_figures import INDICATOR_OF, KeyFigure, count, target_of_year
from services.monitoring.targets import Progress

RANKED = 15
# Of what can be pressed on a map, in its pixels; the same names in the table are larger.
LEAST_RADIUS = 6
TRENDS = ("served", "enrolled")
# What is told by office: the picture of each, and its maps.
RANKINGS = {KeyFigure.SERVED: "offices", KeyFigure.ENROLLED: "offices-enrolled"}
MAPS = {
    KeyFigure.SERVED: ("united-states", "world"),
    KeyFigure.ENROLLED: ("united-states-enrolled", "world-enrolled"),
}
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
    on_maps = _on_maps()
    return {
        **_common(session, question),
        **page_links("monitoring.overview", question, **_asked_for(on_maps)),
        **_ranked(session, question, RANKED, first=on_maps, with_pictures=True),
        "trends": _pictures(session, question, TRENDS),
        "maps": [
            (picture, _spots(picture, question))
            for picture in _pictures(session, question, MAPS[on_maps])
        ],
        "map_choices": _map_choices(on_maps, question),
        "on_maps": _asked_for(on_maps),
        "funnel": picture_of(session, "enrollments", question),
        "unmet": picture_of(session, "unmet", question),
    }


def _on_maps() -> KeyFigure:
    """Which figure the address wants to see on the maps."""
    asked = request.args.get("indicator")
    return next((each for each in MAPS if INDICATOR_OF[each] == asked), KeyFigure.SERVED)


def _asked_for(figure: KeyFigure) -> dict[str, str]:
    """The part of an address that asks for a figure on the maps."""
    return {} if figure is KeyFigure.SERVED else {"indicator": INDICATOR_OF[figure]}


def _map_choices(on_maps: KeyFigure, question: Question) -> list[dict[str, Any]]:
    def address(figure: KeyFigure) -> str:
        asked: dict[str, Any] = {**question.asked, **_asked_for(figure)}
        return url_for("monitoring.overview", _anchor="offices", **asked)

    return [
        {"name": _names()[figure], "address": address(figure), "chosen": figure is on_maps}
        for figure in MAPS
    ]


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
    session: Session,
    question: Question,
    most: int | None = None,
    *,
    first: KeyFigure = KeyFigure.SERVED,
    with_pictures: bool = False,
) -> dict[str, Any]:
    """The tables of offices, each name a link to the same question about it."""
    figures = sorted(RANKINGS, key=lambda figure: figure is not first)
    every = {figure: offices_by_rank(session, question, figure) for figure in figures}
    tables = {figure: office_table(question, offices, figure) for figure, offices in every.items()}
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
                "head": _table_head(tables[figure][0]),
                "empty": _empty()[figure],
                "rows": [
                    [_link(each.item.label, each.code, question), *row[1:]]
                    for each, row in zip(offices[:most], tables[figure][1], strict=False)
                ],
            }
            for figure, offices in every.items()
        ],
    }


def _table_head(head: Sequence[str]) -> list[Any]:
    name, *numbers, notes = head
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
        KeyFigure.ENROLLED_PEOPLE: _("Personas inscritas, al último día"),
        KeyFigure.SERVED: _("Citas atendidas"),
        KeyFigure.DOCUMENTS: _("Trámites entregados"),
        KeyFigure.REMITTANCES: _("Envíos pagados"),
        KeyFigure.VOTES: _("Votos aprobados"),
        KeyFigure.UNMET: _("Búsquedas sin lugar"),
    }
