"""Vote counts on pages: an office reports, a second person types, either corrects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.api.contract import load_fields
from consular.api.v1.voting.schemas import (
    CorrectionSchema,
    CountSchema,
    FigureSchema,
    RejectionSchema,
)
from consular.auth import DESK, account, actor, allow, now
from consular.db import transaction
from consular.errors import problem_of
from consular.pages.forms import Errors, go, pick, typed, words_of
from consular.pages.portal.names import offices
from services.kernel.audit import Role
from services.kernel.errors import DomainError, NotFound
from services.voting.queries import CountFilter, get_count, list_counts
from services.voting.reporting import (
    TypeFigure,
    approve_count,
    correct_count,
    figures_differ,
    reject_count,
    report_count,
)
from services.voting.rules import Metric, Mode, Status, may_see_value

pages = Blueprint("counts", __name__, url_prefix="/counts")
WHO = DESK | {Role.ANALYST}
Form = dict[str, str]
Page = tuple[str, int] | Response
# In the order in which they ask for somebody.
LISTED = (Status.REPORTED, Status.APPROVED, Status.REJECTED)


@pages.get("/")
@allow(WHO)
def counts() -> str:
    """Counts that wait and those that were settled, and for an office a form to report one."""
    return _list({}, {})


@pages.post("/")
@allow(DESK)
def report() -> Page:
    """Report a count."""
    form = typed()
    try:
        command = load_fields(CountSchema(), _values(form))
        with transaction() as session:
            made = report_count(session, command, now=now(), actor=actor()).id
    except DomainError as refused:
        return _list(form, words_of(refused)), problem_of(refused).status
    return go(url_for("counts.count", id=made, done="reported"))


@pages.get("/<uuid:id>")
@allow(WHO)
def count(id: UUID) -> str:
    """One count; its number only for who may see it."""
    return _show(id, {}, {})


@pages.get("/<uuid:id>/<code:step>")
@allow(WHO)
def back_to_count(id: UUID, step: str) -> Response:
    """The address of a step, opened after a change of language or a sign-in."""
    return go(url_for("counts.count", id=id))


@pages.post("/<uuid:id>/approve")
@allow(WHO)
def approve(id: UUID) -> Page:
    """Type the number from the source: the same one approves the count."""
    return _type(id, approve_count, FigureSchema())


@pages.post("/<uuid:id>/correct")
@allow(WHO)
def correct(id: UUID) -> Page:
    """Change one's own number, with a reason."""
    return _type(id, correct_count, CorrectionSchema())


@pages.post("/<uuid:id>/reject")
@allow(WHO)
def reject(id: UUID) -> Page:
    """End a report that is wrong."""
    form = typed()

    def do(session: Session) -> Any:
        values = {"reason": form.get("reject_reason", "").strip()}
        reason = load_fields(RejectionSchema(), values)["reason"]
        return reject_count(session, id, reason, now=now(), actor=actor())

    return _do(id, form, do, {"reason": "reject_reason"})


def _type(id: UUID, settle: Callable[..., Any], schema: Any) -> Page:
    form = typed()

    def do(session: Session) -> Any:
        command = TypeFigure(id, **load_fields(schema, _numbers(pick(form, "value", "reason"))))
        return settle(session, command, now=now(), actor=actor())

    return _do(id, form, do, {})


def _do(id: UUID, form: Form, do: Callable[[Session], Any], fields: dict[str, str]) -> Page:
    try:
        with transaction() as session:
            differ = figures_differ(do(session))
        if differ:  # what was typed is kept: it is said after the commit
            raise differ
    except NotFound:
        raise
    except DomainError as refused:
        errors = {fields.get(name, name): told for name, told in words_of(refused).items()}
        return _show(id, form, errors), problem_of(refused).status
    return go(url_for("counts.count", id=id, done="1"))


def _list(form: Form, errors: Errors) -> str:
    with transaction() as session:
        cities = {place["code"]: place["city"] for place in offices(session, every=True)}
        found = [
            _shown(row, cities)
            for status in LISTED
            for row in list_counts(
                session, CountFilter(consulate=actor().consulate, status=status)
            ).items
        ]
    return render_template(
        "counts/counts.html",
        counts=found,
        may_report=actor().role in DESK,
        metrics=_choices(_metrics()),
        modes=_choices(_modes()),
        form=form,
        errors=errors,
    )


def _show(id: UUID, form: Form, errors: Errors) -> str:
    with transaction() as session:
        row = get_count(session, id)
        if row.status == Status.PUBLISHED:
            raise NotFound()
        cities = {place["code"]: place["city"] for place in offices(session, every=True)}
        return render_template(
            "counts/count.html",
            count=_shown(row, cities),
            done="done" in request.args,
            form=form,
            errors=errors,
        )


def _shown(row: Any, cities: dict[str, str]) -> dict[str, Any]:
    waits = row.status == Status.REPORTED
    seen = may_see_value(row.status, account(), row.reported_by, row.second_by)
    return {
        "id": row.id,
        "election": row.election,
        "metric": _metrics().get(row.metric, row.metric),
        "mode": _modes()[row.mode or ""],
        "city": cities.get(row.consulate_code, row.consulate_code),
        "day": row.day,
        "value": int(row.value) if seen else None,
        "second_value": int(row.second_value) if seen and row.second_value is not None else None,
        "status": row.status,
        "status_words": _statuses()[row.status],
        "revision": row.revision,
        "source": row.source,
        "note": row.note,
        "reason": row.reason,
        "may_type": waits and account() not in (row.reported_by, row.second_by),
        "may_correct": waits and account() in (row.reported_by, row.second_by),
        "may_reject": waits,
    }


def _values(form: Form) -> dict[str, Any]:
    names = ("election", "metric", "mode", "date", "value", "source", "note")
    return {**_numbers(pick(form, *names)), "consulate": actor().consulate or ""}


def _numbers(values: dict[str, str]) -> dict[str, Any]:
    """The number as the API takes it; anything else is refused in words by the schema."""
    value = values.get("value", "").strip().replace(",", "")
    plain = value.isascii() and value.isdecimal() and len(value) < 12
    return {**values, **({"value": int(value) if plain else value} if value else {})}


def _choices(words: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": code, "label": name} for code, name in words.items()]


def _metrics() -> dict[str, str]:
    return {
        Metric.VOTES: _("Votos"),
        Metric.VOTE_ENVELOPES: _("Sobres con voto"),
        Metric.LATE_VOTES: _("Votos que llegaron tarde"),
        Metric.REGISTERED: _("Personas registradas"),
        Metric.REGISTRATION_REQUESTS: _("Solicitudes de registro"),
    }


def _modes() -> dict[str, str]:
    return {
        "": _("Todas las modalidades"),
        Mode.ELECTRONIC: _("Por internet"),
        Mode.POSTAL: _("Por correo"),
        Mode.IN_PERSON: _("En persona"),
    }


def _statuses() -> dict[str, str]:
    return {
        Status.REPORTED: _("Por aprobar"),
        Status.APPROVED: _("Aprobado"),
        Status.SUPERSEDED: _("Sustituido"),
        Status.REJECTED: _("Rechazado"),
    }
