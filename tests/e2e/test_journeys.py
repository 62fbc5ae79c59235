"""The main job in a real browser and over the API: book, get an RFC, send money, see it counted.

The citizen has a phone 360 pixels wide and no JavaScript.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from integrations.simulator.names import Person, make_curp
from tests.factories.instance import Instance, fill, old_phone, press, sign_in_staff
from tests.factories.pictures import keep_picture
from tests.factories.web import working_day

pytestmark = pytest.mark.browser

BORN = date(1990, 5, 12)
NAMES = {"given_names": "Ana", "first_surname": "Demostrada", "second_surname": "Prueba"}
BIRTH = {"birth_date-day": 12, "birth_date-month": 5, "birth_date-year": 1990}
CURP = make_curp(Person("Ana", "Demostrada", "Prueba", BORN), "M")
EMAIL, SENDER = "ana@demo.invalid", "eva.envia@demo.invalid"


def _words(page: Page) -> str:
    """What the main part says, with plain spaces and hyphens, once it is there as a whole."""
    page.wait_for_load_state()
    keep_picture(page)
    return page.inner_text("main").replace("\xa0", " ").replace("\u2011", "-")


def _plain(folio: str) -> str:
    return folio.replace("\u2011", "").replace("-", "")


def _screen(browser: Browser, width: int = 1280) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900})
    return context.new_page()


def _reload_until(page: Page, words: str, seconds: int = 120) -> None:
    deadline = time.monotonic() + seconds
    while words not in _words(page):
        assert time.monotonic() < deadline, _words(page)
        time.sleep(0.5)
        page.reload()


def _expect_message(instance: Instance, address: str, folio: str, seconds: int = 60) -> None:
    deadline = time.monotonic() + seconds
    while not any(folio in _plain(message) for message in instance.messages(address)):
        assert time.monotonic() < deadline, instance.messages(address)
        time.sleep(0.2)


@pytest.fixture(scope="module")
def citizen(browser: Browser, instance: Instance) -> dict[str, Any]:
    """The citizen's whole way; the tests below look at what it left."""
    page = old_phone(browser)
    done: dict[str, Any] = {"page": page}
    _book(page, instance, done)
    _ask_for_rfc(page, instance, done)
    _send_money(page, instance, done)
    return done


def _book(
    page: Page, instance: Instance, done: dict[str, Any], given: str = "Ana", email: str = EMAIL
) -> None:
    page.goto(instance.url)
    page.get_by_role("link", name="Reservar una cita").first.click()
    page.get_by_role("link", name="Pasaporte ordinario 10 años").first.click()
    page.fill("[name=place]", "90012")
    press(page)
    page.get_by_role("link", name="Consulado General de México en Los Ángeles").first.click()
    page.locator(".times a").first.click()
    fill(page, {**NAMES, "given_names": given, **BIRTH, "email": email})
    press(page)
    expect(page.locator("main")).to_contain_text(f"{given} Demostrada Prueba")
    press(page)
    page.fill("[name=code]", "000000")
    press(page)
    expect(page.locator(".error-summary")).to_be_visible()
    page.fill("[name=code]", instance.newest_code(email))
    press(page)
    expect(page.locator("main h1").first).to_contain_text("Tu cita")
    done["appointment"] = page.url.split("?")[0]
    done["folio"] = page.locator(".folio").first.inner_text()
    done["booked"] = _words(page)


def _ask_for_rfc(page: Page, instance: Instance, done: dict[str, Any]) -> None:
    page.goto(f"{instance.url}/rfc")
    fill(page, {**NAMES, **BIRTH, "curp": CURP, "email": EMAIL})
    page.select_option("[name=consulate]", "losangeles")
    press(page)
    expect(page.locator(".error-summary")).to_be_visible()
    assert page.input_value("[name=curp]") == CURP
    page.check("[name=consents]")
    press(page)
    _reload_until(page, "RFC con homoclave\n")
    _reload_until(page, "Listo, ya tienes tu registro")
    done["rfc"] = _words(page)


def _send_money(page: Page, instance: Instance, done: dict[str, Any]) -> None:
    page.goto(f"{instance.url}/enviar")
    fill(page, {"send_amount": "300"})
    page.check("[name=funding][value=cash]")
    page.check("[name=payout][value=account]")
    press(page)
    done["quote"] = _words(page)
    page.get_by_role("link", name="Seguir con este envío").click()
    fill(page, {**NAMES, **BIRTH, "email": EMAIL})
    press(page)
    fill(page, {"given_names": "Rosa", "first_surname": "Receptora", "clabe": "002010077777777771"})
    press(page)
    page.locator("form#confirm .btn-primary").click()
    done["remittance_folio"] = page.locator(".folio").first.inner_text()
    _reload_until(page, "El dinero fue entregado")


