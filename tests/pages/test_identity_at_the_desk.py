"""An officer gives the right person what another account holds in their name, on a page."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text

from services.citizens.accounts import set_profile
from services.citizens.people import PersonData
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.api.test_identity_of_enrollments import OWN, RFC, Enrolling
from tests.factories.staff import Browser, citizen_browser, staff_browser
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


class Rfc:
    """Eve asked for an RFC in Gloria's name; the page of Gloria's check of identity."""

    def __init__(self, web: Web, **request: Any) -> None:
        self.web, self.enrolling = web, Enrolling(web, **request)
        self.officer = staff_browser(web.app, "officer", "losangeles")

    def shown(self, **changes: str) -> str:
        """The check's address."""
        form = {**FORM, "curp": OWN, "folio": self.enrolling.folio, **changes}
        checked = self.officer.post("/desk/identity", **form)
        assert checked.status_code == 303, checked.text
        return str(checked.location)

    def act(self, shown: str, step: str, **fields: str) -> str:
        """The page that a step leads to."""
        page = self.officer.send(f"{shown}/{step}", **RFC, **fields)
        return unescape(page.text)


def test_a_request_in_another_s_name_is_passed_on_with_the_person_s_consent(web: Web) -> None:
    rfc = Rfc(web)
    shown = rfc.shown()
    page = unescape(rfc.officer.get(shown).text)
    assert "Otra cuenta pidió: Registro Federal de Contribuyentes (RFC)" in page
    assert "Pedida en otra oficina o por internet" in page
    assert rfc.enrolling.squatted["folio"] not in re.sub("[^A-Z0-9]", "", page)
    assert "no se puede recuperar" not in page
    refused = rfc.act(shown, "take-over", consents="")
    assert "la dependencia necesita recibir estos datos" in refused
    after = rfc.act(shown, "take-over", consents="transfer_to_agency")
    assert "La solicitud ya es de esta persona" in after
    (mine,) = rfc.enrolling.listed(rfc.enrolling.mine)
    assert mine["folio"] in re.sub("[^A-Z0-9]", "", after)


def test_what_the_agency_has_is_said_before_and_without_a_curp_what_to_do(web: Web) -> None:
    rfc = Rfc(web)
    rfc.enrolling.send()
    shown = rfc.shown(curp="")
    assert "La dependencia ya recibió esa solicitud" in unescape(rfc.officer.get(shown).text)
    refused = rfc.act(shown, "take-over", consents="transfer_to_agency")
    assert "escribe también su CURP" in refused
    assert "La solicitud de la otra cuenta terminó" in rfc.act(shown, "release")


def test_the_page_of_the_other_account_says_only_that_it_was_withdrawn(web: Web) -> None:
    rfc = Rfc(web)
    rfc.act(rfc.shown(), "release")
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT account_id FROM enrollments WHERE id = :id")
        eve = session.scalar(query, {"id": rfc.enrolling.squatted["id"]})
    page = citizen_browser(web.app, eve).get(f"/inscripciones/{rfc.enrolling.squatted['id']}").text
    assert "Se retiró después de una revisión de identidad" in unescape(page)
    assert "Ángeles" not in unescape(page)


def test_who_is_refused_an_rfc_reads_where_to_go_and_the_folio(web: Web) -> None:
    rfc = Rfc(web)
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT account_id FROM identity_checks WHERE folio = :folio")
        gloria = session.scalar(query, {"folio": rfc.enrolling.folio})
    form = {**FORM, "curp": OWN, "consents": "transfer_to_agency"}
    page = unescape(citizen_browser(web.app, gloria).send("/rfc", **form).text)
    assert "Ve a la ventanilla de cualquier consulado" in page
    assert rfc.enrolling.folio in re.sub("[^A-Z0-9]", "", page)


def test_who_shares_a_limit_with_a_namesake_is_told_apart(web: Web) -> None:
    for who in ("eve", "gloria"):
        web.token("citizen", subject=who, name="Gloria|Hernández|García")
    with web.database.transaction(NETWORK_SCOPE) as session:
        vault = web.app.extensions["consular.vault"]
        profile = PersonData("Gloria", "Hernández", "García", date(1956, 4, 27))
        for account in session.scalars(text("SELECT id FROM accounts")).all():
            set_profile(session, account, profile, now=system_clock(), vault=vault)
    desk = staff_browser(web.app, "officer", "losangeles")
    checked = desk.post("/desk/identity", **FORM, email="gloria@demo.invalid")
    page = unescape(desk.get(checked.location).text)
    assert "comparten el límite para enviar dinero" in page
    done = unescape(desk.send(f"{checked.location}/tell-apart").text)
    assert "Quedaron registradas como dos personas" in done
    assert "comparten el límite" not in done
