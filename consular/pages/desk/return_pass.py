"""A pass to come back with, to print and hand out."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _

from consular.access_log import read_appointment
from consular.auth import DESK, allow, now
from consular.db import transaction
from consular.pages.desk.appointment import own_desk
from consular.pages.desk.blueprint import pages
from consular.pages.portal.names import office, service_names
from consular.printing.appointments import check_address
from consular.printing.qr import qr_svg
from services.appointments.queries import list_party
from services.appointments.returning import list_member_passes
from services.citizens.people import full_name
from services.consulates.details import details_of
from services.kernel.errors import NotFound


@pages.get("/appointments/<uuid:id>/pass")
@allow(DESK)
def return_pass(id: UUID) -> str:
    """The passes of an appointment, one for each person who may come back."""
    with transaction() as session:
        appointment = read_appointment(session, id)
        until = list_member_passes(session, [appointment], now=now())
        party = [each for each in list_party(session, [id])[id] if (id, each.n) in until]
        if not party:
            raise NotFound()
        names = service_names(session)
        return render_template(
            "desk/return_pass.html",
            consulate=office(session, appointment.consulate_code),
            details=details_of(session, appointment.consulate_code),
            service=", ".join(names.get(code, code) for code in appointment.services),
            passes=[
                {
                    "name": full_name(each.person),
                    "folio": each.folio,
                    "until": until[id, each.n],
                    "reason": (each.outcome or {}).get("reason"),
                    "bring": (each.outcome or {}).get("bring", []),
                    "qr": qr_svg(check_address(each.folio), str(_("Código del folio"))),
                }
                for each in party
            ],
            back=url_for("desk.appointment", id=id, desk=own_desk()),
        )
