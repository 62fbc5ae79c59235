"""Any page can be reloaded, read in the other language, left and taken up again."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import citizen_browser, staff_browser
from tests.factories.web import Web
from tests.pages.test_booking_pages import OWN, PLACE, fields
from tests.pages.test_citizens_forms import citizen
from tests.pages.test_forms_are_sent_once import count
from tests.pages.test_sending import _post, checked, quoted, sender

RFC = {"given_names": "Rosa", "first_surname": "Núñez", "curp": "XX", "email": "rosa@demo.invalid"}


def later(web: Web, table: str, column: str, only: str = "true") -> None:
    """Let the time of rows pass by moving them into the past, as only their owner may."""
    with psycopg.connect(web.settings.database_owner_url) as owner:
        owner.execute("SELECT set_config('app.consulate', '*', true)")
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # type: ignore[arg-type]
        owner.execute(
            f"UPDATE {table} SET {column} = now() - interval '1 hour' WHERE {only}"  # type: ignore[arg-type]  # noqa: S608
        )


def test_a_refused_form_is_a_page_that_can_be_reloaded_and_translated(web: Web) -> None:
    browser = citizen(web)
    refused = browser.post("/rfc", **RFC)
    assert refused.status_code == 303
    for _ in range(2):
        page = browser.get(refused.location)
        assert page.status_code == 200
        assert "<title>Error:" in page.text
        assert fields(page.text).items() >= {"first_surname": "Núñez", "curp": "XX"}.items()
    assert "falta este dato" in page.text
    assert "Núñez" not in refused.location
    browser.get("/idioma/en?next=/")
    english = browser.get(refused.location).text
    assert '<html lang="en"' in english
    assert "this is required" in english.lower()
    assert "falta este dato" not in english
    assert fields(english)["first_surname"] == "Núñez"


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        ("/rfc", {"first_surname": "Núñez"}),
        ("/mis-datos", {"first_surname": "Núñez"}),
        ("/enviar", {"send_amount": "123.45"}),
        ("/login", {"contact": "rosa@demo.invalid"}),
        ("/cobrar", {"folio": "R123", "first_surname": "Núñez"}),
        ("/citas/persona", {"first_surname": "Núñez"}),
    ],
)
def test_another_language_in_the_middle_of_a_form_keeps_what_is_typed(
    web: Web, address: str, typed: dict[str, str]
) -> None:
    web.session()
    slot = {**PLACE, "start": web.free()[0]["start"]} if "citas" in address else {}
    browser = citizen(web)
    opened = browser.client.get(address, query_string=slot).text
    assert re.search(rf'formaction="{address}"[^>]*name="language" value="en"', opened)
    page = browser.send(address, **typed, **slot, language="en").text
    assert '<html lang="en"' in page
    assert fields(page).items() >= typed.items()
    assert "error-summary" not in page


def test_another_language_keeps_the_reasons_until_something_else_is_typed(web: Web) -> None:
    browser = citizen(web)
    typed = {**fields(browser.get("/rfc").text), **RFC}
    refused = fields(browser.get(browser.post("/rfc", **typed).location).text)
    english = browser.send("/rfc", **refused, language="en").text
    assert '<html lang="en"' in english
    assert "the CURP is not correct" in english
    mended = browser.send("/rfc", **{**fields(english), "curp": ""}, language="es").text
    assert "error-summary" not in mended
    assert fields(mended)["first_surname"] == "Núñez"


def test_the_choice_of_office_and_service_is_kept_in_the_other_language(web: Web) -> None:
    client = web.client
    answer = client.get("/citas/oficina", query_string={**PLACE, "language": "en"})
    assert answer.location == "/citas/oficina?consulate=losangeles&service=PAS10"
    page = client.get(answer.location).text
    assert '<html lang="en"' in page
    assert '<option value="losangeles" selected>' in page


def test_a_form_whose_session_ended_is_filled_again_after_signing_in(web: Web) -> None:
    browser = citizen(web)
    form = {"csrf_token": browser.csrf(), "form_key": "k", **RFC}
    later(web, "web_sessions", "last_seen_at")
    answer = browser.client.post("/rfc", data=form)
    assert answer.location.startswith("/login?next=/rfc?d%3D") or "/login?next=" in answer.location
    login = browser.get(answer.location).text
    assert "Todavía no se hizo nada" in login
    address = unescape(re.findall(r'name="next" value="([^"]+)"', login)[0])
    page = citizen_browser(web.app, browser.account).get(address).text
    assert "Tu sesión había terminado" in page
    assert "No se hizo nada" in page
    assert fields(page)["first_surname"] == "Núñez"


def test_what_was_typed_is_shown_to_nobody_else(web: Web) -> None:
    browser = citizen(web)
    address = browser.post("/rfc", **RFC).location
    assert "Núñez" not in web.client.get(address, follow_redirects=True).text
    web.token("citizen", subject="eva", name="Eva|Otra|Prueba")
    with web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        other = session.execute(
            text("SELECT id FROM accounts WHERE id <> :own"), {"own": browser.account}
        ).scalar_one()
        stored = session.execute(text("SELECT content_sealed FROM drafts")).scalar_one()
    assert "Núñez".encode() not in stored
    assert "Núñez" not in citizen_browser(web.app, other).get(address).text


def test_signing_out_makes_the_browser_another_one(web: Web) -> None:
    client = web.client
    page = client.get("/login").text
    ours = {name: fields(page)[name] for name in ("csrf_token", "form_key")}
    address = client.post("/cobrar", data={**ours, "folio": "R1", "first_surname": ""}).location
    assert fields(client.get(address).text)["folio"] == "R1"
    client.post("/salir", data=ours)
    assert fields(client.get(address).text)["folio"] == ""


def ready_to_pay(web: Web) -> tuple[FlaskClient, str]:
    """A sender, and the page on which cash for Rosa Demo is checked and paid."""
    client = sender(web)
    form = {"quote": quoted(client, "branch"), "given_names": "Rosa", "first_surname": "Demo",
            "purpose": "family"}  # fmt: skip
    return client, f"/enviar/revisar?d={checked(client, form)}"


def test_a_session_that_ends_while_paying_is_taken_up_again(web: Web) -> None:
    client, address = ready_to_pay(web)
    page = client.get(address).text
    later(web, "web_sessions", "last_seen_at")
    answer = client.post("/enviar/revisar", data=fields(page))
    assert "/login?next=/enviar/revisar" in answer.location
    assert count(web, "SELECT count(*) FROM remittances") == 0
    with web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE web_sessions SET last_seen_at = now()"))
    again = client.get(f"/enviar/revisar?d={fields(page)['d']}").text
    assert "Tu sesión había terminado" in again
    assert "Rosa Demo" in again
    paid = client.post("/enviar/revisar", data=fields(again))
    assert paid.location.startswith("/envios/")


def test_an_expired_price_is_renewed_in_one_tap_with_the_recipient_kept(web: Web) -> None:
    client, address = ready_to_pay(web)
    later(web, "quotes", "expires_at")
    page = client.get(address).text
    assert "Este precio ya venció" in page
    assert "Pagar y enviar" not in page
    renewed = _post(client, "/enviar", {**fields(page), "renew": "1"})
    assert renewed.request.path == "/enviar/revisar"
    assert "Rosa Demo" in renewed.text
    assert "Pagar y enviar" in renewed.text
    paid = _post(client, "/enviar/revisar", fields(renewed.text), follow=False)
    assert paid.location.startswith("/envios/")


def test_a_price_that_expires_before_the_press_says_so_and_charges_nothing(web: Web) -> None:
    client, address = ready_to_pay(web)
    page = client.get(address).text
    later(web, "quotes", "expires_at")
    refused = _post(client, "/enviar/revisar", fields(page))
    assert "La cotización venció" in refused.text
    assert "Ver el precio de ahora" in refused.text
    assert count(web, "SELECT count(*) FROM remittances") == 0


def test_a_time_that_passed_while_the_page_was_open_leads_to_other_times(web: Web) -> None:
    web.session()
    browser = citizen(web)
    start = web.free()[0]["start"]
    page = browser.send("/citas/persona", **PLACE, start=start, **OWN).text
    later(web, "slots", "starts_at", f"starts_at = '{start}'")
    answer = browser.client.post("/citas/revisar", data=fields(page), follow_redirects=True)
    assert answer.request.path == "/citas/horarios"
    assert "Ese horario" in answer.text
    assert "Para Rosa María Demo Prueba." in answer.text


def test_each_step_of_a_booking_says_what_was_chosen(web: Web) -> None:
    web.session()
    client, start = web.client, web.free()[0]["start"]
    person = client.get("/citas/persona", query_string={**PLACE, "start": start}).text
    ours = fields(person)
    check = client.post("/citas/persona", data={**ours, **OWN}, follow_redirects=True).text
    code = client.post("/citas/revisar", data=fields(check), follow_redirects=True).text
    for page in (person, check, code):
        assert "Los Ángeles" in page
        assert "Pasaporte" in page
        assert "hora de Los Ángeles" in page
    for page in (check, code):
        assert "Rosa María Demo Prueba" in page
        assert "/citas/nueva?" in page
        assert "/citas/horarios?" in page


def test_a_form_opened_before_another_sign_in_is_shown_again_not_lost(web: Web) -> None:
    browser = citizen(web)
    stale = {"csrf_token": browser.csrf(), "form_key": "k", **RFC}
    fresh = citizen_browser(web.app, browser.account)
    sent = fresh.client.post("/rfc", data=stale, headers={"Sec-Fetch-Site": "same-origin"})
    page = fresh.get(sent.location).text
    assert "La página llevaba mucho tiempo abierta" in page
    assert fields(page)["first_surname"] == "Núñez"
    assert count(web, "SELECT count(*) FROM enrollments") == 0
    foreign = fresh.client.post("/rfc", data=stale, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403


def test_staff_who_work_are_not_signed_out_and_a_filled_form_outlives_a_pause(web: Web) -> None:
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    form = {"csrf_token": supervisor.csrf(), "form_key": "k", "desks": "A, B", "opens": "09:00"}
    later(web, "web_sessions", "last_seen_at")
    answer = supervisor.client.post("/desk/sessions", data=form)
    assert answer.location.startswith("/login/personal?next=/desk/sessions")
    back = staff_browser(web.app, "supervisor", "losangeles")
    page = back.get(unquote(answer.location.partition("next=")[2])).text
    assert 'value="A, B"' in page
    assert "Tu sesión había terminado" in page
