"""The list of sessions, one session with its report, and what is done with a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for

from consular.auth import account, actor, allow, now
from consular.db import transaction
from consular.i18n import current_language
from consular.input.commission import AmendmentSchema, NumberForm, ReportQuery
from consular.input.loading import load_fields
from consular.pages.commission import presenters
from consular.pages.commission.blueprint import READERS, SESSIONS, WRITERS, pages
from consular.pages.commission.steps import WIZARD
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, go, pick, read_fields
from consular.pages.posting import reopen
from consular.printing.report import day_in_mexico
from consular.session_reports import as_file, file_name, read_pdf, sign_report
from services.commission import signing
from services.commission.editing import MakeReport, make_report, refresh
from services.commission.queries import get_session, list_sessions, next_number
from services.commission.rules import Action, actions


@pages.get(SESSIONS)
@allow(READERS)
def sessions() -> str:
    """List the sessions and what they agreed on that is open; analysts may begin the next."""
    with transaction() as session:
        rows = [presenters.in_list(row) for row in list_sessions(session)]
        agreements = presenters.open_agreements(session, day_in_mexico(now()))
        number = next_number(session)
    return render_template(
        "commission/sessions.html",
        sessions=rows,
        agreements=agreements,
        may_write=actor().role in WRITERS,
        form={"number": str(number)} | draft().form,
        known=number - 1,
        errors=draft().errors(_read_number),
    )


@pages.post(SESSIONS)
@allow(WRITERS)
def begin() -> Response:
    """Begin the report of a session."""
    command = MakeReport(_read_number(answers(), None)["number"])
    with transaction() as session:
        id = make_report(session, command, now=now(), actor=actor()).id
    return finish(url_for("commission.step", id=id, code=next(iter(WIZARD))))


@pages.get(f"{SESSIONS}/<uuid:id>")
@allow(READERS)
def session(id: UUID) -> str:
    """Show what a report says so far, what it lacks, and what may be done with it."""
    with transaction() as database:
        commission = get_session(database, id)
        writes = actor().role in WRITERS
        may = actions(commission.status, account(), commission.prepared_by) if writes else ()
        return render_template(
            "commission/session.html",
            **presenters.whole(database, commission, may_edit=Action.EDIT in may),
            may=may,
            form=draft().form,
            errors=draft().errors(_read_reason, also_under=True),
        )


@pages.get(f"{SESSIONS}/<uuid:id>/report.pdf")
@allow(READERS)
def report_pdf(id: UUID) -> Response:
    """Return the report as PDF: a signed version as it is, or the draft."""
    query = load_fields(ReportQuery(), request.args.to_dict())
    language = query["language"] or current_language()
    data = read_pdf(id, language, query["version"])
    with transaction() as session:
        commission = get_session(session, id)
    version = query["version"] or commission.version
    return as_file(data, file_name(commission.number, version, language))


@pages.post(f"{SESSIONS}/<uuid:id>/refresh")
@allow(WRITERS)
def count_again(id: UUID) -> Response:
    """Count every number of the draft anew."""
    return _do(id, refresh)


@pages.post(f"{SESSIONS}/<uuid:id>/prepare")
@allow(WRITERS)
def prepare(id: UUID) -> Response:
    """Hand the draft over to whoever signs."""
    return _do(id, signing.prepare)


@pages.post(f"{SESSIONS}/<uuid:id>/return")
@allow(WRITERS)
def return_draft(id: UUID) -> Response:
    """Make a draft of a prepared report again."""
    return _do(id, signing.return_draft)


@pages.post(f"{SESSIONS}/<uuid:id>/sign")
@allow(WRITERS)
def sign(id: UUID) -> Response:
    """Sign the report."""
    with transaction() as session:
        sign_report(session, id)
    return go(url_for("commission.session", id=id))


@pages.post(f"{SESSIONS}/<uuid:id>/amend")
@allow(WRITERS)
def amend(id: UUID) -> Response:
    """Open the next version of a signed report."""
    reason = _read_reason(answers(), None)["reason"]
    return _do(id, lambda session, id, **by: signing.amend(session, id, reason, **by))


reopen(
    pages,
    [
        f"{SESSIONS}/<uuid:id>/{action}"
        for action in ("refresh", "prepare", "return", "sign", "amend")
    ],
    "commission.session",
    READERS,
)


def _do(id: UUID, step: Callable[..., object]) -> Response:
    with transaction() as session:
        step(session, id, now=now(), actor=actor())
    return finish(url_for("commission.session", id=id))


def _read_number(form: dict[str, str], errors: Errors | None) -> Any:
    number = form.get("number", "").strip()
    plain = number.isascii() and number.isdecimal() and len(number) < 6
    value: Any = int(number) if plain else number
    return read_fields(NumberForm(), {"number": value} if number else {}, errors)


def _read_reason(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(AmendmentSchema(), pick(form, "reason"), errors)
