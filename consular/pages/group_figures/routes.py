"""What the Commission's working groups report: the list, one figure, by hand, from a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for

from consular.auth import ANALYSTS, MONITORS, actor, allow, now
from consular.db import transaction
from consular.figures_file import COLUMNS, try_or_import
from consular.input.loading import load_fields
from consular.input.reported import (
    EntryCorrectionSchema,
    EntryQuery,
    EntrySchema,
    GroupIndicatorSchema,
    numbers_of,
)
from consular.pages.drafts import answers, draft, finish, keep_draft
from consular.pages.forms import Errors, check, go, pick, read_fields
from consular.pages.group_figures import presenters
from consular.pages.sent_table import answers_with_table
from consular.spreadsheets import Table, as_file, plain_columns
from consular.uploads import takes_table
from services.monitoring.entering import add_group_indicator, correct_figure, enter_figure
from services.monitoring.queries import (
    latest_session,
    list_entries,
    list_entry_revisions,
    list_group_indicators,
)
from services.monitoring.rules import GROUPS

pages = Blueprint("group_figures_pages", __name__, url_prefix="/monitoring/entries")
FIGURE = ("value", "cut_off", "source", "note")
TRY, DONE = "/monitoring/entries/import?try", "/monitoring/entries/import?done"


@pages.get("/")
@allow(MONITORS)
def entries() -> str:
    """List the figures in force of a session or a period; at first, of the latest session."""
    form: dict[str, Any] = pick(request.args.to_dict(), "session", "group", "period")
    errors: Errors = {}
    with transaction() as session:
        if not request.args:
            form = {"session": str(latest_session(session) or "")}
        query = check(EntryQuery(), form, errors)
        found = (
            list_entries(session, query["session"], query["group"], query["period"])
            if query
            else []
        )
    return render_template(
        "group_figures/entries.html",
        groups=presenters.by_group(found),
        numbers=_groups(),
        csv_url=url_for(".entries_csv", **form),
        may_enter=actor().role in ANALYSTS,
        filters=form,
        errors=errors,
    )


@pages.get("/entries.csv")
@allow(MONITORS)
def entries_csv() -> Response:
    """Return figures in force as the import takes them."""
    query = load_fields(EntryQuery(), pick(request.args.to_dict(), "session", "group", "period"))
    with transaction() as session:
        entries = list_entries(session, query["session"], query["group"], query["period"])
    rows = [presenters.line(row) for row in entries]
    return as_file(Table("entries", plain_columns(COLUMNS), rows), "csv")


@pages.get("/new")
@allow(ANALYSTS)
def entry_new() -> str:
    """Ask for a figure, its source, and the session or period it is for."""
    with transaction() as session:
        indicators = presenters.indicator_choices(list_group_indicators(session))
    return render_template(
        "group_figures/entry_new.html",
        indicators=indicators,
        form=pick(request.args.to_dict(), "session", "period", "indicator") | draft().form,
        errors=draft().errors(_read_entry),
    )


@pages.post("/new")
@allow(ANALYSTS)
def entry_save() -> Response:
    """Keep it."""
    command = _read_entry(answers(), None)
    with transaction() as session:
        entry = enter_figure(session, command, now=now(), actor=actor()).id
    return finish(url_for(".entry", id=entry, done="1"))


@pages.get("/<uuid:id>")
@allow(MONITORS)
def entry(id: UUID) -> str:
    """Show a figure with every revision, and the form that corrects it."""
    with transaction() as session:
        revisions = [presenters.shown(session, row) for row in list_entry_revisions(session, id)]
    form = draft().form or presenters.typed(revisions[0]["row"])
    return render_template(
        "group_figures/entry.html",
        entry=revisions[0],
        revisions=revisions,
        may_correct=actor().role in ANALYSTS,
        done="done" in request.args,
        form=form,
        errors=draft().errors(_read_correction),
    )


@pages.post("/<uuid:id>")
@allow(ANALYSTS)
def entry_correct(id: UUID) -> Response:
    """Put another figure in its place, with the reason."""
    command = _read_correction(answers(), None)
    with transaction() as session:
        entry = correct_figure(session, id, **command, now=now(), actor=actor()).id
    return finish(url_for(".entry", id=entry, done="1"))


@pages.get("/indicators/new")
@allow(ANALYSTS)
def indicator_new() -> str:
    """Ask what else a group reports."""
    return render_template(
        "group_figures/indicator_new.html",
        groups=_groups(),
        units=presenters.unit_choices(),
        form=draft().form,
        errors=draft().errors(_read_indicator),
    )


@pages.post("/indicators/new")
@allow(ANALYSTS)
def indicator_save() -> Response:
    """Keep it, and go on to its first figure."""
    command = _read_indicator(answers(), None)
    with transaction() as session:
        row = add_group_indicator(session, command, now=now(), actor=actor())
        chosen = row.code
    return finish(url_for(".entry_new", indicator=chosen))


@pages.get("/import")
@allow(ANALYSTS)
def entries_import() -> str:
    """Ask for the file; once it was sent, say what would happen or what did."""
    sent = draft().form.get("file", "") if draft().at in (TRY, DONE) else ""
    return render_template(
        "group_figures/import.html",
        columns=COLUMNS,
        report=try_or_import(sent, write=False) if sent else None,
        done=draft().at == DONE,
        form=draft().form,
        errors=draft().errors(),
    )


@pages.post("/import")
@allow(ANALYSTS)
@takes_table
def entries_import_send() -> Response:
    """Try the file, or keep it: all of its lines, or none where anything is wrong."""
    form = answers_with_table()
    wanted = "write" in request.form
    written = wanted and not try_or_import(form.get("file", ""), write=True).problems
    return go(url_for(".entries_import", d=keep_draft(form, at=DONE if written else TRY)))


def _read_entry(form: dict[str, str], errors: Errors | None) -> Any:
    values = pick(form, "indicator", "session", "period", *FIGURE)
    return read_fields(EntrySchema(), numbers_of(values), errors)


def _read_correction(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(EntryCorrectionSchema(), numbers_of(pick(form, *FIGURE, "reason")), errors)


def _read_indicator(form: dict[str, str], errors: Errors | None) -> Any:
    names = ("group", "indicator", "name_es", "name_en", "unit", "source")
    return read_fields(GroupIndicatorSchema(), numbers_of(pick(form, *names)), errors)


def _groups() -> list[dict[str, str]]:
    return [{"value": str(n), "label": presenters.group_name(n)} for n in GROUPS]
