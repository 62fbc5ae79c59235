"""Vote counts: an office reports one, a second person types it again, either corrects it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.auth import DESK, account, actor, allow, now
from consular.counts import names_of
from consular.db import transaction
from consular.i18n import MEXICO_CITY, country_name, number, words
from consular.input.fields import Text
from consular.input.voting import CorrectionSchema, CountSchema, FigureSchema
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, pick, read_fields
from consular.pages.portal.names import office, offices
from consular.pages.posting import reopen
from services.consulates.queries import get_consulate
from services.kernel.audit import Role
from services.kernel.errors import NotFound
from services.staff.accounts import find_name
from services.voting import reporting
from services.voting.deadlines import deadlines, election_days, next_election
from services.voting.queries import (
    CountFilter,
    get_count,
    list_counts,
    list_earlier,
    list_figures,
    list_revisions,
)
from services.voting.rules import (
    AT_OFFICE,
    Action,
    Before,
    Status,
    Whose,
    actions,
    may_see_value,
)
from services.words import TABLES

pages = Blueprint("counts", __name__, url_prefix="/counts")
WHO = DESK | {Role.ANALYST}
Form = dict[str, str]


class RejectionForm(Schema):
    """The API's rejection, beside a correction that has a reason too."""

    reason = Text(most=300, required=True, data_key="reject_reason")


@pages.get("/")
@allow(WHO)
def counts() -> str:
    """List open and settled counts; offices also get the form to report one."""
    return _list(draft().form, draft().errors(_read_report))


@pages.post("/")
@allow(DESK)
def report() -> Response:
    """Report a count."""
    command = _read_report(answers(), None)
    with transaction() as session:
        count_id = reporting.report_count(session, command, now=now(), actor=actor()).id
    return finish(url_for("counts.count", id=count_id, done="1"))


@pages.get("/<uuid:id>")
@allow(WHO)
def count(id: UUID) -> str:
    """Show one count; its number only to who may see it."""
    read = _READ.get(draft().at.rpartition("/")[2])
    return _show(id, draft().form, draft().errors(read, also_under=True))


reopen(pages, ["/<uuid:id>/<code:step>"], "counts.count", WHO)


@pages.post("/<uuid:id>/approve")
@allow(WHO)
def approve(id: UUID) -> Response:
    """Approve a count by typing the number of its source again."""
    return _settle(id, reporting.approve_count, _read_figure)


@pages.post("/<uuid:id>/correct")
@allow(WHO)
def correct(id: UUID) -> Response:
    """Correct one's own count, with a reason."""
    return _settle(id, reporting.correct_count, _read_correction)


@pages.post("/<uuid:id>/reject")
@allow(WHO)
def reject(id: UUID) -> Response:
    """Reject a wrong report."""
    reason = _read_rejection(answers(), None)["reason"]
    with transaction() as session:
        reporting.reject_count(session, id, reason, now=now(), actor=actor())
    return finish(url_for("counts.count", id=id, done="1"))


def _settle(id: UUID, settle: Callable[..., Any], read: Callable[..., Any]) -> Response:
    command = reporting.TypeFigure(id, **read(answers(), None))
    with transaction() as session:
        differ = reporting.figures_differ(settle(session, command, now=now(), actor=actor()))
    if differ:  # what was typed is kept: it is said after the commit
        raise differ
    return finish(url_for("counts.count", id=id, done="1"))


def _read_report(form: Form, errors: Errors | None) -> Any:
    names = ("election", "metric", "mode", "date", "value", "source", "note")
    values = {**_numbers(pick(form, *names)), "consulate": actor().consulate or ""}
    return read_fields(CountSchema(), values, errors)


def _read_figure(form: Form, errors: Errors | None) -> Any:
    values = _numbers(pick(form, "value", "reason"))
    return read_fields(FigureSchema(), {**values, "explained": "explained" in form}, errors)


def _read_correction(form: Form, errors: Errors | None) -> Any:
    return read_fields(CorrectionSchema(), _numbers(pick(form, "value", "reason", "note")), errors)


def _read_rejection(form: Form, errors: Errors | None) -> Any:
    return read_fields(RejectionForm(), pick(form, "reject_reason"), errors)


# How the form is read whose refusal a count's page shows, by the end of its address.
_READ: dict[str, Callable[[Form, Errors], Any]] = {
    "approve": _read_figure,
    "correct": _read_correction,
    "reject": _read_rejection,
}


