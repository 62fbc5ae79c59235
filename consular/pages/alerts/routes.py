"""Alerts: rules that watch figures and write to staff; a rule is tried before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.auth import ALERTERS, SERVICE_LEVELS, account, actor, allow
from consular.db import database_now, transaction
from consular.input.alerts import FIELDS, AlertSchema, alert_of
from consular.pages.alerts import presenters
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, form_errors, go, pick, read_fields
from consular.pages.posting import reopen
from services.alerts.making import (
    MakeAlert,
    check_watch,
    find_readers,
    make_alert,
    own_watch,
    pause,
    resume,
    stop_reading,
)
from services.alerts.queries import get_rule, list_rules, list_told
from services.alerts.reading import read
from services.kernel.errors import DomainError
from services.staff.accounts import find_active

pages = Blueprint("alert_pages", __name__, url_prefix="/monitoring/alerts")


@pages.get("/")
@allow(SERVICE_LEVELS)
def alerts() -> str:
    """List the rules: an office's supervisor sees those of their own."""
    with transaction() as session:
        rules = [presenters.listed(session, rule) for rule in list_rules(session)]
    return render_template(
        "alerts/alerts.html",
        active_rules=[rule for rule in rules if not rule["paused"]],
        paused_rules=[rule for rule in rules if rule["paused"]],
        may_make=actor().role in ALERTERS,
    )


@pages.get("/new")
@allow(ALERTERS)
def alert_new() -> str:
    """Ask for a rule; once it is whole, show what it would have said today before it is kept."""
    form = draft().form or pick(request.args.to_dict(), *FIELDS)
    errors: Errors = draft().errors(_read)
    tries = bool(request.args.get("span")) and not errors and "change" not in request.args
    with transaction() as session:
        command = _read(form, errors) if tries else None
        reading = _try(session, command, errors) if command else None
        if not form:
            form = {"readers": own_address(session)}
        return render_template(
            "alerts/new.html",
            form=form,
            reading=reading,
            changes=_form_address(form) if reading else None,
            errors=errors,
            **presenters.choices(session),
        )


@pages.post("/new")
@allow(ALERTERS)
def alert_make() -> Response:
    """Begin to watch."""
    command = _read(answers(), None)
    with transaction() as session:
        rule = make_alert(session, command, now=database_now(session), actor=actor())
        id = rule.id
    return finish(url_for(".alert", id=id))


@pages.get("/<uuid:id>")
@allow(SERVICE_LEVELS)
def alert(id: UUID) -> str:
    """Show one rule: what it finds now, whom it tells, and what it told."""
    with transaction() as session:
        rule = get_rule(session, id)
        reading = read(session, rule.watch, now=database_now(session))
        return render_template(
            "alerts/alert.html",
            rule=presenters.shown(session, rule),
            reading=presenters.reading(session, rule.watch, reading),
            told=[presenters.told(session, rule.watch, each) for each in list_told(session, id)],
            may_make=actor().role in ALERTERS,
            copy_url=_form_address(_as_asked(rule)),
        )


@pages.post("/<uuid:id>/pause")
@allow(ALERTERS)
def alert_pause(id: UUID) -> Response:
    """Watch no longer."""
    with transaction() as session:
        pause(session, id, now=database_now(session), actor=actor())
    return go(url_for(".alert", id=id))


@pages.post("/<uuid:id>/resume")
@allow(ALERTERS)
def alert_resume(id: UUID) -> Response:
    """Watch again."""
    with transaction() as session:
        resume(session, id, now=database_now(session), actor=actor())
    return go(url_for(".alert", id=id))


@pages.post("/<uuid:id>/stop")
@allow(SERVICE_LEVELS)
def alert_stop(id: UUID) -> Response:
    """Tell whoever asks no more of it."""
    with transaction() as session:
        stop_reading(session, id, now=database_now(session), actor=actor())
    return go(url_for(".alert", id=id))


reopen(
    pages,
    ["/<uuid:id>/pause", "/<uuid:id>/resume", "/<uuid:id>/stop"],
    "alert_pages.alert",
    SERVICE_LEVELS,
)


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_with_readers(AlertSchema(), alert_of(form), errors)


def read_with_readers(schema: Schema, values: dict[str, Any], errors: Errors | None) -> Any:
    """`read_fields` of a form that names readers."""
    if errors is None:
        return read_fields(schema, values, None)
    wrong: Errors = {}
    command = read_fields(schema, values, wrong)
    for name, messages in wrong.items():
        # One of several addresses is wrong: the field has them all.
        errors[name.partition(".")[0]] = messages
    return command


def _try(session: Session, command: MakeAlert, errors: Errors) -> dict[str, Any] | None:
    """What the rule finds now, None with what is wrong with it in ``errors``."""
    watch = own_watch(command.watch, actor())
    try:
        check_watch(session, watch, actor())
        find_readers(session, command.readers, watch.consulate)
    except DomainError as refused:
        errors |= form_errors(refused)
        return None
    reading = read(session, watch, now=database_now(session))
    return {
        **presenters.reading(session, watch, reading),
        "question": presenters.question(session, watch),
    }


def _form_address(form: Mapping[str, str]) -> str:
    """The form with these answers, to be changed."""
    asked: dict[str, Any] = {**form, "change": "1"}
    return url_for(".alert_new", **asked)


def own_address(session: Session) -> str:
    """That of whoever asks, as their account has it; empty where it has none."""
    member = find_active(session, account())
    return (member.email if member else None) or ""


def _as_asked(rule: Any) -> dict[str, str]:
    """The rule for the form of another one."""
    values = {
        "indicator": rule.indicator,
        "consulate": rule.consulate_code,
        "country": rule.country,
        "program": rule.program,
        "status": rule.status,
        "span": rule.span,
        "condition": rule.condition,
        "amount": f"{rule.amount.normalize():f}" if rule.amount is not None else None,
        "why": rule.why,
    }
    return {name: value for name, value in values.items() if value}
