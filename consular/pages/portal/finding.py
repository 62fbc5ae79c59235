"""Find an appointment with its folio, without signing in."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, url_for
from flask_babel import gettext as _

from consular.auth import ANYONE, allow
from consular.db import transaction
from consular.finding import FoundAppointment, find_for_visitor, words_for
from consular.input.appointments import FindSchema
from consular.pages.drafts import answers, draft, keep_draft
from consular.pages.forms import Errors, check, date_of, form_errors, go, pick, read_or_refuse
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import offices_of, service_names
from consular.pages.portal.turn import turn_of
from services.appointments.rules import PAST
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import DomainError, NotFound

# Where a draft is complete: one that only changes its language asks nothing.
ASKED = "/citas/buscar?"


@pages.get("/citas/buscar")
@allow(ANYONE)
def find_appointment() -> str:
    """How an appointment stands, for whoever knows its folio and their birth date. Each opening
    with both is counted."""
    form, errors = draft().form, draft().errors(_read)
    appointment = _find(form, errors) if draft().at == ASKED else None
    return render_template(
        "portal/find_appointment.html",
        form=form,
        errors=errors,
        appointment=_shown(appointment) if appointment else None,
    )


@pages.post("/citas/buscar")
@allow(ANYONE)
def find_appointment_ask() -> Response:
    """Look up an appointment by POST, to keep folio and birth date out of the address."""
    form = answers()
    read_or_refuse(form, _read)
    return go(url_for("portal.find_appointment", d=keep_draft(form, at=ASKED)))


def _read(form: dict[str, str], errors: Errors) -> Any:
    born = date_of(form, "birth_date")
    values = {**pick(form, "folio"), **({"birth_date": born} if born else {})}
    return check(FindSchema(), values, errors)


def _find(form: dict[str, str], errors: Errors) -> FoundAppointment | None:
    command = _read(form, errors)
    try:
        return find_for_visitor(**command) if command else None
    except NotFound:
        errors["form"] = [
            _(
                "No encontramos una cita con ese folio y esa fecha de nacimiento. Revísalos."
                " Si así no aparece, entra con el correo o el teléfono de la cita, o llama al"
                " consulado."
            )
        ]
    except DomainError as refused:
        errors |= form_errors(refused)
    return None


def _shown(appointment: FoundAppointment) -> dict[str, Any]:
    turn = None if appointment.status == PAST else turn_of(appointment.folio, appointment.status)
    with transaction(NETWORK_SCOPE) as session:
        names = service_names(session)
        return {
            "folio": appointment.folio,
            "status": appointment.status,
            "service_name": ", ".join(names.get(code, code) for code in appointment.row.services),
            "consulate": offices_of(session, [appointment.row])[appointment.row.id],
            "start": appointment.row.starts_at,
            "message": words_for(appointment),
            "over": appointment.over,
            "turn": turn,
        }
