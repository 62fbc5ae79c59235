"""List who read or changed one's data."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from marshmallow import Schema

from consular.access_words import words_of_action, words_of_role
from consular.auth import CITIZEN, account, allow
from consular.clock import reader_clock
from consular.db import transaction
from consular.input.paging import Cursor, cursor
from consular.pages.forms import check, pick
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import city_of
from services.citizens.accesses import list_accesses

LINES = 50


class _Page(Schema):
    next = Cursor(load_default=None)


@pages.get("/mis-datos/consultas")
@allow(CITIZEN)
def accesses() -> str:
    """List the accesses to one's data, newest first."""
    query = check(_Page(), pick(request.args.to_dict(), "next"), {}) or {"next": None}
    with transaction() as session:
        page = list_accesses(session, account(), limit=LINES, after=query["next"])
    more = cursor(page.next)
    return render_template(
        "portal/accesses.html",
        entries=[_entry(entry) for entry in page.items],
        more=url_for("portal.accesses", next=more) if more else None,
        clock=reader_clock(),
    )


def _entry(entry: Any) -> dict[str, Any]:
    return {
        "at": entry.at,
        "who": words_of_role(entry.actor_role),
        "what": words_of_action(entry.action)[1],
        "where": city_of(entry.consulate_code) if entry.consulate_code else "",
    }
