"""Figures for Working Group 4."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.v1.monitoring.answers import (
    FigureAnswer,
    IndicatorAnswer,
    IndicatorItem,
    IndicatorList,
    PublishedAnswer,
    TargetAnswer,
    TargetList,
)
from consular.auth import ANALYSTS, MONITORS, actor, now
from consular.db import transaction
from consular.i18n import in_language, in_own_language
from consular.input.monitoring import IndicatorQuery
from consular.input.paging import SliceQuery, slice_of
from consular.input.reported import TargetSchema
from services.monitoring.figures import AskIndicator, figures
from services.monitoring.indicators import INDICATORS, Indicator
from services.monitoring.published import list_series
from services.monitoring.targets import SetTarget, list_target_revisions, set_target
from services.staff.accounts import find_name

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
    errors={422: ("in_the_future", "dimension_not_held")},
)
def show_indicator(code: str, query: AskIndicator) -> dict[str, Any]:
    """Return one indicator, exact, with the moment it holds for."""
    with transaction() as session:
        counted = figures(session, replace(query, code=code))
        indicator = counted.indicator
        printed = {
            "published": [
                _published(row) for row in list_series(session, indicator.published, counted.as_of)
            ],
            "rivals": [
                _published(row) for row in list_series(session, indicator.rivals, counted.as_of)
            ],
        }
    rows = [FigureAnswer.render(**row) for row in counted.rows]
    return IndicatorAnswer.render(
        indicator,
        as_of=counted.as_of,
        election=counted.election,
        rows=rows,
        **printed,
        **_words(indicator),
    )


@endpoint(
    api,
    "GET",
    "/<code:code>/targets",
    operation="listTargets",
    who=MONITORS,
    query=SliceQuery(),
    answer=TargetList(),
)
def list_targets(code: str, query: dict[str, Any]) -> dict[str, Any]:
    """List every target that was set for the indicator, the newest first."""
    with transaction() as session:
        rows = list_target_revisions(session, code)
        items = [_target(session, row) for row in rows]
    return slice_of(items, query, "id")


@endpoint(
    api,
    "POST",
    "/<code:code>/targets",
    operation="setTarget",
    who=ANALYSTS,
    body=TargetSchema(),
    answer=TargetAnswer(),
    status=201,
    errors={
        409: ("already_entered", "corrected_meanwhile"),
        422: ("reason_required", "consulate_not_found", "dimension_not_held"),
    },
)
def create_target(code: str, command: SetTarget) -> dict[str, Any]:
    """Set what the indicator is to reach in a period; the targets before it are kept."""
    wanted = replace(command, indicator=code)
    return run_once(
        lambda session: _target(session, set_target(session, wanted, now=now(), actor=actor())),
        status=201,
    )


def _target(session: Session, target: Any) -> dict[str, Any]:
    name = find_name(session, target.entered_by) if target.entered_by else None
    return TargetAnswer.render(target, entered_by=name)


def _words(indicator: Indicator) -> dict[str, str]:
    names = ("name", "counts", "program", "source")
    said = {name: in_language(indicator, name) for name in names}
    return said | {"day_rule": in_language(indicator, "day")}


def _published(row: Any) -> dict[str, Any]:
    said = {name: in_own_language(row, name) for name in ("period", "note", "source")}
    return PublishedAnswer.render(row, **said, label=in_language(row, "label"))
