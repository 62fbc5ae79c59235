"""Whoever holds a receipt learns that its folio is ours, and nothing about anybody."""

from __future__ import annotations

import re
from html import unescape

import pytest

from services.kernel.ids import FolioKind, new_folio
from tests.factories.chance import without_chance
from tests.factories.web import Web, person
from tests.pages.test_sending import sender


def _booked(web: Web) -> str:
    web.session()
    token = web.token("citizen", subject="ana")
    answer = web.book(web.free()[0]["start"], token=token, attendees=[person(7)])
    return str(answer.get_json()["folio"])


def test_a_folio_of_ours_is_said_to_be_without_telling_whose(web: Web) -> None:
    folio = _booked(web)
    written = f"{folio[:4]}-{folio[4:8]}-{folio[8:]}".lower()
    answer = web.client.get(f"/verify/{written}")
    page = unescape(answer.text)
    assert answer.status_code == 200
    assert "Este folio es auténtico" in page
    assert "Cita en un consulado" in page
    for untold in ("Demo Aaah", "Reservada", "Los Ángeles", "1990"):
        assert untold not in without_chance(page)


@pytest.mark.parametrize("kind", list(FolioKind))
def test_a_folio_that_was_never_given_is_said_to_be_unknown(web: Web, kind: FolioKind) -> None:
    answer = web.client.get(f"/verify/{new_folio(kind)}")
    assert answer.status_code == 404
    assert "Está bien escrito, pero este sistema nunca lo dio." in unescape(answer.text)


@pytest.mark.parametrize("typed", ["C7K3", "X7K3M9QXW42T", "C7K3M9QXW420"])
def test_what_cannot_be_a_folio_says_what_to_check(web: Web, typed: str) -> None:
    answer = web.client.get(f"/verify/{typed}")
    assert answer.status_code == 404
    assert "Un folio tiene 12 letras y números" in unescape(answer.text)


def test_a_caller_may_ask_only_so_often(web: Web) -> None:
    web.app.config["LOOKUPS"] = 2
    client = sender(web)
    asked = [client.get("/verify/C7K3").status_code for _ in range(3)]
    assert asked == [404, 404, 429]


def test_a_folio_verifies_however_its_address_was_copied(web: Web) -> None:
    web.session()
    folio = web.book(web.free()[0]["start"], token=web.token("citizen")).get_json()["folio"]
    groups = (folio[:4], folio[4:8], folio[8:])
    for typed in ("-".join(groups).lower(), "/".join(groups), "%E2%80%93".join(groups)):
        assert "auténtico" in web.client.get(f"/verify/{typed}").text, typed


def test_the_recipients_page_tells_a_slip_in_the_folio_from_an_unknown_one(web: Web) -> None:
    browser = web.client

    def asked(folio: str) -> str:
        hidden = r'<input type="hidden" name="(\w+)" value="([^"]*)">'
        given = re.findall(hidden, browser.get("/cobrar").text)
        form = {**dict(given), "first_surname": "Demo", "folio": folio}
        return browser.post("/cobrar", data=form, follow_redirects=True).text

    assert 'href="#f-folio"' in asked("R7K3-M9QX-W42")
    assert "No encontramos un envío" in asked(new_folio(FolioKind.REMITTANCE))
