"""A link of a message shows, and does nothing: mail scanners and previews open all of them, also in
a browser in which its reader is signed in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import quoted_name, text

from services.appointments.next_in_queue import turn_key
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import Web, morning_at_office, person
from tests.pages.test_helper_links import _link as helper_link
from tests.servers import ROOT, DatabaseUrls, connected

# What may be written when somebody only looks: that they looked, and how often (a folio or a secret
# is guessed only so often).
LOOKING = {"audit_entries", "attempts"}
# Where messages get their addresses from, each behind the site's own.
SOURCES = ("workers/message_context.py", "workers/recipient_context.py")
_ADDRESS = re.compile(r'\{(?:means\.)?site\}(/[^"]*)"|\["address"\]\}(/[^"]*)"')


@pytest.fixture
def links(web: Web) -> list[str]:
    """Every kind of link that a message has, of things that are there and Ana's."""
    web.session()
    ana = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    starts = [slot["start"] for slot in web.free()]
    booked = web.book(starts[2], token=ana, contact={"email": "ana@demo.invalid"}).get_json()
    browser, id = _ana(web), booked["id"]
    standby = browser.post(f"/citas/{id}/antes", where="here").location
    wanted = {"service": "MAT", "consulates": "losangeles", "party": "1"}
    watch = browser.post("/citas/avisos/nuevo", **wanted).location
    helper = helper_link(browser, appointment=id, may_move="yes", may_cancel="yes")
    arrived = web.book(starts[0], token=ana, attendees=[person(1)]).get_json()
    key = turn_key(arrived["folio"], web.app.extensions["consular.vault"])
    turn = f"/turno/{arrived['folio']}/{key}"
    return [
        # An appointment: moving it, cancelling it, one of its people, an earlier place.
        f"/citas/{id}", f"/citas/{id}?nueva=1", f"/citas/{id}/cambiar",
        f"/citas/{id}/cambiar/revisar?start={starts[3].replace('+', '%2B')}",
        f"/citas/{id}/cambiar/confirmar?consulate=losangeles&start={starts[3]}",
        f"/citas/{id}/cancelar", f"/citas/{id}/personas/1/cancelar", f"/citas/{id}/antes",
        f"/citas/{id}/calendario.ics", f"/citas/{id}/cita.pdf",
        f"/verify/{booked['folio']}", "/citas/nueva", "/citas/buscar",
        # Waiting for a place: of the notice and of the earlier place, and to stop.
        watch, f"{watch}/parar", standby, f"{standby}/parar",
        # Whoever helps, and whoever is at the office.
        helper, f"{helper}/cambiar?start={starts[3]}", f"{helper}/cancelar?lista=1",
        turn, f"{turn}/avisos", f"{turn}/avisos?wanted=yes",
        # Of other things: what a link names need not be there to show that looking does nothing.
        "/mi-carpeta", "/mis-datos", "/cobrar", f"/alto/{booked['folio']}",
        f"/inscripciones/{id}", f"/envios/{id}", f"/reclamaciones/{id}",
    ]  # fmt: skip


def _ana(web: Web) -> Browser:
    with web.database.transaction(NETWORK_SCOPE) as session:
        account: UUID = session.execute(text("SELECT account_id FROM appointments")).scalar_one()
    return citizen_browser(web.app, account)


def _everything(database: DatabaseUrls) -> dict[str, Any]:
    """Each table's rows, as one number; None where it is empty."""
    with (
        connected(database.owner_url, pool_size=1) as owner,
        owner.transaction(NETWORK_SCOPE) as session,
    ):
        tables = session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        rows = "SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {} t"
        return {
            table: session.scalar(text(rows.format(quoted_name(table, quote=True))))
            for table in sorted(set(tables) - LOOKING)
        }


def _opened(client: FlaskClient, link: str) -> set[int]:
    """What scanners are answered."""
    return {client.get(link).status_code, client.head(link).status_code}


def test_no_link_of_a_message_acts_when_it_is_opened(
    web: Web, links: list[str], database: DatabaseUrls
) -> None:
    web.travel(morning_at_office())
    ana, before = _ana_again(web), _everything(database)
    answers = {link: _opened(web.client, link) | _opened(ana.client, link) for link in links}
    assert {code for codes in answers.values() for code in codes} <= {200, 302, 303, 404, 405}
    assert {name for name, rows in _everything(database).items() if rows != before[name]} == set()
    # The appointment's own pages did show to Ana, who could act there by a button.
    assert all(200 in answers[link] for link in links[:3])
    assert all(before[table] for table in ("appointments", "place_watches", "helper_links"))
    # And a button does act.
    assert "Cancelada" in ana.send(links[0] + "/cancelar").text
    assert _everything(database)["appointments"] != before["appointments"]


def _ana_again(web: Web) -> Browser:
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT account_id FROM appointments LIMIT 1")
        return citizen_browser(web.app, session.execute(query).scalar_one())


def test_these_are_all_kinds_of_links(links: list[str]) -> None:
    """Every address that a message is given is among them, whatever it names."""
    kinds = {
        re.sub(r"\{[^}]*\}", "*", first or second)
        for source in SOURCES
        for first, second in _ADDRESS.findall(Path(ROOT, source).read_text(encoding="utf-8"))
    }
    assert len(kinds) > 9
    asked = [link.partition("?")[0] for link in links]
    for kind in kinds:
        pattern = re.escape(kind).replace(r"\*", "[^/]+")
        assert any(re.fullmatch(f".*{pattern}", link) for link in asked), kind