def _list(form: Form, errors: Errors) -> str:
    election = next_election(now().date())
    form = form or {"election": election or ""}
    with transaction() as session:
        cities = _cities(session)
        compared = _compared(session, form.get("election", ""))
        counts = [
            _shown(row, cities)
            for status in AT_OFFICE
            for row in list_counts(
                session, CountFilter(consulate=actor().consulate, status=status)
            ).items
        ]
        zone = office(session, actor().consulate or "")["time_zone"] if actor().consulate else ""
    return render_template(
        "counts/counts.html",
        counts=counts,
        may_report=actor().role in DESK,
        metrics=_choices("voting.metric"),
        modes=_choices("voting.mode"),
        form=form,
        errors=errors,
        compared=compared,
        day=election_days().get(election or ""),
        deadlines=deadlines(election or ""),
        zone=zone or MEXICO_CITY,
    )


def _compared(session: Session, election: str) -> list[dict[str, str]]:
    """With what the counts of the reader's office of an election are compared."""
    code = actor().consulate
    if not code:
        return []
    earlier = list_earlier(session, code, get_consulate(session, code).country, election)
    return [
        {
            "what": f"{words('voting.metric', metric)}, {words('voting.mode', mode or '').lower()}",
            "where": _whose(before),
            "numbers": ", ".join(number(each) for each in sorted(before.numbers)),
            "election": before.election,
        }
        for (metric, mode), before in earlier.items()
    ]


def _whose(before: Before) -> str:
    if before.whose is Whose.COUNTRY:
        return country_name(before.key)
    return str(_("esta oficina") if before.whose is Whose.OFFICE else _("todo el exterior"))


def _show(id: UUID, form: Form, errors: Errors) -> str:
    with transaction() as session:
        row = get_count(session, id)
        if row.status == Status.PUBLISHED:
            raise NotFound()
        cities = _cities(session)
        revisions = list_revisions(session, id)
        figures = list_figures(session, [each for each in revisions if _visible(each)])
        return render_template(
            "counts/count.html",
            count=_shown(row, cities),
            revisions=[_revision(session, each, cities, figures) for each in revisions],
            zone=office(session, row.consulate_code or "")["time_zone"],
            done="done" in request.args,
            may_report=actor().role in DESK,
            # Whoever typed the same number reads what is odd about it before it is published.
            explanation=_explanation(row) if _asks_to_read() else None,
            form=form,
            errors={} if _asks_to_read() else errors,
        )


def _asks_to_read() -> bool:
    refused = draft().refused
    return refused is not None and refused.code == "explanation_not_read"


def _explanation(row: Any) -> dict[str, Any]:
    return {"warnings": [words("voting.warning", code) for code in row.warnings], "note": row.note}


def _cities(session: Session) -> dict[str, str]:
    return {place["code"]: place["city"] for place in offices(session, every=True)}


def _visible(row: Any) -> bool:
    return may_see_value(row.status, account(), row.reported_by, row.second_by)


def _shown(row: Any, cities: dict[str, str]) -> dict[str, Any]:
    may = actions(row.status, account(), row.reported_by, row.second_by)
    visible = _visible(row)
    return {
        "id": row.id,
        "election": row.election,
        "metric": words("voting.metric", row.metric),
        "mode": words("voting.mode", row.mode or ""),
        "city": cities.get(row.consulate_code, row.consulate_code),
        "day": row.day,
        "value": int(row.value) if visible else None,
        "second_value": int(row.second_value) if visible and row.second_value is not None else None,
        "status": row.status,
        "status_words": words("voting.status", row.status),
        "revision": row.revision,
        "source": row.source,
        "note": row.note,
        "warnings": _explanation(row)["warnings"] if visible else [],
        "reason": row.reason,
        # Who typed a number corrects it, whatever the others may still do.
        "may_type": Action.APPROVE in may and Action.CORRECT not in may,
        "may_correct": Action.CORRECT in may,
        "may_reject": Action.REJECT in may,
    }


def _revision(
    session: Session, row: Any, cities: dict[str, str], figures: Sequence[Any]
) -> dict[str, Any]:
    """One report of the same, with who did what and when, and every number that was typed."""
    names = names_of(session, row)
    at = {"reported": row.created_at, "approved": row.approved_at, "rejected": row.rejected_at}
    steps = [
        {"step": step, "by": names[f"{step}_by"], "at": moment}
        for step, moment in at.items()
        if moment
    ]
    typed = [
        {
            "value": int(each.value),
            "by": find_name(session, each.typed_by) if each.typed_by else None,
            "at": each.typed_at,
            "reason": each.reason,
        }
        for each in figures
        if each.count_id == row.id
    ]
    return {**_shown(row, cities), "steps": steps, "typed": typed}


def _numbers(values: dict[str, str]) -> dict[str, Any]:
    """The number as the API takes it; anything else is refused in words by the schema."""
    value = values.get("value", "").strip().replace(",", "")
    plain = value.isascii() and value.isdecimal() and len(value) < 12
    return {**values, **({"value": int(value) if plain else value} if value else {})}


def _choices(table: str) -> list[dict[str, str]]:
    return [{"value": code, "label": words(table, code)} for code in TABLES[table]]
