"""A supervisor says how many people a day takes of a service at the office, and from when on."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for

from consular.auth import actor, allow, now
from consular.db import transaction
from consular.input.sessions import MaximumSchema
from consular.pages.desk.blueprint import pages
from consular.pages.desk.planned import SUPERVISOR
from consular.pages.drafts import answers, draft, drop
from consular.pages.forms import Errors, check, go, pick, read_or_refuse
from consular.pages.portal.names import bookable_services, office, service_names
from services.appointments.maximums import SetMaximum, maximums_of, set_maximum


@pages.get("/maximums")
@allow(SUPERVISOR)
def maximums() -> str:
    """Show what was set, and a form to set one more."""
    with transaction() as session:
        place = office(session, actor().consulate or "")
        names = service_names(session)
        services = [
            {"value": each["code"], "label": each["name"]} for each in bookable_services(session)
        ]
        items = [
            {"from": row.valid_from, "service": names[row.service_code], "most": row.most}
            for row in maximums_of(session, place["code"]).rows
        ]
    return render_template(
        "desk/maximums.html",
        consulate=place,
        services=services,
        items=items,
        form=draft().form,
        saved="saved" in request.args,
        errors=draft().errors(_read),
    )


@pages.post("/maximums")
@allow(SUPERVISOR)
def maximums_save() -> Response:
    """Set it; who is booked stays."""
    command = read_or_refuse(answers(), _read)
    with transaction() as session:
        set_maximum(session, command, now=now(), actor=actor())
    drop()
    return go(url_for("desk.maximums", saved="1"))


def _read(form: dict[str, str], errors: Errors) -> SetMaximum | None:
    """An empty number means no maximum."""
    values: dict[str, Any] = pick(form, "service", "most", "from")
    written = values.get("most", "").strip()
    values["most"] = int(written) if written.isdecimal() and len(written) < 6 else written or None
    command: SetMaximum | None = check(MaximumSchema(), values, errors)
    return command
