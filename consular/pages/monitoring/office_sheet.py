"""All figures of one office on a sheet to print: each indicator by status, with the year before."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.auth import MONITORS, allow
from consular.db import transaction
from consular.i18n import in_language, number, words
from consular.pages.monitoring.blueprint import Question, page_links, pages, show
from consular.pages.monitoring.dashboard_charts import percent
from consular.pages.monitoring.overview import said_target
from consular.pages.portal.names import office
from services.monitoring.dimensions import Dimension
from services.monitoring.indicators import INDICATORS, Indicator
from services.monitoring.key_figures import Period, by_status_of, of_one_election, targets_of


@pages.get("/offices/<code:code>/sheet")
@allow(MONITORS)
def office_sheet(code: str) -> str:
    """Show every indicator of an office for the question of the address."""
    with transaction() as session:
        place = office(session, code)
        sheet = partial(_sheet, session, code)
        return show(session, "monitoring/office_sheet.html", sheet, office=place)


def _sheet(session: Session, code: str, asked: Question) -> dict[str, Any]:
    question = asked.at(code)
    tables = [_table(session, each, question.period) for each in INDICATORS.values()]
    return {
        "question": question,
        **page_links("monitoring.office_sheet", question, code=code),
        "figures": [table for table in tables if table["rows"]],
        "empty": ", ".join(table["name"] for table in tables if not table["rows"]),
    }


def _table(session: Session, indicator: Indicator, period: Period) -> dict[str, Any]:
    """An indicator's statuses that have something in these days or a year before."""
    period = of_one_election(session, indicator.code, period)
    now, before = (_by_status(session, indicator, p) for p in (period, period.year_before))
    rows = [
        _row(words(indicator.words, status), now.get(status, 0), before.get(status, 0))
        for status in indicator.statuses
        if now.get(status) or before.get(status)
    ]
    total = _row(_("Total"), sum(now.values()), sum(before.values()))
    return {
        "name": in_language(indicator, "name"),
        "election": period.only.get(Dimension.ELECTION, ""),
        "targets": [said_target(each) for each in targets_of(session, indicator.code, period)],
        "meaning": " ".join(in_language(indicator, name) for name in ("counts", "day")),
        "rows": rows,
        "foot": total if len(rows) > 1 else None,
    }


def _by_status(session: Session, indicator: Indicator, period: Period) -> dict[str, int]:
    counts = by_status_of(session, indicator.code, period, Dimension.STATUS)
    return {status: sum(values.values()) for status, values in counts.items()}


def _row(name: str, value: int, before: int) -> list[str]:
    return [name, number(value), number(before), percent(value, before)]
