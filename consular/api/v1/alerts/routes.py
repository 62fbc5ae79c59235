"""Rules that watch figures, over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.v1.alerts.answers import (
    AlertAnswer,
    AlertDelivery,
    AlertItem,
    AlertList,
    ReadingAnswer,
    ToldAnswer,
)
from consular.auth import ALERTERS, SERVICE_LEVELS, actor
from consular.db import database_now, transaction
from consular.i18n import current_language
from consular.input.alerts import AlertSchema
from consular.input.paging import SliceQuery, slice_of
from services.alerts.making import MakeAlert, make_alert, pause, resume, stop_reading
from services.alerts.names import question_name
from services.alerts.queries import Told, get_rule, list_readers, list_rules, list_told, reading_of
from services.alerts.reading import Reading, read
from services.alerts.rules import Watch
from services.alerts.saying import say_figure
from services.staff.accounts import find_name

api = Blueprint("alerts", __name__, url_prefix="/api/v1/monitoring/alerts")
_UNFIT = (
    "alert_unknown_status", "alert_unknown_country", "alert_unknown_program", "alert_needs_days",
    "alert_needs_limit", "alert_only_now", "alert_only_numbers", "alert_not_split",
    "alert_target_span", "alert_target_whole", "alert_target_offices", "alert_own_levels",
    "dimension_not_held", "reader_unknown",
)  # fmt: skip


@endpoint(
    api,
    "GET",
    "",
    operation="listAlerts",
    who=SERVICE_LEVELS,
    query=SliceQuery(),
    answer=AlertList(),
    errors={},
)
def list_alerts(query: dict[str, Any]) -> dict[str, Any]:
    """List the rules; staff of an office see those of their own."""
    with transaction() as session:
        items = [_render(AlertItem, session, rule) for rule in list_rules(session)]
    return slice_of(items, query, "id")


@endpoint(
    api,
    "POST",
    "",
    operation="makeAlert",
    who=ALERTERS,
    body=AlertSchema(),
    answer=AlertAnswer(),
    status=201,
    errors={404: ("not_found",), 422: _UNFIT},
)
def make(command: MakeAlert) -> dict[str, Any]:
    """Begin to watch; staff of an office watch their own service levels."""

    def begin(session: Session) -> dict[str, Any]:
        rule = make_alert(session, command, now=database_now(session), actor=actor())
        return _shown(session, rule)

    return run_once(begin, status=201)


@endpoint(
    api,
    "GET",
    "/<uuid:alert>",
    operation="showAlert",
    who=SERVICE_LEVELS,
    answer=AlertAnswer(),
)
def show(alert: UUID) -> dict[str, Any]:
    """Return a rule with what it finds now and what it told."""
    with transaction() as session:
        return _shown(session, get_rule(session, alert))


@endpoint(
    api,
    "POST",
    "/<uuid:alert>/pause",
    operation="pauseAlert",
    who=ALERTERS,
    answer=AlertAnswer(),
    errors={},
)
def pause_alert(alert: UUID) -> dict[str, Any]:
    """Watch no longer; nothing happens to one that is paused."""
    return _change(pause, alert)


@endpoint(
    api,
    "POST",
    "/<uuid:alert>/resume",
    operation="resumeAlert",
    who=ALERTERS,
    answer=AlertAnswer(),
    errors={},
)
def resume_alert(alert: UUID) -> dict[str, Any]:
    """Watch again; nothing happens to one that is active."""
    return _change(resume, alert)


@endpoint(
    api,
    "POST",
    "/<uuid:alert>/stop",
    operation="stopAlert",
    who=SERVICE_LEVELS,
    answer=AlertAnswer(),
    errors={},
)
def stop(alert: UUID) -> dict[str, Any]:
    """Tell whoever asks no more of it; others are told as before."""
    return _change(stop_reading, alert)


def _change(do: Callable[..., object], alert: UUID) -> dict[str, Any]:
    def change(session: Session) -> dict[str, Any]:
        do(session, alert, now=database_now(session), actor=actor())
        return _shown(session, get_rule(session, alert))

    return run_once(change)


def _render(answer: type[AlertItem], session: Session, rule: Any, **more: Any) -> dict[str, Any]:
    return answer.render(
        rule,
        question=question_name(session, rule.watch, current_language()),
        active=rule.paused_at is None,
        made_by=find_name(session, rule.made_by),
        **more,
    )


def _shown(session: Session, rule: Any) -> dict[str, Any]:
    reading = read(session, rule.watch, now=database_now(session))
    return _render(
        AlertAnswer,
        session,
        rule,
        readers=[each.name for each in list_readers(session, rule.id) if not each.stopped],
        today=ReadingAnswer.render(reading, said=_said(session, rule.watch, reading)),
        told=[_told(session, rule.watch, each) for each in list_told(session, rule.id)],
    )


def _told(session: Session, watch: Watch, each: Told) -> dict[str, Any]:
    reading = reading_of(each.notice)
    return ToldAnswer.render(
        reading,
        said=_said(session, watch, reading),
        state=each.notice.state,
        at=each.notice.at,
        readers=[AlertDelivery.render(delivery) for delivery in each.deliveries],
    )


def _said(session: Session, watch: Watch, reading: Reading) -> str:
    return say_figure(session, watch, reading, current_language())
