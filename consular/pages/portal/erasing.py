"""Request the erasure of one's data, and follow it."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, url_for
from flask_babel import gettext

from consular.auth import ANYONE, CITIZEN, account, actor, allow, now
from consular.clock import reader_clock
from consular.db import transaction
from consular.erasures import described
from consular.input.me import ConfirmSchema
from consular.lookups import count_lookup
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, go, pick, read_fields
from consular.pages.portal.blueprint import pages
from services.citizens.erasing import find_erased
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import NotFound
from services.kernel.ids import parse_folio
from services.privacy.erasing import find_obstacles
from services.privacy.queries import find_by_folio, find_open
from services.privacy.requesting import request_own_erasure
from services.privacy.words import OBSTACLES


@pages.get("/mis-datos/suprimir")
@allow(CITIZEN)
def erasure() -> Any:
    """Show what an erasure removes, keeps and waits for; or the request that was made."""
    with transaction(NETWORK_SCOPE) as session:
        known = find_open(session, account=account())
        if known is not None:
            return go(url_for("portal.erasure_status", typed_folio=known.folio))
        erased = find_erased(session, account(), proven=None, by_name=False)
        obstacles = find_obstacles(session, erased, now=now())
    return render_template(
        "portal/erasure.html",
        obstacles=[gettext(OBSTACLES[obstacle]) for obstacle in obstacles],
        form=draft().form,
        errors=draft().errors(_read),
    )


@pages.post("/mis-datos/suprimir")
@allow(CITIZEN)
def erasure_request() -> Response:
    """Request the erasure of one's data."""
    _read(answers(), None)
    with transaction(NETWORK_SCOPE) as session:
        folio = request_own_erasure(session, now=now(), actor=actor()).folio
    return finish(url_for("portal.erasure_status", typed_folio=folio))


@pages.get("/supresion/<path:typed_folio>")
@allow(ANYONE)
def erasure_status(typed_folio: str) -> str:
    """Show an erasure by its folio, without an account: it may be gone."""
    folio = parse_folio(typed_folio)
    count_lookup("erasure", folio or typed_folio)
    with transaction(NETWORK_SCOPE) as session:
        request = find_by_folio(session, folio or "")
        if request is None:
            raise NotFound()
        erasure = described(session, request)
    return render_template("portal/erasure_status.html", erasure=erasure, clock=reader_clock())


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(ConfirmSchema(), pick(form, "confirm"), errors)
