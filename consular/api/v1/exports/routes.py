"""Figures and lines as files."""

from __future__ import annotations

from flask import Blueprint, Response

from consular.api.contract import endpoint
from consular.api.v1.exports.answers import ExportAnswer
from consular.auth import MONITORS
from consular.exports import export_figures, export_lines
from consular.input.monitoring import ExportQuery
from consular.spreadsheets import CSV, XLSX
from services.monitoring.figures import AskIndicator

api = Blueprint("exports", __name__, url_prefix="/api/v1/monitoring")
_REFUSED = {422: ("in_the_future", "too_many_rows")}


@endpoint(
    api,
    "GET",
    "/export.<code:form>",
    operation="exportIndicator",
    who=MONITORS,
    query=ExportQuery(),
    answer=ExportAnswer(),
    content=(CSV, XLSX),
    errors=_REFUSED,
)
def export(form: str, query: AskIndicator) -> Response:
    """Return an indicator as a file: form is csv, xlsx or json.

    It is complete: X-Row-Count says how many rows it has, and so does its name. Times are those of
    the office, with its zone beside them; a CSV begins with a byte order mark and has commas.
    """
    return export_figures(form, query)


@endpoint(
    api,
    "GET",
    "/lines.<code:form>",
    operation="exportLines",
    who=MONITORS,
    query=ExportQuery(),
    answer=ExportAnswer(),
    content=(CSV, XLSX),
    errors=_REFUSED,
)
def lines(form: str, query: AskIndicator) -> Response:
    """Return, as a file, the lines that an indicator adds up, without anybody's data.

    They add up to the indicator as of the same moment; by and compare change nothing here.
    """
    return export_lines(form, query)
