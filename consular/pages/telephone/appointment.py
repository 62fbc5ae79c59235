"""An appointment as an agent reads it out to the caller, moves it or cancels it."""

from __future__ import annotations

from uuid import UUID

from flask import Response, render_template, request, url_for

from consular import commands
from consular.access_log import read_appointment
from consular.auth import allow, vault
from consular.db import transaction
from consular.messages import messages_about
from consular.pages.desk import presenters
from consular.pages.desk.appointment import chosen_person
from consular.pages.drafts import draft
from consular.pages.forms import go
from consular.pages.portal.names import offices_of
from consular.pages.posting import reopen
from consular.pages.rescheduling import add_rescheduling
from consular.pages.telephone.blueprint import AGENTS, pages
from consular.printing.appointments import place_rows
from services.appointments.rules import EARLY_MINUTES
from services.appointments.whereabouts import where_is
from services.consulates.queries import fee_of


@pages.get("/appointments/<uuid:id>")
@allow(AGENTS)
def appointment(id: UUID) -> str:
    """Show one appointment with what the caller has to be told; recorded in the access log."""
    with transaction() as session:
        row = read_appointment(session, id)
        shown = presenters.opened(session, row, vault())
        return render_template(
            "telephone/appointment.html",
            consulate=offices_of(session, [row])[id],
            place=place_rows(where_is(session, row)),
            appointment=shown,
            fee=fee_of(session, row.services, row.day, shown["coming"]),
            early_minutes=EARLY_MINUTES,
            messages=messages_about(session, id),
            just_booked="nueva" in request.args,
            moved="cambiada" in request.args,
            errors=draft().errors(also_under=True),
        )


add_rescheduling(
    pages,
    "/appointments/<uuid:id>",
    ("times", "times/check", "times/confirm"),
    layout="layouts/staff.html",
    who=AGENTS,
)
reopen(pages, ["/appointments/<uuid:id>/cancel"], "telephone.appointment", AGENTS)


@pages.post("/appointments/<uuid:id>/cancel")
@allow(AGENTS)
def cancel(id: UUID) -> Response:
    """Cancel an appointment, or one person of it, as the caller asks; the place is free for others
    after a while."""
    with transaction() as session:
        commands.cancel(session, id, only=chosen_person())
    return go(url_for("telephone.appointment", id=id))
