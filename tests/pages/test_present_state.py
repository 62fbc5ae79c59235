"""What a citizen's page says first is how things stand now; giving something up takes two steps."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from services.remittances.rules import Status
from tests.factories.remittances import bring_to
from tests.factories.web import Web
from tests.pages.test_sending import ordered, sender

RECEIVED = "Recibimos tu envío"


def _sent(web: Web, status: str) -> str:
    """The page that followed the payment, opened again when the transfer stands at ``status``."""
    client = sender(web)
    address = ordered(client)
    with web.database.transaction(NETWORK_SCOPE) as session:
        bring_to(session, Status(status))
        session.execute(
            text(
                "UPDATE remittances SET branch = 'Sucursal 7, Puebla', collect_until = '2026-12-24'"
            )
        )
    return unescape(client.get(address).text)


@pytest.mark.parametrize(
    ("status", "said", "unsaid"),
    [
        ("submitted", RECEIVED, "El dinero espera"),
        ("available", "Puede cobrarlo hasta el jueves 24 de diciembre de 2026", "Casi siempre"),
        ("paid", "El dinero fue entregado", RECEIVED),
        ("refunding", "a más tardar en 3 días hábiles", RECEIVED),
        ("refunding", "a más tardar en 3 días hábiles", "Cómo se cobra"),
        ("cancelling", "Estamos cancelando tu envío", "Cómo se cobra"),
        ("refunded", "Este envío no se entregó", RECEIVED),
        ("held", "No tiene que ver con migración", "Casi siempre llega"),
        ("failed", "no se cobró ni se envió nada", RECEIVED),
    ],
)
def test_the_page_says_how_the_transfer_stands(
    web: Web, status: str, said: str, unsaid: str
) -> None:
    page = _sent(web, status)
    assert said in page
    assert unsaid not in page


@pytest.mark.parametrize(
    ("before", "said", "unsaid"),
    [
        (0, "Te devolvimos 302.99 USD, todo lo que pagaste.", "lo que faltaba"),
        (5_00, "Te devolvemos 297.99 USD: lo que faltaba de lo que pagaste.", "todo lo que"),
    ],
    ids=["all of it", "after a remedy"],
)
def test_what_came_back_is_all_or_the_rest_of_what_was_paid(
    web: Web, before: int, said: str, unsaid: str
) -> None:
    client = sender(web)
    address = ordered(client)
    with web.database.transaction(NETWORK_SCOPE) as session:
        bring_to(session, Status.REFUNDED)
        back = text(
            "UPDATE remittances SET remedied_minor = :before,"
            " refunded_minor = total_minor - :before"
        )
        session.execute(back, {"before": before})
    page = unescape(client.get(address).text).replace("\N{NO-BREAK SPACE}", " ")
    notice = page[page.index("Este envío no se entregó") : page.index("Lo que ha pasado")]
    assert said in notice
    assert unsaid not in notice


def test_cancelling_a_transfer_says_what_comes_back_before_it_acts(web: Web) -> None:
    page = _sent(web, "funded")
    ask = page[page.index("<details") : page.index("</details>")]
    assert "Te devolvemos 302.99" in ask.replace("\N{NO-BREAK SPACE}", " ")
    assert "No se puede deshacer" in ask
    assert "/cancelar" in ask


def test_my_account_leads_to_my_data(web: Web) -> None:
    assert '<a href="/mis-datos">Mi cuenta</a>' in sender(web).get("/").text
