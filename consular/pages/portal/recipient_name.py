"""Correct the name of a recipient before they are paid."""

from __future__ import annotations

from uuid import UUID

from flask import Response, render_template, url_for

from consular.auth import CITIZEN, account, actor, allow, vault
from consular.db import database_now, transaction
from consular.input.remittances import RecipientNameSchema
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, check, pick, read_or_refuse
from consular.pages.portal.blueprint import pages
from services.remittances.correcting import RecipientName, correct_name
from services.remittances.queries import get_remittance

NAMES = ("given_names", "first_surname", "second_surname")


@pages.get("/envios/<uuid:id>/nombre")
@allow(CITIZEN)
def recipient_name(id: UUID) -> str:
    """Show the name as it was written, to change it."""
    with transaction() as session:
        person = get_remittance(session, id, account=account()).payee
    known = {name: getattr(person, name) or "" for name in NAMES}
    return render_template(
        "portal/recipient_name.html",
        id=id,
        form={**known, **draft().form},
        errors=draft().errors(_read),
    )


@pages.post("/envios/<uuid:id>/nombre")
@allow(CITIZEN)
def recipient_name_save(id: UUID) -> Response:
    """Ask for the correction."""
    name = read_or_refuse(answers(), _read)
    with transaction() as session:
        correct_name(session, id, name, now=database_now(session), actor=actor(), vault=vault())
    return finish(url_for("portal.remittance", id=id))


def _read(form: dict[str, str], errors: Errors) -> RecipientName | None:
    name: RecipientName | None = check(RecipientNameSchema(), pick(form, *NAMES), errors)
    return name
