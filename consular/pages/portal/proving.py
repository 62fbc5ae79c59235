"""Prove at home who one is, with Llave MX, and get the appointment that another account holds in
one's name. Of the other nothing is told but the service."""

from __future__ import annotations

from uuid import UUID

from flask import Response, render_template, request, url_for

from consular.auth import ANYONE, CITIZEN, actor, allow, now, vault
from consular.db import transaction
from consular.pages.drafts import draft
from consular.pages.forms import go
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import service_names
from consular.pages.posting import reopen
from services.appointments.handing_over import is_told_by_curp
from services.citizens.people import full_name
from services.identity.checking import Subject, get_check, get_person
from services.kernel.db import NETWORK_SCOPE
from services.processes.identity_checks import list_held, take_over_proved


@pages.get("/identidad")
@allow(ANYONE)
def prove_identity() -> str:
    """Say when identity is checked, and by which ways."""
    return render_template("portal/prove_identity.html")


@pages.get("/identidad/<uuid:id>")
@allow(CITIZEN)
def proved(id: UUID) -> str:
    """Show what other accounts hold in the name that was proved."""
    with transaction(NETWORK_SCOPE) as session:
        check = get_check(session, id, now=now(), actor=actor())
        names, held = service_names(session), list_held(session, check)
        return render_template(
            "portal/identity_proved.html",
            id=id,
            name=full_name(get_person(session, check)),
            held=[
                {
                    "service": each.service,
                    "name": names.get(each.service, each.service),
                    "at_home": is_told_by_curp(session, check, each.service, vault=vault()),
                }
                for each in held
                if each.kind is Subject.APPOINTMENT
            ],
            done=request.args.get("lista"),
            errors=draft().errors(also_under=True),
        )


@pages.post("/identidad/<uuid:id>/pasar/<code:service>")
@allow(CITIZEN)
def proved_take_over(id: UUID, service: str) -> Response:
    """Transfer to the account what another holds in that name."""
    with transaction(NETWORK_SCOPE) as session:
        take_over_proved(session, id, service, now=now(), actor=actor(), vault=vault())
    return go(url_for("portal.proved", id=id, lista=1))


reopen(pages, ["/identidad/<uuid:id>/pasar/<code:service>"], "portal.proved", CITIZEN)
