"""Closures: the list, a form whose impact is shown before it is kept, and a file of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.auth import actor, allow, now
from consular.csv_rows import Problem, in_order, read_rows, refused
from consular.db import transaction
from consular.i18n import words
from consular.input.loading import load_fields
from consular.input.paging import Cursor, cursor
from consular.input.sessions import ClosureForm, ClosureRow
from consular.pages.desk.blueprint import pages
from consular.pages.desk.trying import (
    require_confirmation,
    show_impact,
    show_progress,
    try_or_return,
)
from consular.pages.drafts import answers, draft, finish, keep_draft
from consular.pages.forms import Errors, check, go, pick, read_fields
from consular.pages.portal.names import office, offices, service_names
from consular.pages.posting import reopen
from consular.pages.sent_table import answers_with_table
from consular.spreadsheets import Table, as_file, plain_columns
from consular.uploads import takes_table
from services.appointments.closing_days import (
    CloseDays,
    Impact,
    close_days,
    get_closure,
    reopen_days,
)
from services.appointments.importing_closures import import_closures
from services.appointments.queries import list_all_closures
from services.appointments.rules import ClosureSource
from services.kernel.audit import Role

# Supervisors close their office, admins any and the whole network.
CLOSERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
COLUMNS = ("consulate", "first_day", "last_day", "begins", "ends", "reason", "source")
REQUIRED = ("first_day", "reason")
FIELDS = ("consulate", "first_day", "last_day", "begins", "ends", "reason", "source", "bookings")
LINES = 50
TRY, DONE = "/desk/closures/import?try", "/desk/closures/import?done"


class ListQuery(Schema):
    """The page of the list."""

    next = Cursor(load_default=None)


@dataclass(frozen=True)
class Report:
    """What a file of closures would do, or did."""

    problems: Sequence[Problem]
    new: int
    known: int
    impact: Impact
    written: bool


@pages.get("/closures")
@allow(CLOSERS)
def closures() -> str:
    """List the closures of the office and of the network, the newest first."""
    errors: Errors = {}
    asked = check(ListQuery(), pick(dict(request.args), "next"), errors) or {"next": None}
    with transaction() as session:
        page = list_all_closures(
            session, consulate=actor().consulate, limit=LINES, after=asked["next"]
        )
        more = cursor(page.next)
        return render_template(
            "desk/closures.html",
            place=own_place(session),
            items=[_shown(row) for row in page.items],
            more=url_for(".closures", next=more) if more else None,
            errors={},
        )


@pages.get("/closures.csv")
@allow(CLOSERS)
def closures_csv() -> Response:
    """Return the closures in force as the import takes them; of one's office, or all of them."""
    own = actor().consulate
    with transaction() as session:
        rows = [
            [_cell(row, name) for name in COLUMNS]
            for row in list_all_closures(session, consulate=own).items
            if row.lifted_at is None and (own is None or row.consulate_code == own)
        ]
    return as_file(Table("closures", plain_columns(COLUMNS), rows), "csv")


def _cell(row: Any, column: str) -> Any:
    value = getattr(row, "consulate_code" if column == "consulate" else column)
    return f"{value:%H:%M}" if isinstance(value, time) else value


@pages.get("/closures/new")
@allow(CLOSERS)
def closure_new() -> str:
    """Ask for days, hours, the reason and what becomes of the bookings."""
    form = {"first_day": request.args.get("day", ""), "source": ClosureSource.BY_HAND.value}
    form |= {"bookings": request.args.get("bookings", "")} | draft().form
    with transaction() as session:
        return render_template(
            "desk/closure_new.html",
            place=own_place(session),
            offices=[
                {"value": each["code"], "label": each["name"]}
                for each in offices(session, every=True)
            ]
            if actor().consulate is None
            else [],
            sources=_sources(),
            form=form,
            errors=draft().errors(_read),
        )


@pages.post("/closures/new")
@allow(CLOSERS)
def closure_new_send() -> Response:
    """Go on to whom it concerns."""
    form = answers()
    _read(form, None)
    return go(url_for("desk.closure_check", d=keep_draft(form)))


@pages.get("/closures/new/check")
@allow(CLOSERS)
def closure_check() -> str | Response:
    """Show whom it concerns."""
    shown = try_or_return(_try, url_for("desk.closure_new"))
    if isinstance(shown, Response):
        return shown
    return render_template("desk/closure_check.html", errors=draft().errors(), **shown)


