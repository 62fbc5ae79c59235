"""Whoever has a recipient's telephone stops the messages to it, or wants them again.

Opening the address of a message shows; only a button acts. The answer is the same whether there is
such a transfer or not.
"""

from __future__ import annotations

from flask import Response, render_template, request, url_for

from consular.auth import ANYONE, allow, vault
from consular.db import transaction
from consular.lookups import count_lookup
from consular.pages.drafts import draft
from consular.pages.forms import go
from consular.pages.portal.blueprint import pages
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import parse_folio
from services.remittances import telling

STOPPED, RESUMED = "no", "si"


@pages.get("/alto/<code:folio>")
@allow(ANYONE)
def stop_messages(folio: str) -> str:
    """Ask whether the messages about that transfer are to stop."""
    return render_template(
        "portal/stop_messages.html",
        folio=folio,
        done=request.args.get("listo"),
        errors=draft().errors(),
    )


@pages.post("/alto/<code:folio>")
@allow(ANYONE)
def stop_messages_save(folio: str) -> Response:
    """Stop them, or send them again."""
    parsed = parse_folio(folio)
    count_lookup("stop", parsed or folio)
    resumed = request.form.get("messages") == RESUMED
    change = telling.resume_messages if resumed else telling.stop_messages
    with transaction(NETWORK_SCOPE) as session:
        change(session, parsed or "", vault())
    return go(url_for("portal.stop_messages", folio=folio, listo=RESUMED if resumed else STOPPED))
