"""A form that was sent again while its first sending is still under way: a page that asks again."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from consular.auth import ANYONE, allow
from consular.pages.forms import go, local
from consular.pages.portal.blueprint import pages
from consular.pages.posting import find_outcome_of, repeat, still_under_way
from services.kernel.errors import NotFound

AGAIN_SECONDS = 2


@pages.get("/en-proceso/<digest>")
@allow(ANYONE)
def under_way(digest: str) -> Any:
    """Lead to where the form led, back to the form when nothing was done, or ask again."""
    form = _digest(digest)
    outcome = find_outcome_of(form)
    if outcome is not None:
        return repeat(outcome)
    if not still_under_way(form):
        return go(local(request.args.get("back"), url_for("portal.home")))
    address = request.full_path.rstrip("?")
    page = render_template("portal/under_way.html", address=address)
    return page, 200, {"Refresh": str(AGAIN_SECONDS)}


def _digest(written: str) -> bytes:
    try:
        return bytes.fromhex(written)
    except ValueError:
        raise NotFound() from None
