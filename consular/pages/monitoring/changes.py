"""Which figures of a period have changed since a moment, and what they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request

from consular.auth import MONITORS, allow
from consular.db import transaction
from consular.exports import Names, read_names
from consular.i18n import MEXICO_CITY, country_name, in_language, number, words
from consular.input.monitoring import ExportQuery
from consular.pages.forms import Errors, check, form_errors
from services.kernel.collation import alphabetical
from services.kernel.errors import Invalid
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, figures
from services.monitoring.indicators import INDICATORS

pages = Blueprint("changes", __name__, url_prefix="/monitoring")
FIELDS = ("indicator", "by", "from", "to", "since", "as_of")
BY = (Dimension.CONSULATE, Dimension.PROGRAM, Dimension.COUNTRY)


@dataclass(frozen=True)
class Change:
    """A row of the table, in words."""

    name: str
    status: str
    before: str
    value: str
    difference: str


@pages.get("/changes")
@allow(MONITORS)
def changes() -> str:
    """Ask for changes, and show them once a moment was chosen."""
    asked = {name: text for name in FIELDS if (text := request.args.get(name, "").strip())}
    errors: Errors = {}
    context = _changes(asked, errors) if "since" in asked else {}
    return render_template(
        "monitoring/changes.html",
        form={**asked, "since": asked.get("since", "")[:10]},
        indicators=[
            {"value": code, "label": in_language(indicator, "name")}
            for code, indicator in INDICATORS.items()
        ],
        dimensions=[
            {"value": each.value, "label": words("monitoring.dimension", each)} for each in BY
        ],
        zone=MEXICO_CITY,
        errors=errors,
        **context,
    )


def _changes(asked: Mapping[str, str], errors: Errors) -> dict[str, Any]:
    values = {"by": BY[0].value, **asked, "since": _moment(asked["since"])}
    ask: AskIndicator | None = check(ExportQuery(), values, errors)
    if ask is None:
        return {}
    try:
        with transaction() as session:
            counted = figures(session, ask)
            names = read_names(session, counted.indicator)
    except Invalid as refused:
        errors |= form_errors(refused)
        return {}
    rows = [_change(row, ask.by[0], names) for row in counted.rows]
    return {
        "since": ask.since,
        "as_of": counted.as_of,
        "election": counted.election,
        "head": words("monitoring.dimension", ask.by[0]),
        "rows": sorted(rows, key=lambda row: (alphabetical(row.name), row.status)),
    }


def _moment(text: str) -> str:
    """A day begins at midnight in Mexico City; an exact moment stays as it is."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(MEXICO_CITY)).isoformat()


def _change(row: Mapping[str, Any], by: Dimension, names: Names) -> Change:
    code = row[by]
    name = country_name(code) if by is Dimension.COUNTRY and code else names.of(by, code)
    return Change(
        name or "—",
        names.of(Dimension.STATUS, row["status"]) or "",
        number(row["before"]),
        number(row["value"]),
        f"{'+' if row['difference'] > 0 else ''}{number(row['difference'])}",
    )
