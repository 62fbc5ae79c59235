"""Where the recipient collects cash: their municipality, then one of the branches there or nearby.

Asked before anybody pays, so that nobody is sent money that can't be collected.
"""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, url_for
from flask_babel import gettext as _

from consular.auth import CITIZEN, allow
from consular.db import transaction
from consular.i18n import in_order
from consular.input.fields import MISSING
from consular.input.remittances import STATES, PlacesQuery
from consular.pages.drafts import answers, draft, draft_id, keep_draft
from consular.pages.forms import Errors, check, go, pick, read_or_refuse
from consular.pages.portal.blueprint import pages
from services.consulates.queries import list_states
from services.remittances.municipalities import (
    Municipality,
    NotOneMunicipality,
    find_municipality,
)
from services.remittances.places import NearPlace, count_places, find_place, list_near


@pages.get("/enviar/municipio")
@allow(CITIZEN)
def send_municipality() -> Any:
    """Ask in which municipality the recipient collects; where several are called as was written,
    which of them."""
    form, errors = draft().form, draft().errors(_read_municipality)
    called = _called(form) if "municipality" in errors else []
    if called:
        errors["municipality"] = [_("Hay más de un municipio con ese nombre: elige cuál es.")]
    return render_template(
        "portal/send_municipality.html",
        states=state_choices(),
        called=called,
        form=form,
        errors=errors,
    )


@pages.post("/enviar/municipio")
@allow(CITIZEN)
def send_municipality_save() -> Response:
    """Keep the municipality in the draft and show the branches."""
    form = answers()
    form["municipality"] = form.pop("which", "") or form.get("municipality", "")
    read_or_refuse(form, _read_municipality)
    form.pop("place", None)
    return go(url_for("portal.send_place", d=keep_draft(form)))


@pages.get("/enviar/oficina")
@allow(CITIZEN)
def send_place() -> Any:
    """Show the branches in the municipality, or the nearest ones."""
    municipality = _read_municipality(draft().form, {})
    if municipality is None:
        return go(url_for("portal.send_municipality", d=draft_id() or None))
    with transaction() as session:
        near = list_near(session, municipality)
    return render_template(
        "portal/send_place.html",
        municipality=municipality.name,
        elsewhere=near[0] if near and near[0].kilometres else None,
        choices=[_choice(each) for each in near],
        form=draft().form,
        errors=draft().errors(_read_place),
    )


@pages.post("/enviar/oficina")
@allow(CITIZEN)
def send_place_save() -> Response:
    """Keep the branch in the draft and go on to the review."""
    form = answers()
    read_or_refuse(form, _read_place)
    return go(url_for("portal.send_check", d=keep_draft(form)))


def state_choices() -> Any:
    """The states of Mexico, for a form."""
    with transaction() as session:
        states = list_states(session)
    rows = [(each.inegi_code, each.name_es) for each in states if each.inegi_code in STATES]
    return in_order([{"value": code, "label": name} for code, name in rows])


def place_missing(form: dict[str, str], payout: str) -> bool:
    """Whether a branch is still to be chosen. Where none is known, nothing can be checked."""
    if payout != "branch" or form.get("place"):
        return False
    with transaction() as session:
        return count_places(session) > 0


def chosen_place(form: dict[str, str]) -> str:
    """The chosen branch in words, for the review; empty where none is."""
    with transaction() as session:
        place = find_place(session, form.get("place") or "")
        return place_in_words(place) if place else ""


def place_in_words(place: Any) -> str:
    """Name, address and hours on one line."""
    parts = (place.name, place.address, place.hours)
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def _choice(near: NearPlace) -> dict[str, str]:
    place = near.place
    far = _("A unos %(km)s km.", km=near.kilometres) if near.kilometres else ""
    hint = " ".join(part for part in (far, f"{place.address}.", f"{place.hours}.") if part)
    return {"value": place.code, "label": place.name, "hint": hint}


def _called(form: dict[str, str]) -> list[dict[str, str]]:
    """Those of the state that may be meant, for a form; nobody has to know a code."""
    try:
        find_municipality(form.get("state", ""), form.get("municipality", ""))
    except NotOneMunicipality as unclear:
        return [
            {
                "value": each.code,
                "label": each.name,
                "hint": _("Cabecera: %(town)s", town=each.seat),
            }
            for each in unclear.called
        ]
    return []


def _read_municipality(form: dict[str, str], errors: Errors) -> Municipality | None:
    municipality: Municipality | None = check(
        PlacesQuery(), pick(form, "state", "municipality"), errors
    )
    return municipality


def _read_place(form: dict[str, str], errors: Errors) -> str | None:
    place = form.get("place")
    if not place:
        errors["place"] = [str(MISSING)]
    return place or None
