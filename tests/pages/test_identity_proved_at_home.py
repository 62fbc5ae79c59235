"""Somebody else booked with Gloria's CURP: she proves at home who she is, with Llave MX, and the
place is hers; the other learns only that the appointment was canceled."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from integrations.contracts import CitizenClaims
from integrations.simulator.names import Person, make_curp
from services.citizens.people import PersonData, person_keys
from services.identity.checking import GOOD_FOR, ask_for_check
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.web import Web

BORN = date(1956, 4, 27)
GLORIA: dict[str, Any] = {
    "given_names": "Gloria", "first_surname": "Hernández", "second_surname": "García",
    "birth_date": BORN.isoformat(),
}  # fmt: skip
CURP = make_curp(Person("Gloria", "Hernández", "García", BORN), "M")
ANOTHER_CURP = make_curp(Person("Gloria", "Hernández", "García", BORN), "H")


class _LlaveMx:
    """Says who signs in."""

    claims = CitizenClaims(
        subject="gloria", curp=CURP, given_names="GLORIA", first_surname="HERNANDEZ",
        second_surname="GARCIA", birth_date=BORN,
    )  # fmt: skip

    def authorize_url(self, *, state: str, redirect_uri: str) -> str:
        return f"https://llave.test/?state={state}"

    def exchange(self, *, code: str, redirect_uri: str) -> CitizenClaims:
        return self.claims


@pytest.fixture
def llave(web: Web, monkeypatch: pytest.MonkeyPatch) -> _LlaveMx:
    provider, sign_in = _LlaveMx(), web.app.extensions["consular.sign_in"]
    changed = type(sign_in)(**{**sign_in.__dict__, "citizens": provider})
    monkeypatch.setitem(web.app.extensions, "consular.sign_in", changed)
    return provider


def book_as_the_other(web: Web, **changes: Any) -> dict[str, Any]:
    """Eve takes the last place with Gloria's name and CURP."""
    web.session()
    eve, used = web.token("citizen", subject="eve"), {**GLORIA, "curp": CURP, **changes}
    contact = {"email": "eve@demo.invalid"}
    answer = web.book(web.free()[-1]["start"], token=eve, attendees=[used], contact=contact)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def sign_in(client: FlaskClient, query: str = "?comprobar=si") -> str:
    """With Llave MX; where that leads."""
    away = client.get(f"/login/llave-mx{query}").location
    state = parse_qs(urlsplit(away).query)["state"][0]
    return str(client.get(f"/login/llave-mx/vuelta?code=one&state={state}").location)


def browser_of(web: Web, client: FlaskClient) -> Browser:
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT account_id FROM identities WHERE issuer = 'llavemx'")
        account: UUID = session.scalars(query).one()
    return Browser(client, account)