def test_a_citizen_books_on_an_old_phone(citizen: dict[str, Any], instance: Instance) -> None:
    assert "209.00 USD" in citizen["booked"]
    assert "Qué llevar" in citizen["booked"]
    assert "Los Ángeles" in citizen["booked"]
    folio = _plain(citizen["folio"])
    _expect_message(instance, EMAIL, folio)


def test_a_citizen_books_on_a_wide_screen_without_javascript(
    instance: Instance, browser: Browser
) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, java_script_enabled=False, locale="es-MX"
    )
    done: dict[str, Any] = {}
    _book(context.new_page(), instance, done, "Carmen", "carmen@demo.invalid")
    assert "209.00 USD" in done["booked"]
    folio = _plain(done["folio"])
    _expect_message(instance, "carmen@demo.invalid", folio)
    context.close()


def test_sat_answers_with_an_rfc(citizen: dict[str, Any]) -> None:
    assert "DEPA900512" in citizen["rfc"]


def test_money_arrives_once_and_the_price_was_told(
    citizen: dict[str, Any], instance: Instance
) -> None:
    for words in ("300.00 USD", "2.99 USD", "3.00 USD", "305.99 USD", "Total al destinatario"):
        assert words in citizen["quote"]
    folio = _plain(citizen["remittance_folio"])
    effects = httpx.get(f"{instance.simulator}/_simulator/effects?agency=finabien").json()["items"]
    assert [e["effects"] for e in effects if e["folio"] == folio] == [1]


