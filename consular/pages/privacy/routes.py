"""Decide erasure requests of other offices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext

from consular.auth import PRIVACY, actor, allow, now
from consular.db import transaction
from consular.erasures import described
from consular.input.me import RefusalSchema
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, go, pick, read_fields
from consular.pages.portal.names import city_of
from services.kernel.db import NETWORK_SCOPE
from services.privacy.deciding import approve_erasure, refuse_erasure
from services.privacy.queries import list_to_decide, seen_document
from services.privacy.rules import Refusal
from services.privacy.words import REFUSALS

pages = Blueprint("privacy_pages", __name__, url_prefix="/supresiones")
ZONE = "America/Mexico_City"
LINES = 100


@pages.get("/")
@allow(PRIVACY)
def erasures() -> str:
    """List erasure requests to decide, oldest first."""
    with transaction(NETWORK_SCOPE) as session:
        rows = [
            {
                **described(session, each),
                "city": city_of(each.consulate_code or ""),
                "document": seen_document(session, each),
            }
            for each in list_to_decide(session, limit=LINES)
        ]
    return render_template(
        "privacy/erasures.html",
        requests=rows,
        refusals=[
            {"value": code.value, "label": gettext(words)} for code, words in REFUSALS.items()
        ],
        zone=ZONE,
        errors=draft().errors(_read, also_under=True),
    )


@pages.post("/<uuid:id>/aprobar")
@allow(PRIVACY)
def erasure_approve(id: UUID) -> Response:
    """Approve an erasure; carried out as soon as nothing prevents it."""
    with transaction(NETWORK_SCOPE) as session:
        approve_erasure(session, id, now=now(), actor=actor())
    return _back()


@pages.post("/<uuid:id>/negar")
@allow(PRIVACY)
def erasure_refuse(id: UUID) -> Response:
    """Refuse a request to erase data."""
    refusal = Refusal(_read(answers(), None)["refusal"])
    with transaction(NETWORK_SCOPE) as session:
        refuse_erasure(session, id, refusal, now=now(), actor=actor())
    return _back()


@pages.get("/<uuid:id>/aprobar")
@pages.get("/<uuid:id>/negar")
@allow(PRIVACY)
def back_to_erasures(id: UUID) -> Response:
    """The address of a form, opened after a refusal, a change of language or a sign-in."""
    return go(url_for("privacy_pages.erasures", d=request.args.get("d")))


def _back() -> Response:
    return finish(url_for("privacy_pages.erasures"))


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(RefusalSchema(), pick(form, "refusal"), errors)
