"""What Working Group 4 looks at: figures of one moment, and what others published."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.api.v1.monitoring.schemas import IndicatorQuery
from consular.auth import MONITORS, allow
from consular.db import transaction
from consular.pages.forms import Errors, check, words_of
from consular.pages.monitoring import shown
from consular.pages.portal.names import in_language, service_names
from services.consulates.queries import list_consulates
from services.kernel.errors import Invalid
from services.monitoring.indicators import AskIndicator, Dimension, Figures, figures
from services.monitoring.published import list_published

pages = Blueprint("monitoring", __name__, url_prefix="/monitoring")
SHOWN = ("appointments", "enrollments", "remittances", "votes")
FILTERS = ("program", "consulate", "from", "to", "as_of")
# The Secretary's clocks.
ZONE = "America/Mexico_City"


@pages.get("/")
@allow(MONITORS)
def overview() -> str:
    """Indicators as of one moment; asked again with it, they are the same."""
    values = {name: request.args[name] for name in FILTERS if request.args.get(name, "").strip()}
    errors: Errors = {}
    ask: AskIndicator | None = check(IndicatorQuery(), values, errors)
    context: dict[str, Any] = {"indicators": []}
    with transaction() as session:
        try:
            context |= _figures(session, ask, values) if ask else {}
        except Invalid as refused:
            errors |= words_of(refused)
        return render_template(
            "monitoring/overview.html",
            zone=ZONE,
            filters=values,
            programs=_choices(shown.programs(service_names(session))),
            consulates=_offices(session),
            published=[shown.published(row) for row in list_published(session)],
            errors=errors,
            **context,
        )


def _figures(session: Session, ask: AskIndicator, values: dict[str, Any]) -> dict[str, Any]:
    """Everything as of one moment: asked for once, and passed on."""
    first = _count(session, ask, SHOWN[0], Dimension.PROGRAM)
    ask = replace(ask, as_of=first.as_of)
    found = [first, *(_count(session, ask, code, Dimension.PROGRAM) for code in SHOWN[1:])]
    programs = shown.programs(service_names(session))
    by = Dimension.PROGRAM if ask.consulate else Dimension.CONSULATE
    charted = first if by is Dimension.PROGRAM else _count(session, ask, SHOWN[0], by)
    cities = {row.code: row.city for row in list_consulates(session)}
    moment: datetime = first.as_of.astimezone(UTC)
    return {
        "as_of": moment,
        "same_url": url_for("monitoring.overview", **{**values, "as_of": moment.isoformat()}),
        "now_url": _now_url(values),
        # A programme belongs to one kind of figure: the others have nothing to say of it.
        "indicators": [shown.table(f, programs) for f in found if f.rows or not ask.program],
        "chart": shown.chart(charted, by, programs if by is Dimension.PROGRAM else cities),
    }


def _count(session: Session, ask: AskIndicator, code: str, by: Dimension) -> Figures:
    return figures(session, replace(ask, code=code, by=(by,)))


def _now_url(values: dict[str, Any]) -> str | None:
    """The same question of this moment, when an earlier one is shown."""
    if "as_of" not in values:
        return None
    return url_for("monitoring.overview", **{**values, "as_of": None})


def _choices(names: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": code, "label": name} for code, name in names.items()]


def _offices(session: Session) -> list[dict[str, Any]]:
    """All offices, by city: also those of which no text says that they attend the public."""
    return [
        {"code": row.code, "name": in_language(row, "name"), "city": row.city}
        for row in sorted(list_consulates(session), key=lambda row: row.city)
    ]