def page_of(browser: Browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return unescape(answer.text)


def test_who_proves_it_holds_the_place_and_the_other_learns_nothing(
    web: Web, llave: _LlaveMx
) -> None:
    taken, client = book_as_the_other(web), web.client
    # Gloria is refused first, and told of both ways.
    assert sign_in(client, "") == "/mis-tramites"
    gloria = browser_of(web, client)
    footer = page_of(gloria, "/citas/nueva").partition("<footer")[2]
    assert 'href="/identidad"' in footer
    assert "comprobar=si" in page_of(gloria, "/identidad")
    proved = sign_in(client)
    shown = page_of(gloria, proved)
    for words in ("Otra cuenta tiene una cita a tu nombre", "Pasaporte", "GLORIA HERNANDEZ GARCIA"):
        assert words in shown
    for private in (taken["folio"], taken["start"][:10], "Los Ángeles", "eve@"):
        assert private not in shown
    free = web.free()
    done = gloria.send(f"{proved}/pasar/PAS10").text
    assert "La cita ya es tuya" in done
    assert web.free() == free
    token_of = web.token("citizen", subject="eve")
    old = web.call("GET", f"/appointments/{taken['id']}", token=token_of).get_json()
    assert old["status"] == "cancelled"
    eve = unescape(
        citizen_browser(web.app, _account_of(web, taken["id"])).get(f"/citas/{taken['id']}").text
    )
    assert "identidad" not in eve.partition("<main")[2].partition("</main")[0]
    [mine] = _appointments_of(web, gloria.account)
    assert (mine.status, mine.starts_at) == ("booked", _start(web, taken["id"]))
    assert mine.folio != taken["folio"]
    accesses = page_of(gloria, "/mis-datos/consultas")
    assert "Comprobaste tu identidad con Llave MX" in accesses
    assert "Tu trámite quedó a tu nombre" in accesses
    # Once: nothing is left to pass over.
    again = gloria.send(f"{proved}/pasar/PAS10").text
    assert "Nadie más tiene una cita" in again
    assert len(_appointments_of(web, gloria.account)) == 1


@pytest.mark.parametrize("who", ["stranger", "officer", "later"])
def test_nobody_else_acts_on_a_proof_and_not_forever(web: Web, llave: _LlaveMx, who: str) -> None:
    taken, client = book_as_the_other(web), web.client
    proved = sign_in(client)
    if who == "later":
        web.travel(web.app.extensions["consular.clock"]() + GOOD_FOR + timedelta(minutes=1))
    other = {
        "stranger": lambda: citizen_browser(web.app, _account_of(web, taken["id"])),
        "officer": lambda: staff_browser(web.app, "officer", "losangeles"),
        "later": lambda: citizen_browser(web.app, browser_of(web, client).account),
    }[who]()
    there = proved if who != "officer" else proved.replace("/identidad", "/desk/identity")
    assert other.get(there).status_code == 404
    other.post(f"{proved}/pasar/PAS10")
    token = web.token("citizen", subject="eve")
    assert web.call("GET", f"/appointments/{taken['id']}", token=token).get_json()["status"] == (
        "booked"
    )


@pytest.mark.parametrize("given", [None, ANOTHER_CURP])
def test_two_people_of_one_name_are_told_apart_at_a_window(
    web: Web, llave: _LlaveMx, given: str | None
) -> None:
    """The place isn't taken from somebody who may be another Gloria of that birth date."""
    taken = book_as_the_other(web, curp=given)
    client = web.client
    proved = sign_in(client)
    gloria = browser_of(web, client)
    shown = page_of(gloria, proved)
    assert "Ve a la ventanilla de cualquier consulado" in shown
    assert "/pasar/" not in shown
    refused = gloria.send(f"{proved}/pasar/PAS10").text
    assert "Hay que comprobar la identidad" in unescape(refused)
    token = web.token("citizen", subject="eve")
    assert web.call("GET", f"/appointments/{taken['id']}", token=token).get_json()["status"] == (
        "booked"
    )


def test_the_folio_of_the_refusal_stays_good_at_the_window(web: Web, llave: _LlaveMx) -> None:
    """What a proof at home can't settle, an officer does, with the same folio."""
    book_as_the_other(web, curp=None)
    client = web.client
    sign_in(client, "")
    gloria = browser_of(web, client)
    keys = person_keys(
        PersonData("Gloria", "Hernández", "García", BORN), web.app.extensions["consular.vault"]
    )
    with web.database.transaction(NETWORK_SCOPE) as session:
        folio = ask_for_check(
            session, gloria.account, keys, now=web.app.extensions["consular.clock"]()
        )
    assert "/pasar/" not in page_of(gloria, sign_in(client))
    check = {"person": {**GLORIA, "curp": CURP}, "document": "Pasaporte", "folio": folio,
             "identity_checked": True}  # fmt: skip
    answer = web.call("POST", "/identity-checks", check, token=web.token("officer", "losangeles"))
    assert answer.status_code == 201, answer.text


def test_what_llave_mx_does_not_say_proves_nothing(web: Web, llave: _LlaveMx) -> None:
    book_as_the_other(web)
    llave.claims = CitizenClaims(subject="gloria", given_names="Gloria", first_surname="Hernández")
    client = web.client
    there = sign_in(client)
    assert there.startswith("/identidad?")
    assert "no nos dijo todos tus datos" in unescape(client.get(there).text)
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalars(text("SELECT count(*) FROM identity_checks")).one() == 0


def test_a_check_without_an_office_names_no_officer_and_an_account(
    web: Web, llave: _LlaveMx
) -> None:
    sign_in(web.client)
    for change in ("checked_by = gen_random_uuid()", "account_id = NULL", "document = NULL"):
        with (
            pytest.raises(IntegrityError, match="ck_identity_checks_checked"),
            web.database.transaction(NETWORK_SCOPE) as session,
        ):
            session.execute(text(f"UPDATE identity_checks SET {change}"))  # noqa: S608


def _account_of(web: Web, appointment: str) -> UUID:
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT account_id FROM appointments WHERE id = :id")
        account: UUID = session.scalars(query, {"id": appointment}).one()
        return account


def _start(web: Web, appointment: str) -> Any:
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT starts_at FROM appointments WHERE id = :id")
        return session.scalars(query, {"id": appointment}).one()


def _appointments_of(web: Web, account: UUID) -> list[Any]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT folio, status, starts_at FROM appointments WHERE account_id = :id")
        return list(session.execute(query, {"id": account}))
