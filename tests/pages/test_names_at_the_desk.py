"""How somebody is called is put right at the desk: by the document, or on a nameless ticket."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, morning_at_office, person


@pytest.fixture
def officer(web: Web) -> Browser:
    web.session(closes="12:00")
    web.travel(morning_at_office())
    return staff_browser(web.app, "officer", "losangeles")


def ticket(web: Web, officer: Browser) -> str:
    officer.post("/desk/tickets", service="PAS10")
    with web.database.transaction(NETWORK_SCOPE) as session:
        return str(session.scalars(text("SELECT id FROM appointments WHERE walk_in")).one())


def claims(web: Web) -> int:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return int(session.scalars(text("SELECT count(*) FROM claims")).one())


def test_a_ticket_gets_its_name_afterwards_once(web: Web, officer: Browser) -> None:
    at = f"/desk/appointments/{ticket(web, officer)}"
    assert f"{at}/names?n=1" in officer.get(at).text
    assert "Poner nombre al turno" in officer.get(f"{at}/names?n=1").text
    refused = officer.send(f"{at}/names/ticket", n="1", given_names="Rosa")
    assert "Revisa lo siguiente" in refused.text
    names = {"n": "1", "given_names": "Rosa", "first_surname": "Demo"}
    named = officer.send(f"{at}/names/ticket", **names).text
    assert "Rosa Demo" in named
    # Nobody moved: the history has the arrival alone.
    history = officer.get(at).text.partition('class="timeline"')[2].partition("</ol>")[0]
    assert history.count("<li") == 1
    assert "Cambió" not in history
    assert "Revisa lo siguiente" in officer.send(f"{at}/names/ticket", **names).text
    spelled = {**names, "given_names": "Rosaura", "identity_checked": "true"}
    assert "Rosaura Demo" in officer.send(f"{at}/names/correct", **spelled).text
    assert claims(web) == 0


def test_a_spelling_is_corrected_on_a_page_with_the_document_seen(
    web: Web, officer: Browser
) -> None:
    appointment: dict[str, Any] = web.book(
        web.free()[0]["start"], token=web.token("citizen"), attendees=[person(3)]
    ).get_json()
    at = f"/desk/appointments/{appointment['id']}"
    assert 'value="Demo Aaad"' in officer.get(f"{at}/names?n=1").text
    names = {"n": "1", "given_names": "Anita", "first_surname": "Demo Aaad"}
    assert "Revisa lo siguiente" in officer.send(f"{at}/names/correct", **names).text
    shown = officer.send(f"{at}/names/correct", **names, identity_checked="true").text
    assert "Anita Demo Aaad" in shown
    assert officer.get(f"{at}/names?n=2").status_code == 404
