"""Recipients are written once: chosen again, sent to again, and their account is shown to check."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from services.kernel.db import NETWORK_SCOPE
from services.remittances.holders import settle_check
from services.remittances.house_accounts import SIMULATED
from services.remittances.models import HolderCheck, Remittance
from services.remittances.rules import HolderMatch, Status
from tests.factories.chance import without_chance
from tests.factories.remittances import bring_to, make_clabe, prepare_reference
from tests.factories.web import Web
from tests.pages.test_sending import _post, checked, ordered, quoted, sender

CLABE = make_clabe(7)
WRITTEN = f"{CLABE[:3]}-{CLABE[3:6]} {CLABE[6:17]}-{CLABE[17]}"
IN_THREES = " ".join(CLABE[at : at + 3] for at in range(0, 18, 3))
CARD = "5062150000000007"
ROSA = {"given_names": "Rosa", "first_surname": "Demo", "nickname": "Mamá"}


def _saved(client: FlaskClient, **more: str) -> str:
    """The id of Rosa in the book."""
    _post(client, "/destinatarios/nuevo", {**ROSA, **more})
    found = re.findall(r'href="/destinatarios/([0-9a-f-]{36})"', client.get("/destinatarios").text)
    return str(found[-1])


def test_somebody_saved_is_chosen_without_writing_anything_again(web: Web) -> None:
    client = sender(web)
    saved = _saved(client, clabe=WRITTEN, phone="55 1234 5678")
    quote = quoted(client, "account")
    page = client.get(f"/enviar/destinatario?quote={quote}").text
    assert "Mamá (Rosa Demo)" in page
    assert CLABE not in page
    checks = checked(client, {"quote": quote, "saved": saved})
    page = client.get(f"/enviar/revisar?d={checks}").text
    assert IN_THREES in page
    assert "BBVA Mexico" in page


def test_of_a_card_the_first_six_and_the_last_four_digits_are_shown_to_be_compared(
    web: Web,
) -> None:
    client = sender(web)
    form = {"quote": quoted(client, "card"), **ROSA, "card": CARD}
    page = client.get(f"/enviar/revisar?d={checked(client, form)}").text
    assert "<dd>5062 15•• •••• 0007</dd>" in re.sub(r"\s+", " ", page)
    assert "Finabien" in page
    assert CARD[6:12] not in without_chance(page)


def test_shown_is_the_number_that_is_paid_to_where_somebody_has_two(web: Web) -> None:
    client = sender(web)
    saved = _saved(client, clabe=WRITTEN, card=CARD)
    for payout, shown, other in (
        ("account", IN_THREES, "5062 15"),
        ("card", "5062 15•• •••• 0007", IN_THREES),
    ):
        form = {"quote": quoted(client, payout), "saved": saved}
        page = client.get(f"/enviar/revisar?d={checked(client, form)}").text
        assert shown in page
        assert other not in page
        assert ("BBVA Mexico" in page) == (payout == "account")


def test_somebody_without_the_number_that_is_needed_is_asked_for_it(web: Web) -> None:
    client = sender(web)
    form = {"quote": quoted(client, "account"), "saved": _saved(client)}
    answer = _post(client, "/enviar/destinatario", form, follow=False)
    assert answer.location.startswith("/enviar/destinatario?d=")
    page = client.get(answer.location).text
    assert 'value="Rosa"' in page
    assert 'name="clabe"' in page


def test_a_recipient_is_saved_with_the_order_once(web: Web) -> None:
    client = sender(web)
    for _ in range(2):
        form = {"quote": quoted(client, "branch"), "save": "yes", **ROSA}
        _post(client, "/enviar/revisar", {"d": checked(client, form)})
    assert client.get("/destinatarios").text.count("Quitar a") == 1


def test_a_transfer_is_repeated_from_its_page(web: Web) -> None:
    client = sender(web)
    sent = ordered(client).partition("?")[0]
    assert "Enviar otra vez a Rosa Demo" in client.get(sent).text
    again = _post(client, f"{sent}/repetir", {}, follow=False).location
    page = client.get(again).text
    assert 'value="300.00"' in page
    draft = again.partition("=")[2]
    priced = _post(client, "/enviar", {"d": draft, **_amounts()}, follow=False).location
    quote = re.search(r"quote=([0-9a-f-]{36})", priced)
    assert quote
    page = client.get(f"/enviar/destinatario?quote={quote.group(1)}&d={draft}").text
    assert 'value="Rosa"' in page


def test_where_somebody_lives_is_known_to_the_agency_and_asked_for_no_more(web: Web) -> None:
    client = sender(web)
    wrong = {**ROSA, "state": "20", "municipality": "Nowhere"}
    assert "No encontramos ese municipio" in _post(client, "/destinatarios/nuevo", wrong).text
    saved = _saved(client, state="20", municipality="Tlaxiaco")
    form = {"quote": quoted(client, "branch"), "saved": saved}
    page = client.get(f"/enviar/municipio?d={checked(client, form)}").text
    assert 'value="Tlaxiaco"' in page
    assert re.search(r'value="20"\s+selected', page)


def test_the_book_is_changed_and_somebody_removed(web: Web) -> None:
    client = sender(web)
    saved = _saved(client, clabe=CLABE)
    page = _post(client, f"/destinatarios/{saved}", {**ROSA, "clabe": CLABE[:-1]}).text
    assert "La CLABE no es correcta" in page
    _post(client, f"/destinatarios/{saved}", {**ROSA, "clabe": CLABE, "first_surname": "Sol"})
    assert "Rosa Sol" in client.get("/destinatarios").text
    _post(client, f"/destinatarios/{saved}/quitar", {})
    assert "Todavía no guardas a nadie" in client.get("/destinatarios").text


def test_a_message_is_stopped_by_a_button_and_answers_alike_whatever_the_folio(web: Web) -> None:
    client = sender(web)
    page = client.get(ordered(client).partition("?")[0]).text
    folio = re.search(r'class="folio">([A-Z0-9\u2011-]+)<', page)
    assert folio
    answers = []
    for written in (re.sub("\\W", "", folio.group(1)), "R7K3M9QXW42T"):
        address = f"/alto/{written}"
        assert "Ya no quiero avisos" in client.get(address).text
        answers.append(_post(client, address, {"messages": "no"}).text.replace(written, ""))
    assert "Ya no mandamos avisos a ese teléfono" in answers[0]
    first, second = (re.sub(r'value="[^"]+"', "", each) for each in answers)
    assert first == second


def test_whoever_waits_for_money_reads_by_when_it_comes(web: Web) -> None:
    client = sender(web)
    page = client.get(ordered(client).partition("?")[0]).text
    folio = re.search(r'class="folio">([A-Z0-9\u2011-]+)<', page)
    assert folio
    asked = {"folio": folio.group(1), "first_surname": "demo"}
    page = _post(client, "/cobrar", asked).text
    assert "Todavía no se puede cobrar" in page
    assert "MXN" in page


@pytest.mark.parametrize("payout", ["branch", "account"])
@pytest.mark.parametrize("status", [Status.HELD, Status.UNKNOWN])
def test_whoever_waits_for_money_is_promised_no_day_that_nobody_knows(
    web: Web, payout: str, status: Status
) -> None:
    client = sender(web)
    price = {"quote": quoted(client, payout), **ROSA, "clabe": CLABE}
    _post(client, "/enviar/revisar", {"d": checked(client, price)})
    answer_by = datetime(2030, 6, 20, 18, 0, tzinfo=UTC)
    with web.database.transaction(NETWORK_SCOPE) as session:
        bring_to(session, status)
        row = session.scalars(select(Remittance)).one()
        row.answer_due_at = answer_by
        asked = {"folio": row.folio, "first_surname": row.recipient.first_surname}
    page = _post(client, "/cobrar", asked).text
    assert "Todavía no hay confirmación." in page
    assert re.search(r"Vuelve a mirar el jueves,? 20 de junio.* 12:00", page)
    assert "a más tardar el" not in page
    told = web.call("POST", "/remittances/lookup", asked)
    assert told.get_json()["answer_by"] == answer_by.isoformat()


def test_over_the_api_only_the_last_digits_are_listed_and_the_copy_has_all(web: Web) -> None:
    ana, eve = (web.token("citizen", subject=who) for who in ("ana", "eve"))
    body = {**ROSA, "clabe": CLABE, "phone": "+52 1 55 1234 5678"}
    added = web.call("POST", "/recipients", body, token=ana)
    assert added.status_code == 201, added.text
    shown = added.get_json()
    assert (shown["clabe_hint"], shown["phone"]) == (CLABE[-4:], "+525512345678")
    assert shown["bank"] == "BBVA Mexico"
    assert CLABE not in web.call("GET", "/recipients", token=ana).text
    [whole] = web.call("GET", "/me/data", token=ana).get_json()["recipients"]
    assert whole["clabe"] == CLABE
    path = f"/recipients/{shown['id']}"
    for method in ("PATCH", "DELETE"):
        sent = body if method == "PATCH" else None
        assert web.call(method, path, sent, token=eve).status_code == 404
    assert web.call("GET", "/recipients", token=eve).get_json()["items"] == []


def _large(client: FlaskClient) -> str:
    """A draft of 600 dollars to somebody new, ready to be paid."""
    price = {"send_amount": "600", "funding": "bank_account", "payout": "account"}
    quote = re.search(r"quote=([0-9a-f-]{36})", _post(client, "/enviar", price).text)
    assert quote
    form = {**ROSA, "quote": quote.group(1), "clabe": CLABE}
    return checked(client, form)


def test_a_first_large_transfer_asks_to_be_sure(web: Web) -> None:
    client = sender(web)
    draft = _large(client)
    assert "primer envío grande" in client.get(f"/enviar/revisar?d={draft}").text
    refused = _post(client, "/enviar/revisar", {"d": draft}).text
    assert "Confirma que conoces a esta persona" in refused
    sent = _post(client, "/enviar/revisar", {"d": draft, "sure": "yes"}, follow=False)
    assert sent.location.startswith("/envios/")


def test_the_api_asks_for_the_same_before_a_first_large_transfer(web: Web) -> None:
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=datetime.now(UTC))
    price = {
        "send": {"amount": "600.00", "currency": "USD"},
        "funding": "bank_account",
        "payout": "account",
    }
    quote = web.call("POST", "/quotes", price, token=token).get_json()["id"]
    recipient = {"given_names": "Rosa", "first_surname": "Demo", "clabe": CLABE}

    def order(**more: Any) -> Any:
        body = {"quote": quote, "recipient": recipient, **more}
        return web.call("POST", "/remittances", body, token=token, headers={"Idempotency-Key": "k"})

    for said in ({}, {"recipient_confirmed": False}):
        refused = order(**said)
        assert (refused.status_code, refused.get_json()["code"]) == (422, "recipient_not_confirmed")
        assert set(refused.get_json()["errors"]) == {"recipient_confirmed"}
    for wrong in (1, "yes", "true", None, []):
        assert set(order(recipient_confirmed=wrong).get_json()["errors"]) == {"recipient_confirmed"}
    assert web.call("GET", "/remittances", token=token).get_json()["items"] == []
    # Neither the quote nor the key was used up.
    assert order(recipient_confirmed=True).status_code == 202


def test_an_account_of_the_house_is_refused_where_it_is_written(web: Web) -> None:
    client = sender(web)
    house = SIMULATED.split(",")[0]
    form = {**ROSA, "quote": quoted(client, "account"), "clabe": house}
    page = _post(client, "/enviar/destinatario", form).text
    assert "Es una cuenta de Finabien o de este servicio" in page
    assert re.search(r'href="#[\w-]*clabe"', page)
    token = web.token("citizen", subject="eva", name="Eva|Demo|Prueba")
    price = {"send": {"amount": "20.00", "currency": "USD"}, "funding": "bank_account",
             "payout": "account"}  # fmt: skip
    quote = web.call("POST", "/quotes", price, token=token).get_json()["id"]
    recipient = {"given_names": "Rosa", "first_surname": "Demo", "clabe": house}
    body = {"quote": quote, "recipient": recipient}
    for path in ("/remittances", "/recipients/check"):
        refused = web.call("POST", path, body, token=token, headers={"Idempotency-Key": "k"})
        assert (refused.status_code, refused.get_json()["code"]) == (422, "house_account")
        assert set(refused.get_json()["errors"]) == {"recipient.clabe"}


def test_an_account_of_the_house_is_not_kept_in_the_book(web: Web) -> None:
    client = sender(web)
    house = SIMULATED.split(",")[0]
    saved = _saved(client, clabe=CLABE)
    for address in ("/destinatarios/nuevo", f"/destinatarios/{saved}"):
        page = _post(client, address, {**ROSA, "clabe": house}).text
        assert "Es una cuenta de Finabien o de este servicio" in page
        assert re.search(r'href="#[\w-]*clabe"', page)
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    kept = web.call("GET", "/recipients", token=token).get_json()["items"]
    assert [each["clabe_hint"] for each in kept] == [CLABE[-4:]]
    for method, path in (("POST", "/recipients"), ("PATCH", f"/recipients/{saved}")):
        refused = web.call(method, path, {**ROSA, "clabe": house}, token=token)
        assert (refused.status_code, refused.get_json()["code"]) == (422, "house_account")
        assert set(refused.get_json()["errors"]) == {"clabe"}
    assert web.call("GET", "/recipients", token=token).get_json()["items"] == kept


@pytest.mark.parametrize(
    ("match", "words"),
    [
        (HolderMatch.YES, "La cuenta está a ese nombre."),
        (HolderMatch.CLOSE, "a un nombre parecido"),
        (HolderMatch.NO, "La cuenta está a otro nombre."),
    ],
)
def test_the_sender_sees_whether_the_account_is_of_that_name(
    web: Web, match: HolderMatch, words: str
) -> None:
    client = sender(web)
    form = {**ROSA, "quote": quoted(client, "account"), "clabe": CLABE}
    address = f"/enviar/revisar?d={checked(client, form)}"
    assert "Preguntamos a nombre de quién está la cuenta" in client.get(address).text
    with web.database.transaction(NETWORK_SCOPE) as session:
        [check] = session.scalars(select(HolderCheck.id)).all()
        settle_check(session, check, match, now=datetime.now(UTC))
    page = client.get(address).text
    assert words in page
    assert ('name="sure"' in page) is (match is HolderMatch.NO)


def _amounts() -> dict[str, Any]:
    return {"send_amount": "300.00", "funding": "bank_account", "payout": "branch"}
