"""The people whom a person saved, to book for them without writing their data again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for

from consular.auth import CITIZEN, account, allow, now, vault
from consular.db import transaction
from consular.pages.asked_at_once import read_person
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import read_or_refuse
from consular.pages.portal.blueprint import pages
from consular.pages.portal.form_prefill import as_form
from consular.pages.posting import reopen
from services.citizens import dependants
from services.citizens.people import full_name


@pages.get("/mis-datos/familia")
@allow(CITIZEN)
def family() -> str:
    """List them."""
    with transaction() as session:
        saved = dependants.list_dependants(session, account(), vault())
    return render_template(
        "portal/family.html",
        people=[
            {"id": each.id, "name": full_name(each.person), "born": each.person.birth_date}
            for each in saved
        ],
        most=dependants.MOST_DEPENDANTS,
        errors=draft().errors(),
    )


@pages.get("/mis-datos/familia/nueva")
@allow(CITIZEN)
def family_new() -> str:
    """Ask for somebody's data."""
    return _form({}, None)


@pages.post("/mis-datos/familia/nueva")
@allow(CITIZEN)
def family_add() -> Response:
    """Save somebody."""
    person = read_or_refuse(answers(), read_person)
    with transaction() as session:
        dependants.add_dependant(session, account(), person, now=now(), vault=vault())
    return _done()


@pages.get("/mis-datos/familia/<uuid:id>")
@allow(CITIZEN)
def family_edit(id: UUID) -> str:
    """Show what was saved of somebody, to change it."""
    with transaction() as session:
        saved = dependants.get_dependant(session, account(), id, vault())
    return _form(as_form(saved.person), id)


@pages.post("/mis-datos/familia/<uuid:id>")
@allow(CITIZEN)
def family_change(id: UUID) -> Response:
    """Replace what was saved."""
    person = read_or_refuse(answers(), read_person)
    with transaction() as session:
        dependants.change_dependant(session, account(), id, person, vault=vault())
    return _done()


reopen(pages, ["/mis-datos/familia/<uuid:id>/quitar"], "portal.family", CITIZEN)


@pages.post("/mis-datos/familia/<uuid:id>/quitar")
@allow(CITIZEN)
def family_remove(id: UUID) -> Response:
    """Forget somebody."""
    with transaction() as session:
        dependants.remove_dependant(session, account(), id)
    return _done()


def _form(known: dict[str, str], id: UUID | None) -> str:
    here: dict[str, Any] = {"id": id} if id else {}
    return render_template(
        "portal/family_member.html",
        form={**known, **draft().form},
        errors=draft().errors(read_person),
        address=url_for("portal.family_change" if id else "portal.family_add", **here),
        id=id,
    )


def _done() -> Response:
    return finish(url_for("portal.family"))
