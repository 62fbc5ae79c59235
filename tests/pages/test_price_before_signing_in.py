"""The price of a transfer is told to anybody, in both directions, and held for who is signed in."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from consular.pages.portal.send_price import way_of
from services.kernel.db import NETWORK_SCOPE, Base
from services.remittances.models import Quote
from tests.factories.web import Web
from tests.pages.test_pages_in_any_order import fields
from tests.pages.test_sending import _post, checked, quoted, sender

HOW = {"funding": "bank_account", "payout": "branch"}
TO = {"given_names": "Rosa", "first_surname": "Demo"}


def _main(answer: Any) -> str:
    """What the main part says, without marks."""
    words = re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2].partition("</main")[0])
    return re.sub(r"\s+", " ", unescape(words).replace("\xa0", " "))


def _count(web: Web, table: type[Base]) -> int:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return session.query(table).count()


def _stranger(web: Web) -> Any:
    client = sender(web)
    client.delete_cookie("consular-session")
    return client


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        ({"send_amount": "300"}, ("300.00 USD", "5,501.98 pesos", "302.99 USD")),
        ({"receive_amount": "5.000,00"}, ("272.63 USD", "5,000 pesos", "275.62 USD")),
    ],
)
def test_whoever_isn_t_signed_in_sees_the_price_and_leaves_nothing(
    web: Web, amounts: dict[str, str], said: tuple[str, ...]
) -> None:
    page = _post(_stranger(web), "/enviar", {**HOW, **amounts})
    assert [each for each in said if each not in _main(page)] == []
    assert re.search(r'href="/login\?next=/enviar\?d%3D[0-9a-f-]{36}"', page.text)
    assert _count(web, Quote) == 0


def test_after_signing_in_the_price_is_there_and_leads_on(web: Web) -> None:
    client = sender(web)
    cookie = client.get_cookie("consular-session")
    client.delete_cookie("consular-session")
    address = _post(client, "/enviar", {"receive_amount": "5000", **HOW}, follow=False).location
    client.set_cookie("consular-session", cookie.value)
    page = client.get(address)
    assert "5,000 pesos" in _main(page)
    assert "Seguir con este envío" in page.text
    onward = client.post("/enviar", data={**fields(page.text), **HOW, "go": "1"})
    assert onward.location.startswith("/enviar/revisar?d=")
    recipient = client.get(onward.location, follow_redirects=True)
    assert recipient.request.path == "/enviar/destinatario"
    assert "llegan 5,000.00 MXN" in _main(recipient)
    assert _count(web, Quote) == 1


@pytest.mark.parametrize(
    ("form", "way"),
    [
        ({}, "send"),
        ({"send_amount": "300"}, "send"),
        ({"receive_amount": "5000"}, "receive"),
        ({"send_amount": "300", "receive_amount": "5000"}, None),
        ({"send_amount": "301", "shown_send": "300", "receive_amount": "5", "shown_receive": "5"},
         "send"),
        ({"send_amount": "300", "shown_send": "300", "receive_amount": "6", "shown_receive": "5"},
         "receive"),
        ({"send_amount": "301", "shown_send": "300", "receive_amount": "6", "shown_receive": "5"},
         None),
        ({"send_amount": "3", "shown_send": "3", "receive_amount": "5", "shown_receive": "5",
          "way": "receive"}, "receive"),
        ({"send_amount": "", "shown_send": "3", "receive_amount": "5", "shown_receive": "5"},
         "receive"),
    ],
)  # fmt: skip
def test_the_amount_that_was_written_is_the_one_that_counts(
    form: dict[str, str], way: str | None
) -> None:
    assert way_of(form) == way


def test_two_amounts_at_once_are_asked_back(web: Web) -> None:
    amounts = {"send_amount": "300", "receive_amount": "9000"}
    page = _post(sender(web), "/enviar", {**HOW, **amounts})
    assert "Escribe una sola cantidad y borra la otra." in page.text
    assert fields(page.text).items() >= amounts.items()


def test_a_price_tells_its_cost_and_what_another_way_of_paying_changes(web: Web) -> None:
    client = sender(web)
    by_bank = _main(_post(client, "/enviar", {"send_amount": "300", **HOW}))
    # 302.99 dollars at 18.4321, less the 5,501.98 pesos.
    assert "Este envío te cuesta 82.76 pesos en total" in by_bank
    assert "18.4321" in by_bank
    assert "En efectivo pagarías 3.00 USD más" in by_bank
    in_cash = {"send_amount": "300", "funding": "cash", "payout": "card"}
    by_cash = _main(_post(client, "/enviar", in_cash))
    assert "ahorras 3.00 USD de impuesto" in by_cash
    assert "Finabien devuelve 3.00 USD" in by_cash


def test_what_is_left_of_the_limits_is_told_with_numbers(web: Web) -> None:
    client = sender(web)
    form = {"quote": quoted(client, "branch"), **TO}
    _post(client, "/enviar/revisar", {"d": checked(client, form)})
    assert "hasta 2,200.00 USD más hoy y 9,700.00 USD más este mes" in _main(client.get("/enviar"))
    page = _post(client, "/enviar", {"send_amount": "2200.01", **HOW})
    assert "hoy puedes enviar hasta 2,200 dólares más" in _main(page)
    assert 'href="#f-send_amount"' in page.text
    assert _count(web, Quote) == 1


def test_the_price_of_what_is_being_typed_is_a_part_of_the_page_and_keeps_nothing(
    web: Web,
) -> None:
    client = sender(web)
    asked = {"send_amount": "300", **HOW}
    part = client.get("/enviar/precio", query_string=asked).text
    assert 'data-send="300.00" data-receive="5,501.98"' in part
    assert "2,500.00" in part
    assert "<html" not in part
    unclear = client.get("/enviar/precio", query_string={**asked, "send_amount": "1.000"}).text
    assert "No estamos seguros de qué monto es" in unclear
    assert "data-send" not in unclear
    beyond = client.get("/enviar/precio", query_string={**asked, "send_amount": "2600"}).text
    assert "2,500.00" in beyond
    assert _count(web, Quote) == 0


def test_each_answer_is_changed_from_the_review_and_the_others_stay(web: Web) -> None:
    client = sender(web)
    draft = checked(client, {"quote": quoted(client, "branch"), **TO})
    review = client.get(f"/enviar/revisar?d={draft}").text
    changes = re.findall(r'href="(/enviar[^"]*)">Cambiar', review)
    assert {address.partition("?")[0] for address in changes} == {"/enviar", "/enviar/destinatario"}
    price = next(unescape(each) for each in changes if each.startswith("/enviar?"))
    page = client.get(price).text
    assert fields(page)["send_amount"] == "300.00"
    changed = {**fields(page), **HOW, "send_amount": "250", "funding": "cash"}
    again = client.post("/enviar", data=changed)
    after = client.get(again.location).text
    onward = re.search(r'href="(/enviar/revisar\?[^"]+)"', after)
    assert onward
    said = _main(client.get(unescape(onward[1])))
    for words in ("Rosa Demo", "250.00 USD", "En efectivo", "255.49 USD", "Gastos de la familia"):
        assert words in said
