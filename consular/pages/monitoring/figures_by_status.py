"""Monitoring of Working Group 4: our indicators as of one moment, and published series."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import MONITORS, allow
from consular.db import transaction
from consular.input.monitoring import IndicatorQuery
from consular.pages.forms import Errors, check, form_errors, pick
from consular.pages.monitoring import presenters
from consular.pages.monitoring.blueprint import ZONE, pages, with_moment
from consular.pages.monitoring.downloads import links_to
from consular.pages.portal.names import offices, service_names
from services.kernel.collation import alphabetical
from services.kernel.errors import Invalid
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, Figures, figures
from services.monitoring.published import list_published

SHOWN = ("appointments", "people", "services", "enrollments", "remittances", "votes")
FILTERS = ("program", "consulate", "from", "to", "as_of")
BY_DAY = ("appointments", "enrollments")
# Of an open period, the days before and after the cut-off; of a long one, its last days.
AROUND = timedelta(days=14)
MOST_DAYS = 92


@pages.get("/figures")
@allow(MONITORS)
def figures_by_status() -> str:
    """Show the indicators as of one moment; the address repeats them exactly."""
    written = pick(request.args, *FILTERS)
    values = with_moment(written)
    errors: Errors = {}
    ask: AskIndicator | None = check(IndicatorQuery(), values, errors)
    context: dict[str, Any] = {"indicators": []}
    with transaction() as session:
        try:
            context |= _figures(session, ask, values) if ask else {}
        except Invalid as refused:
            errors |= form_errors(refused)
        return render_template(
            "monitoring/figures.html",
            zone=ZONE,
            filters=written,
            programs=_choices(presenters.programs(service_names(session))),
            consulates=offices(session, every=True),
            published=[
                presenters.published(row)
                for row in list_published(session, as_of=context.get("as_of"))
            ],
            errors=errors,
            **context,
        )


def _figures(session: Session, ask: AskIndicator, values: dict[str, Any]) -> dict[str, Any]:
    """Query all figures as of one moment."""
    first = _count(session, ask, SHOWN[0], Dimension.PROGRAM)
    ask = replace(ask, as_of=first.as_of)
    figures = [first, *(_count(session, ask, code, Dimension.PROGRAM) for code in SHOWN[1:])]
    # A program belongs to one kind of figure: the others have nothing to say of it.
    figures = [f for f in figures if f.rows or Dimension.PROGRAM not in ask.only]
    moment: datetime = first.as_of.astimezone(UTC)
    return {
        "as_of": moment,
        "same_url": url_for(
            "monitoring.figures_by_status", **{**values, "as_of": moment.isoformat()}
        ),
        "now_url": _now_url(values),
        "downloads_url": links_to(ask)["page"],
        "indicators": _tables(session, ask, figures),
        "chart": _chart(session, ask, first),
        "days": _days(session, ask, [f.indicator.code for f in figures]),
    }


def _tables(session: Session, ask: AskIndicator, figures: list[Figures]) -> list[dict[str, Any]]:
    """By program; enrollments also by office, as the chart has the appointments."""
    programs, tables = presenters.programs(service_names(session)), []
    for by_program in figures:
        code = by_program.indicator.code
        table = presenters.table(by_program, Dimension.PROGRAM, programs)
        files = links_to(ask, code, Dimension.PROGRAM)
        note = presenters.meaning(by_program)
        tables.append({**table, "id": code, "note": note, "files": files})
        if code == "enrollments" and by_program.rows and Dimension.CONSULATE not in ask.only:
            by_office = _count(session, ask, code, Dimension.CONSULATE)
            table = presenters.table(by_office, Dimension.CONSULATE, _cities(session))
            files = links_to(ask, code, Dimension.CONSULATE)
            tables.append({**table, "id": "enrollments-by-office", "files": files})
    return tables


def _chart(session: Session, ask: AskIndicator, by_program: Figures) -> dict[str, Any] | None:
    if Dimension.CONSULATE in ask.only:
        programs = presenters.programs(service_names(session))
        return presenters.chart(by_program, Dimension.PROGRAM, programs)
    figures = _count(session, ask, by_program.indicator.code, Dimension.CONSULATE)
    return presenters.chart(figures, Dimension.CONSULATE, _cities(session))


def _days(session: Session, ask: AskIndicator, codes: list[str]) -> dict[str, Any] | None:
    """Day by day, where any of what is shown goes by days that people plan with."""
    if ask.as_of is None or not set(codes) & set(BY_DAY):
        return None
    first, last = _period(ask, ask.as_of.astimezone(ZoneInfo(ZONE)).date())
    ask = replace(ask, first=first, last=last)
    figures = [_count(session, ask, code, Dimension.DAY) for code in BY_DAY if code in codes]
    return {**presenters.by_day(figures, first, last), "most": MOST_DAYS}


def _period(ask: AskIndicator, today: date) -> tuple[date, date]:
    """The chosen days; an open end is two weeks from the cut-off, or from the other end."""
    first = ask.first or min(today, ask.last or today) - AROUND
    last = ask.last or max(today, first) + AROUND
    return max(first, last - timedelta(days=MOST_DAYS - 1)), last


def _count(session: Session, ask: AskIndicator, code: str, by: Dimension) -> Figures:
    return figures(session, replace(ask, code=code, by=(by,)))


def _now_url(values: dict[str, Any]) -> str | None:
    """Return the address of the same figures as of now, when an earlier moment is shown."""
    if "as_of" not in values:
        return None
    return url_for("monitoring.figures_by_status", **{**values, "as_of": None})


def _choices(names: dict[str, str]) -> list[dict[str, str]]:
    ordered = sorted(names.items(), key=lambda pair: alphabetical(pair[1]))
    return [{"value": code, "label": name} for code, name in ordered]


def _cities(session: Session) -> dict[str, str]:
    """Offices by city, and by their name where a city has two."""
    places = offices(session, every=True)
    in_city = Counter(place["city"] for place in places)
    return {p["code"]: p["city"] if in_city[p["city"]] == 1 else p["name"] for p in places}
