"""Figures for Working Group 4."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint

from consular.api.contract import endpoint
from consular.api.v1.monitoring.answers import (
    FigureAnswer,
    IndicatorAnswer,
    IndicatorItem,
    IndicatorList,
)
from consular.auth import MONITORS
from consular.db import transaction
from consular.i18n import in_language
from consular.input.monitoring import IndicatorQuery
from consular.input.paging import SliceQuery, slice_of
from services.monitoring.figures import AskIndicator, figures
from services.monitoring.indicators import INDICATORS, Indicator

api = Blueprint("indicators", __name__, url_prefix="/api/v1/monitoring/indicators")


@endpoint(
    api,
    "GET",
    "",
    operation="listIndicators",
    who=MONITORS,
    query=SliceQuery(),
    answer=IndicatorList(),
    errors={},
)
def list_indicators(query: dict[str, Any]) -> dict[str, Any]:
    """List the indicators that can be asked for, and what each counts."""
    items = [
        IndicatorItem.render(indicator, **_words(indicator)) for indicator in INDICATORS.values()
    ]
    return slice_of(items, query)


@endpoint(
    api,
    "GET",
    "/<code:code>",
    operation="showIndicator",
    who=MONITORS,
    query=IndicatorQuery(),
    answer=IndicatorAnswer(),
    errors={422: ("in_the_future",)},
)
def show_indicator(code: str, query: AskIndicator) -> dict[str, Any]:
    """Return one indicator, exact, with the moment it holds for."""
    with transaction() as session:
        counted = figures(session, replace(query, code=code))
    rows = [FigureAnswer.render(**row) for row in counted.rows]
    return IndicatorAnswer.render(
        counted.indicator, as_of=counted.as_of, rows=rows, **_words(counted.indicator)
    )


def _words(indicator: Indicator) -> dict[str, str]:
    return {name: in_language(indicator, name) for name in ("name", "counts")}
