"""Take figures away as files: what to ask for, and the files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from consular.auth import MONITORS, allow
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.exports import export_figures, export_lines
from consular.i18n import in_language, words
from consular.input.loading import load_fields
from consular.input.monitoring import ExportQuery
from consular.pages.forms import form_errors
from consular.pages.monitoring import presenters
from consular.pages.portal.names import offices, service_names
from consular.spreadsheets import DIGITS
from services.kernel.collation import alphabetical
from services.kernel.errors import Invalid
from services.monitoring.dimensions import FILTERS, Dimension
from services.monitoring.figures import AskIndicator
from services.monitoring.indicators import INDICATORS

pages = Blueprint("downloads", __name__, url_prefix="/monitoring")
FIELDS = ("indicator", *FILTERS, "from", "to", "as_of", "compare")


@pages.get("/downloads")
@allow(MONITORS)
def ask() -> str:
    """Ask which figures to take away, and as which file."""
    return _page({})


@pages.get("/export.<code:form>")
@allow(MONITORS)
def export(form: str) -> Response:
    """Return figures as a file."""
    return _file(export_figures, form)


@pages.get("/lines.<code:form>")
@allow(MONITORS)
def lines(form: str) -> Response:
    """Return the lines that figures add up as a file."""
    return _file(export_lines, form)


def links_to(ask: AskIndicator, code: str = "", *by: Dimension) -> dict[str, str]:
    """Addresses of the figures of a question, by form; of the page that asks, under ``page``."""
    asked: dict[str, Any] = {
        "indicator": code or None,
        "by": ",".join(by) or None,
        "from": ask.first,
        "to": ask.last,
        "as_of": ask.as_of.astimezone(UTC).isoformat() if ask.as_of else None,
        "compare": "previous" if ask.compare else None,
        **{dimension.value: value for dimension, value in ask.only.items()},
    }
    files = {form: url_for("downloads.export", form=form, **asked) for form in ("xlsx", "csv")}
    return {"page": url_for("downloads.ask", **asked), **files}


def _file(make: Callable[[str, AskIndicator], Response], form: str) -> Response:
    try:
        return make(form, load_fields(ExportQuery(), _asked()))
    except FieldsInvalid as invalid:
        return make_response(_page(invalid.errors), 422)
    except Invalid as refused:
        return make_response(_page(form_errors(refused)), 422)


def _asked() -> dict[str, str]:
    """What was asked for, of a form in which boxes were ticked or of an address."""
    by = [name for text in request.args.getlist("by") for name in text.split(",") if name]
    asked = {name: text for name in FIELDS if (text := request.args.get(name, "").strip())}
    return {**asked, **({"by": ",".join(by)} if by else {})}


def _page(errors: dict[str, list[str]]) -> str:
    asked = _asked()
    with transaction() as session:
        programs = presenters.programs(service_names(session))
        places = offices(session, every=True)
    return render_template(
        "monitoring/downloads.html",
        form=asked,
        chosen=asked.get("by", "").split(","),
        indicators=[
            {"value": code, "label": in_language(indicator, "name")}
            for code, indicator in INDICATORS.items()
        ],
        dimensions=[
            {"value": each.value, "label": words("monitoring.dimension", each)}
            for each in Dimension
        ],
        programs=_by_name(programs),
        consulates=_by_name({p["code"]: f"{p['city']} — {p['name']}" for p in places}),
        digits=DIGITS,
        errors=errors,
    )


def _by_name(names: dict[str, str]) -> list[dict[str, Any]]:
    ordered = sorted(names.items(), key=lambda pair: alphabetical(pair[1]))
    return [{"value": code, "label": name} for code, name in ordered]
