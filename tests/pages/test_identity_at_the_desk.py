"""An officer gives the right person what another account holds in their name, on a page."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web

B = {
    "given_names": "Gloria",
    "first_surname": "Hernández",
    "second_surname": "García",
    "birth_date": "1956-04-27",
}
FORM = {
    **{name: value for name, value in B.items() if name != "birth_date"},
    "birth_date-day": "27",
    "birth_date-month": "4",
    "birth_date-year": "1956",
    "document": "Acta y credencial",
    "identity_checked": "true",
}


@pytest.fixture
def officer(web: Web) -> Browser:
    web.session(consulate="chicago")
    web.session()
    there = web.free(consulate="chicago")[0]["start"]
    eve = web.token("citizen", subject="eve")
    taken = web.book(there, token=eve, consulate="chicago", attendees=[B])
    assert taken.status_code == 201
    return staff_browser(web.app, "officer", "losangeles")


def folio(web: Web) -> str:
    start, gloria = web.free()[0]["start"], web.token("citizen", subject="gloria")
    return str(web.book(start, token=gloria, attendees=[B]).get_json()["folio"])


def test_the_officer_sees_no_more_than_that_another_office_has_it(
    web: Web, officer: Browser
) -> None:
    page = officer.get("/desk/identity").text
    assert "identity_checked" in page
    checked = officer.post("/desk/identity", **FORM, folio=folio(web))
    assert checked.status_code == 303, checked.text
    shown = unescape(officer.get(checked.location).text)
    assert "En otra oficina" in shown
    assert "Chicago" not in shown
    assert "ana@demo.invalid" not in shown
    done = officer.post(f"{checked.location}/take-over", service="PAS10")
    assert done.status_code == 303, done.text
    after = unescape(officer.get(done.location).text)
    assert "La cita ya es de esta persona" in after
    mine = web.call("GET", "/appointments", token=web.token("citizen", subject="gloria"))
    (booked,) = mine.get_json()["items"]
    assert booked["folio"] in re.sub("[^A-Z0-9]", "", after)


def test_without_a_look_at_the_document_nothing_is_done(web: Web, officer: Browser) -> None:
    form = {name: value for name, value in FORM.items() if name != "identity_checked"}
    refused = officer.send("/desk/identity", **{**form, "birth_date-day": "", "document": ""})
    page = unescape(refused.text)
    assert "Comprueba primero la identidad" in page
    assert 'value="Gloria"' in page


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("release", "La cita de la otra cuenta terminó"),
        ("tell-apart", "Quedaron registradas como dos personas"),
    ],
)
def test_the_other_ways_out(web: Web, officer: Browser, step: str, words: str) -> None:
    checked = officer.post("/desk/identity", **FORM, folio=folio(web))
    done = officer.post(f"{checked.location}/{step}", service="PAS10")
    assert words in unescape(officer.get(done.location).text)
    again = officer.send(f"{checked.location}/{step}", service="PAS10")
    assert "Nadie más tiene una cita" in unescape(again.text)


def test_another_offices_check_cant_be_opened(web: Web, officer: Browser) -> None:
    checked = officer.post("/desk/identity", **FORM, folio=folio(web))
    other = staff_browser(web.app, "officer", "chicago")
    assert other.get(checked.location).status_code == 404
