"""How the service does for whoever waits: terms, queues, unknowns, the oldest request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session

from consular.auth import SERVICE_LEVELS, actor, allow
from consular.db import database_now, transaction
from consular.i18n import city_in_language, date_short, number, time_at, words
from consular.input.service_levels import OfficeQuery
from consular.pages.forms import Errors, check, pick
from consular.pages.monitoring.blueprint import ZONE, pages
from consular.pages.monitoring.dashboard_charts import share
from consular.pages.monitoring.presenters import programs
from consular.pages.portal.names import offices
from services.consulates.queries import list_consulates
from services.kernel.audit import OFFICE_ROLES
from services.monitoring.service_levels import (
    ANSWERS,
    VISITS,
    RemittancesLevel,
    RequestsLevel,
    VisitsLevel,
    service_levels,
)
from services.operations.queries import QueueState
from services.operations.rules import area_of

NONE = "–"


@pages.get("/service-levels", endpoint="service_levels")
@allow(SERVICE_LEVELS)
def show() -> str:
    """Show it as of now; an office's supervisor sees their own office."""
    errors: Errors = {}
    asked = pick(request.args.to_dict(), "consulate")
    query = check(OfficeQuery(), asked, errors) or {"consulate": None}
    with transaction() as session:
        at, whole = database_now(session), actor().role not in OFFICE_ROLES
        levels = service_levels(session, now=at, consulate=query["consulate"], whole_network=whole)
        zones = {row.code: row.time_zone for row in list_consulates(session)}
        cities = _cities(session)
        return render_template(
            "monitoring/service_levels.html",
            filters=asked,
            consulates=offices(session, every=True) if whole else [],
            errors=errors,
            at=at,
            zone=ZONE,
            whole=whole,
            answer_days=ANSWERS.days,
            visit_days=VISITS.days,
            sums=_sums(levels.requests),
            oldest=levels.oldest,
            requests=[_request(each, cities) for each in levels.requests],
            visits=[_visit(each, cities, zones) for each in levels.visits],
            remittances=[_remittance(each) for each in levels.remittances],
            queues=_queues(levels.queues),
        )


def _sums(requests: Any) -> dict[str, str]:
    names = ("open", "late", "unconfirmed")
    return {name: number(sum(getattr(each, name) for each in requests)) for name in names}


def _request(level: RequestsLevel, cities: Mapping[str | None, str]) -> list[str]:
    return [
        cities.get(level.consulate, NONE),
        programs({}).get(level.program, level.program),
        number(level.open),
        number(level.late),
        number(level.unconfirmed),
        _day(level.oldest),
        number(level.answered),
        share(level.in_term, level.with_term),
        _amount(level.half_days),
        _amount(level.nearly_all_days),
    ]


def _visit(
    level: VisitsLevel, cities: Mapping[str | None, str], zones: Mapping[str, str]
) -> list[str]:
    return [
        cities.get(level.consulate, level.consulate),
        number(level.waiting),
        time_at(level.since, zones[level.consulate]) if level.since else NONE,
        number(level.called),
        _amount(level.half_minutes),
        _amount(level.nearly_all_minutes),
    ]


def _remittance(level: RemittancesLevel) -> list[str]:
    return [
        programs({}).get(level.payout, level.payout),
        number(level.open),
        number(level.late),
        number(level.unconfirmed),
        _day(level.oldest),
    ]


def _queues(states: Sequence[QueueState]) -> list[list[str]]:
    """What waits, all topics of an area together."""
    areas: dict[str, list[QueueState]] = {}
    for each in states:
        if each.waiting:
            areas.setdefault(area_of(each.topic), []).append(each)
    return [
        [
            words("operations.area", area),
            number(sum(each.waiting for each in topics)),
            number(sum(each.due for each in topics)),
            _day(min((each.oldest for each in topics if each.oldest), default=None)),
        ]
        for area, topics in areas.items()
    ]


def _day(moment: Any) -> str:
    return date_short(moment, ZONE).replace(" ", "\N{NO-BREAK SPACE}") if moment else NONE


def _amount(value: float | None) -> str:
    return NONE if value is None else number(round(value))


def _cities(session: Session) -> dict[str | None, str]:
    return {row.code: city_in_language(row) for row in list_consulates(session)}