def test_a_wrong_surname_is_corrected_before_payout_and_the_cash_collected(
    instance: Instance, browser: Browser
) -> None:
    """The agency keeps back whoever is called so, which leaves time; the right name is paid."""
    page = old_phone(browser)
    page.goto(f"{instance.url}/login?next=/enviar")
    fill(page, {"contact": "eva@demo.invalid"})
    press(page)
    page.fill("[name=code]", instance.newest_code("eva@demo.invalid"))
    press(page)
    fill(page, {"send_amount": "50"})
    page.check("[name=funding][value=bank_account]")
    page.check("[name=payout][value=branch]")
    press(page)
    page.get_by_role("link", name="Seguir con este envío").click()
    fill(page, {**NAMES, **BIRTH, "given_names": "Eva"})
    press(page)
    fill(page, {"given_names": "Rosa", "first_surname": "Detenido", "phone": "55 1234 5678"})
    page.check("[name=save]")
    press(page)
    if page.locator("main [name=state]").count():
        # Once the agency's branches are known here.
        page.select_option("[name=state]", "20")
        fill(page, {"municipality": "Tlaxiaco"})
        press(page)
        page.locator("[name=place]").first.check()
        press(page)
    page.locator("form#confirm .btn-primary").click()
    page.get_by_role("link", name="Corregir el nombre").click()
    assert "Es gratis" in _words(page)
    fill(page, {"first_surname": "Receptora"})
    press(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    _reload_until(page, "Rosa Receptora")
    _reload_until(page, "El dinero fue entregado")
    folio = _plain(page.locator(".folio").first.inner_text())
    _words(page)
    page.get_by_role("button", name="Enviar otra vez a Rosa Receptora").click()
    assert page.input_value("[name=send_amount]") == "50.00"
    page.goto(f"{instance.url}/destinatarios")
    assert "Rosa Detenido" in _words(page)
    effects = httpx.get(f"{instance.simulator}/_simulator/effects?agency=finabien").json()["items"]
    assert [e["effects"] for e in effects if e["folio"] == folio] == [1]


def test_the_recipient_looks_it_up_without_signing_in(
    citizen: dict[str, Any], instance: Instance, browser: Browser
) -> None:
    page = old_phone(browser)
    page.goto(f"{instance.url}/cobrar")
    fill(page, {"folio": citizen["remittance_folio"].lower(), "first_surname": "RECEPTORA"})
    press(page)
    expect(page.locator("main")).to_contain_text("MXN")
    fill(page, {"folio": citizen["remittance_folio"], "first_surname": "Otra"})
    press(page)
    expect(page.locator(".error-summary")).to_be_visible()


def test_cash_is_paid_once_while_finabien_is_silent(instance: Instance, browser: Browser) -> None:
    """300 dollars in cash: the agency takes the order and answers nothing that can be used."""
    _wait_for_branches(instance)
    page = old_phone(browser)
    _see_the_price_and_sign_in(page, instance)
    _name_who_collects(page)
    httpx.put(
        f"{instance.simulator}/_simulator/faults/finabien",
        json={"drop_after_effect_rate": 1.0, "garbage_rate": 1.0},
    ).raise_for_status()
    try:
        page.locator("form#confirm .btn-primary").click()
        folio = page.locator(".folio").first.inner_text()
        _reload_until(page, "Finabien aún no confirma")
    finally:
        httpx.delete(f"{instance.simulator}/_simulator/faults/finabien").raise_for_status()
    calm = _words(page)
    assert "No envíes otra vez. Tu dinero está a salvo." in calm
    assert re.search(r"Antes del \w+ \d+ de \w+ .* te decimos: pagado o devuelto", calm)
    assert "No tienes que hacer nada." in calm
    _reload_until(page, "El dinero espera a Rosa María Esperado")
    recipient = old_phone(browser)
    recipient.goto(f"{instance.url}/cobrar")
    fill(recipient, {"folio": folio, "first_surname": "esperado"})
    press(recipient)
    told = _words(recipient)
    for words in (" MXN", "Dónde", "Una identificación oficial vigente", "Último día"):
        assert words.lower() in told.lower()
    collect = f"{instance.simulator}/_simulator/branches/{_plain(folio)}/collect"
    httpx.post(collect).raise_for_status()
    _reload_until(page, "El dinero fue entregado")
    effects = httpx.get(f"{instance.simulator}/_simulator/effects?agency=finabien").json()["items"]
    assert [e["effects"] for e in effects if e["folio"] == _plain(folio)] == [1]


def _wait_for_branches(instance: Instance) -> None:
    """Until the workers have fetched where cash is collected."""
    where = {"state": "21", "municipality": "Puebla"}
    anybody = httpx.Client(base_url=f"{instance.url}/api/v1")
    deadline = time.monotonic() + 120
    while not anybody.get("/places", params=where).json().get("items"):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    anybody.close()


def _see_the_price_and_sign_in(page: Page, instance: Instance) -> None:
    page.goto(f"{instance.url}/enviar")
    fill(page, {"receive_amount": "5.000,00"})
    press(page)
    assert "Tu familia recibe 5,000 pesos" in _words(page)
    fill(page, {"send_amount": "$300", "receive_amount": ""})
    page.check("[name=funding][value=cash]")
    page.check("[name=payout][value=branch]")
    page.get_by_role("button", name="Ver cuánto llega").click()
    price = _words(page)
    for words in ("300.00 USD", "3.00 USD", "305.99 USD", "ahorras 3.00 USD de impuesto"):
        assert words in price
    page.get_by_role("link", name="Entrar y seguir").click()
    page.fill("[name=contact]", SENDER)
    press(page)
    page.fill("[name=code]", instance.newest_code(SENDER))
    press(page)
    assert "305.99 USD" in _words(page)
    press(page)
    fill(page, {**NAMES, "given_names": "Eva", **BIRTH, "birth_date-day": 13, "email": SENDER})
    press(page)


def _name_who_collects(page: Page) -> None:
    """Where it is collected, too. One answer is changed on the review."""
    fill(page, {"given_names": "Rosa", "first_surname": "Esperado"})
    press(page)
    page.select_option("[name=state]", "21")
    fill(page, {"municipality": "Puebla"})
    press(page)
    page.locator("[name=place]").first.check()
    press(page)
    page.get_by_role("link", name="Cambiar Destinatario").click()
    assert page.input_value("main [name=first_surname]") == "Esperado"
    fill(page, {"given_names": "Rosa María"})
    press(page)
    review = _words(page)
    for words in ("Rosa María Esperado", "En efectivo", "305.99 USD"):
        assert words in review


def test_an_officer_serves_and_an_analyst_sees_it(
    citizen: dict[str, Any], instance: Instance, browser: Browser
) -> None:
    officer = _screen(browser)
    sign_in_staff(officer, instance, "demo-officer-losangeles")
    expect(officer.locator("main")).to_contain_text("Los Ángeles")
    _let_its_day_come(instance, citizen["folio"], "America/Los_Angeles")
    officer.goto(f"{instance.url}/desk?q={citizen['folio']}")
    officer.get_by_role("link", name="Ana Demostrada Prueba").first.click()
    officer.get_by_role("button", name="Llegó, identidad revisada").first.click()
    officer.get_by_role("link", name="Terminar").first.click()
    fill(officer, {"document_number": "DEMO12345"})
    press(officer)
    expect(officer.locator("main")).to_contain_text("Atendida")
    analyst = _screen(browser)
    sign_in_staff(analyst, instance, "demo-analyst")
    analyst.goto(f"{instance.url}/monitoring/figures")
    main = _words(analyst)
    assert "Atendida" in main
    assert "RFC" in main


def test_the_citizen_sees_who_looked(citizen: dict[str, Any], instance: Instance) -> None:
    page: Page = citizen["page"]
    page.goto(citizen["appointment"])
    expect(page.locator("main")).to_contain_text("Atendida")


PAGES = (
    "/",
    "/login",
    "/citas/nueva",
    "/citas/oficina?service=PAS10&place=90012",
    "/citas/horarios?consulate=losangeles&service=PAS10",
    "/aviso-de-privacidad",
    "/cobrar",
    "/enviar",
    "/api/docs",
    "/verify/no-hay",
    "/no-hay-tal-pagina",
)


@pytest.mark.parametrize("language", ["es", "en"])
def test_axe_finds_nothing_on_the_pages_and_they_fit_a_phone(
    citizen: dict[str, Any], instance: Instance, browser: Browser, language: str
) -> None:
    page = _screen(browser, width=360)
    page.goto(f"{instance.url}/idioma/{language}?next=/")
    staff = (
        ("demo-officer-losangeles", ["/desk"]),
        ("demo-analyst", ["/monitoring", "/monitoring/service-levels"]),
        ("demo-admin", ["/admin", "/operations", "/operations/agencies/sat"]),
    )
    violations = [_violations(page, instance, path) for path in PAGES]
    for subject, paths in staff:
        sign_in_staff(page, instance, subject)
        violations += [_violations(page, instance, path) for path in paths]
    assert [each for each in violations if each] == []


def _violations(page: Page, instance: Instance, path: str) -> list[str]:
    answer = page.goto(f"{instance.url}{path}")
    assert answer is not None
    assert answer.status == (404 if "no-hay" in path else 200), path
    violations = Axe().run(page).response["violations"]
    width = page.evaluate("document.documentElement.scrollWidth")
    too_wide = [f"{path}: {width} pixels wide"] if width > 360 else []
    return too_wide + [f"{path}: {v['id']}: {v['nodes'][0]['html']}" for v in violations]


def test_llave_mx_signs_in_and_signing_out_ends_it(instance: Instance, browser: Browser) -> None:
    page = old_phone(browser)
    page.goto(f"{instance.url}/mis-datos")
    expect(page).to_have_url(f"{instance.url}/login?next=/mis-datos")
    page.get_by_role("link", name="Entrar con Llave MX").click()
    page.locator("button[value='demo-uno']").click()
    page.wait_for_url(f"{instance.url}/mis-datos")
    assert page.input_value("[name=first_surname]") == "Demo"
    page.get_by_role("button", name="Salir").click()
    page.goto(f"{instance.url}/mis-datos")
    expect(page).to_have_url(f"{instance.url}/login?next=/mis-datos")


def test_logs_hold_nobodys_data(citizen: dict[str, Any], instance: Instance) -> None:
    """Everything above ran: no name, address, CURP, RFC or account number got into a log."""
    logs = "".join(path.read_text() for path in (instance.home / "log").iterdir())
    assert "enrollments.submit" in logs or "agency_call" in logs
    for private in (EMAIL, CURP, "Demostrada", "Receptora", "002010077777777771", "DEPA900512"):
        assert private not in logs


def test_the_same_by_the_api(instance: Instance) -> None:
    """What a program of another system does, with tokens of the command line."""
    supervisor = instance.api("supervisor", "--consulate", "chicago")
    officer = instance.api("officer", "--consulate", "chicago")
    citizen = instance.api("citizen", "--subject", "eva", "--name", "Eva|Demostrada|Prueba")
    day = working_day(25).isoformat()
    session = {
        "consulate": "chicago",
        "date": day,
        "opens": "09:00",
        "closes": "10:00",
        "slot_minutes": 15,
        "desks": [{"name": "A", "services": ["PAS10", "MAT"]}],
        "service_minutes": {"PAS10": 15},
        "release": "open",
    }
    assert supervisor.post("/sessions", json=session).status_code == 201
    free = citizen.get(
        "/consulates/chicago/availability", params={"service": "PAS10", "from": day, "to": day}
    ).json()["slots"]
    person = {**NAMES, "given_names": "Eva", "birth_date": "1990-05-12"}
    booked = citizen.post(
        "/appointments",
        json={
            "consulate": "chicago",
            "service": "PAS10",
            "start": free[0]["start"],
            "attendees": [{**person, "curp": None}],
            "contact": {"email": "eva@demo.invalid", "phone": "+13125550123"},
            "language": "es",
        },
    )
    assert booked.status_code == 201, booked.text
    path = f"/appointments/{booked.json()['id']}"
    early = officer.post(f"{path}/check-in", json={"identity_checked": True})
    assert (early.status_code, early.json()["code"]) == (409, "too_early")
    _let_its_day_come(instance, booked.json()["folio"], "America/Chicago")
    officer.post(f"{path}/check-in", json={"identity_checked": True}).raise_for_status()
    officer.post(f"{path}/complete", json={"document_number": "G1"}).raise_for_status()
    curp = make_curp(Person("Eva", "Demostrada", "Prueba", BORN), "M")
    enrollment = citizen.post(
        "/enrollments",
        json={
            "program": "rfc",
            "consulate": "chicago",
            "applicant": {**person, "curp": curp, "email": "eva@demo.invalid"},
            "data": {},
            "consents": ["transfer_to_agency"],
        },
    )
    assert enrollment.status_code == 202, enrollment.text
    sent = _send_by_api(citizen)
    enrolled = _wait(citizen, f"/enrollments/{enrollment.json()['id']}", {"active", "rejected"})
    assert enrolled["status"] == "active"
    assert enrolled["result"]["rfc"].startswith("DEPE900512")
    paid = _wait(citizen, f"/remittances/{sent['id']}", {"paid", "refunded", "failed"})
    assert paid["status"] == "paid"
    _figures_agree(instance.api("analyst"))


def _let_its_day_come(instance: Instance, folio: str, zone: str) -> None:
    """A running instance goes by the time of day, so the appointment is brought to it."""
    with psycopg.connect(instance.value("DATABASE_OWNER_URL")) as connection:
        connection.execute("SELECT set_config('app.consulate', '*', true)")
        connection.execute(
            "UPDATE appointments SET starts_at = now(), ends_at = now() + interval '15 minutes',"
            " day = (now() AT TIME ZONE %s)::date WHERE folio = %s",
            [zone, "".join(filter(str.isalnum, folio))],
        )


def _send_by_api(citizen: httpx.Client) -> dict[str, Any]:
    quote = citizen.post(
        "/quotes",
        json={
            "send": {"amount": "300.00", "currency": "USD"},
            "funding": "bank_account",
            "payout": "account",
        },
    )
    assert quote.status_code == 201, quote.text
    body = {
        "quote": quote.json()["id"],
        "recipient": {
            "given_names": "Rosa",
            "first_surname": "Receptora",
            "second_surname": None,
            "clabe": "002010077777777771",
        },
        "purpose": "family",
    }
    assert citizen.post("/remittances", json=body).status_code == 400
    key = {"Idempotency-Key": str(uuid4())}
    first = citizen.post("/remittances", json=body, headers=key)
    again = citizen.post("/remittances", json=body, headers=key)
    assert first.status_code == 202, first.text
    assert first.json() == again.json()
    return dict(first.json())


def _wait(client: httpx.Client, path: str, ends: set[str]) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        answer = client.get(path).json()
        if answer["status"] in ends:
            return dict(answer)
        time.sleep(0.3)
    raise AssertionError(answer)


def _figures_agree(analyst: httpx.Client) -> None:
    path = "/monitoring/indicators/enrollments"
    # A new instance has figures of two years, all of days before.
    by = {"by": "program,consulate", "from": str(datetime.now(UTC).date() - timedelta(days=1))}
    now = analyst.get(path, params=by).json()
    rows = {(r["program"], r["consulate"], r["status"]): r["value"] for r in now["rows"]}
    assert rows["rfc", "chicago", "active"] == 1
    then = analyst.get(path, params={**by, "as_of": now["as_of"]}).json()
    assert then["rows"] == now["rows"]
    served = analyst.get("/monitoring/indicators/appointments", params=by).json()["rows"]
    assert {"program": "PAS10", "consulate": "chicago", "status": "completed", "value": 1} in served


def test_nothing_needs_the_internet(instance: Instance, browser: Browser) -> None:
    """No page asks another host for anything, and the first view is small."""
    page = _screen(browser)
    hosts: set[str] = set()
    sizes: list[int] = []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2].split(":")[0]))
    page.on("response", lambda response: sizes.append(_transferred(response)))
    page.goto(instance.url, wait_until="networkidle")
    assert hosts == {"localhost"}
    assert sum(sizes) < 100_000


def _transferred(response: Any) -> int:
    return int(response.headers.get("content-length", 0)) or len(response.body())