@pages.post("/closures/new/check")
@allow(CLOSERS)
def closure_save() -> Response:
    """Close. Where bookings are canceled, only after the box that says how many was ticked."""
    form = answers()
    command = _read(form, None)
    with transaction() as session:
        closure, impact = close_days(session, command, now=now(), actor=actor())
        if command.cancels:
            require_confirmation(form, len(impact.appointments))
        address = url_for("desk.closure", id=closure.id, closed="1")
    return finish(address)


@pages.get("/closures/<uuid:id>")
@allow(CLOSERS)
def closure(id: UUID) -> str:
    """Show one closure, how far the canceling of its bookings is, and the way to lift it."""
    with transaction() as session:
        row = get_closure(session, id, actor())
        return render_template(
            "desk/closure.html",
            place=own_place(session),
            item=_shown(row),
            progress=show_progress(session, id),
            just_closed="closed" in request.args,
            errors=draft().errors(also_under=True),
        )


@pages.post("/closures/<uuid:id>/lift")
@allow(CLOSERS)
def closure_lift(id: UUID) -> Response:
    """Lift it: its places are there again, and who kept a booking has theirs."""
    with transaction() as session:
        reopen_days(session, id, reason=None, now=now(), actor=actor())
    return go(url_for("desk.closure", id=id))


reopen(pages, ["/closures/<uuid:id>/lift"], "desk.closure", CLOSERS)


@pages.get("/closures/import")
@allow(CLOSERS)
def closures_import() -> str:
    """Ask for the file; once it was sent, say what would happen or what did."""
    sent = draft().form.get("file", "") if draft().at in (TRY, DONE) else ""
    report = _import(sent, write=False) if sent else None
    with transaction() as session:
        return render_template(
            "desk/closures_import.html",
            place=own_place(session),
            columns=COLUMNS,
            report=report,
            impact=show_impact(session, report.impact, service_names(session)) if report else None,
            done=draft().at == DONE,
            form=draft().form,
            errors=draft().errors(),
        )


@pages.post("/closures/import")
@allow(CLOSERS)
@takes_table
def closures_import_send() -> Response:
    """Try the file, or keep it: all of its lines, or none where anything is wrong."""
    form = answers_with_table()
    written = "write" in request.form and _import(form.get("file", ""), write=True).written
    address = url_for("desk.closures_import", d=keep_draft(form, at=DONE if written else TRY))
    return go(address)


def _import(text: str, *, write: bool) -> Report:
    rows, problems = read_rows(text, COLUMNS, REQUIRED, lambda _line, values: _load(values))
    with transaction() as session:
        done = import_closures(session, rows, now=now(), actor=actor())
        problems += [refused(line, error, "consulate") for line, error in done.refused.items()]
        written = write and not problems
        if not written:
            session.rollback()
    return Report(in_order(problems, COLUMNS), len(done.new), len(done.known), done.impact, written)


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    read = read_fields(ClosureForm(), _values(pick(form, *FIELDS)), errors)
    return read["command"] if read else None


def _load(values: dict[str, Any]) -> CloseDays:
    command: CloseDays = load_fields(ClosureRow(), _values(values))["command"]
    return command


def _values(given: dict[str, str]) -> dict[str, str]:
    """A supervisor's closure is of their office."""
    own = actor().consulate
    return {"consulate": own, **given} if own else given


def _try(session: Session) -> dict[str, Any]:
    command: CloseDays = _read(draft().form, None)
    row, impact = close_days(session, command, now=now(), actor=actor())
    return {
        "place": own_place(session),
        "item": _shown(row),
        "cancels": command.cancels,
        "impact": show_impact(session, impact, service_names(session)),
    }


def own_place(session: Session) -> dict[str, Any] | None:
    """The reader's office; None for whoever has the whole network."""
    own = actor().consulate
    return office(session, own) if own else None


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "consulate": row.consulate_code,
        "first": row.first_day,
        "last": row.last_day,
        "begins": _clock(row.first_day, row.begins),
        "ends": _clock(row.first_day, row.ends),
        "reason": row.reason,
        "source": words("appointments.closure_source", row.source),
        "cancels": row.cancels,
        "lifted": row.lifted_at is not None,
        "own": actor().consulate in (None, row.consulate_code),
    }


def _clock(day: date, at: Any) -> datetime | None:
    """Hours on any office's wall clock, as a time that templates can say."""
    return datetime.combine(day, at, ZoneInfo("UTC")) if at else None


def _sources() -> list[dict[str, str]]:
    return [
        {"value": ClosureSource.BY_HAND.value, "label": _("Lo decide la oficina")},
        {"value": ClosureSource.HOLIDAY.value, "label": _("Día festivo")},
    ]
