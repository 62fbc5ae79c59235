"""Import another system's appointments into the supervisor's office: try the file, then keep it."""

from __future__ import annotations

from flask import Response, render_template, request, url_for

from consular.auth import actor, allow
from consular.db import transaction
from consular.importing import import_file
from consular.input.imports import COLUMNS
from consular.pages.desk.blueprint import pages
from consular.pages.desk.planned import SUPERVISOR
from consular.pages.drafts import draft, keep_draft
from consular.pages.forms import go
from consular.pages.portal.names import office
from consular.pages.sent_table import answers_with_table
from consular.uploads import takes_table

TRY, DONE = "/desk/import?try", "/desk/import?done"


@pages.get("/import")
@allow(SUPERVISOR)
def import_appointments() -> str:
    """Ask for the file; once it was sent, say what would happen or what did."""
    asking = actor()
    sent = draft().form.get("file", "") if draft().at in (TRY, DONE) else ""
    # What was imported is known by its keys: looked at again, nothing happens again.
    report = (
        import_file(sent, asking.consulate or "", actor=asking, scope=asking.scope, write=False)
        if sent
        else None
    )
    with transaction() as session:
        return render_template(
            "desk/import.html",
            consulate=office(session, asking.consulate or ""),
            columns=COLUMNS,
            report=report,
            done=draft().at == DONE,
            form=draft().form,
            errors=draft().errors(),
        )


@pages.post("/import")
@allow(SUPERVISOR)
@takes_table
def import_appointments_send() -> Response:
    """Try the file, or import it: all of its lines, or none where anything is wrong."""
    form, asking = answers_with_table(), actor()
    at = TRY
    if "write" in request.form:
        report = import_file(
            form.get("file", ""),
            asking.consulate or "",
            actor=asking,
            scope=asking.scope,
            write=True,
        )
        at = DONE if report.written else TRY
    return go(url_for("desk.import_appointments", d=keep_draft(form, at=at)))
