"""Paying from the page: a second press is the same order, a corrected account is not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from consular.security import session_cookie
from services.kernel.db import NETWORK_SCOPE
from services.remittances.rates import store_rate
from services.staff.sessions import start_session
from tests.factories.web import Web

ACCOUNT, OTHER_ACCOUNT = "002010077777777771", "646180157000000004"


def sender(web: Web) -> FlaskClient:
    web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    now = datetime.now(UTC)
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = session.connection().exec_driver_sql("SELECT id FROM accounts").scalar_one()
        secret = start_session(session, now=now, account_id=account)
        store_rate(
            session, series="SF43718", base="USD", quote="MXN", value=Decimal("18.4321"),
            valid_on=(now - timedelta(days=1)).date(), now=now,
        )  # fmt: skip
    client = web.client
    with web.app.test_request_context():
        client.set_cookie(session_cookie(), secret)
    return client


def _post(client: FlaskClient, path: str, form: dict[str, Any], *, follow: bool = True) -> Any:
    page = client.get("/enviar").text
    match = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert match
    data = {"csrf_token": match.group(1), "form_key": uuid4().hex, **form}
    return client.post(path, data=data, follow_redirects=follow)


def quoted(client: FlaskClient, payout: str) -> str:
    """A quote for 300 dollars."""
    price = {"send_amount": "300", "funding": "bank_account", "payout": payout}
    quote = re.search(r"quote=([0-9a-f-]{36})", _post(client, "/enviar", price).text)
    assert quote
    return quote.group(1)


def checked(client: FlaskClient, form: dict[str, str]) -> str:
    """The draft of a transfer that is ready to be paid."""
    answer = _post(client, "/enviar/destinatario", form, follow=False)
    assert answer.location.startswith("/enviar/revisar?d="), answer.location
    return str(answer.location.partition("=")[2])


def ordered(client: FlaskClient) -> str:
    """The address of a transfer that was just paid."""
    form = {"quote": quoted(client, "branch"), "given_names": "Rosa", "first_surname": "Demo"}
    draft = {"d": checked(client, form)}
    return str(_post(client, "/enviar/revisar", draft, follow=False).headers["Location"])


@pytest.mark.parametrize(
    ("language", "limits"),
    [
        ("es", "Hasta 2,500.00 USD al día y 10,000.00 USD al mes."),
        ("en", "Up to 2,500.00 USD a day and 10,000.00 USD a month."),
    ],
)
def test_both_limits_are_told_before_signing_in(web: Web, language: str, limits: str) -> None:
    page = web.client.get(f"/enviar?lang={language}").text
    assert limits in page.replace("\xa0", " ").replace("&#160;", " ").replace("&nbsp;", " ")


def test_a_corrected_account_is_never_taken_for_the_order_before(web: Web) -> None:
    client = sender(web)
    form = {
        "quote": quoted(client, "account"),
        "given_names": "Rosa",
        "first_surname": "Demo",
        "clabe": ACCOUNT,
        "purpose": "family",
    }
    press = {"d": checked(client, form), "form_key": "one-press"}
    first = _post(client, "/enviar/revisar", press, follow=False)
    again = _post(client, "/enviar/revisar", press, follow=False)
    assert first.headers["Location"].startswith("/envios/")
    assert again.headers["Location"] == first.headers["Location"]
    other = checked(client, {**form, "clabe": OTHER_ACCOUNT})
    page = _post(client, "/enviar/revisar", {"d": other, "form_key": "one-press"}).text
    assert "Esa cotización ya se us" in page


def test_a_number_of_another_way_of_payout_stops_nobody(web: Web) -> None:
    client = sender(web)
    form = {"given_names": "Rosa", "first_surname": "Demo", "save": "yes"}
    wrong = {"quote": quoted(client, "card"), **form, "card": "4152313800000006"}
    refused = _post(client, "/enviar/destinatario", wrong, follow=False).location
    assert "compáralo con la tarjeta" in client.get(refused).text
    draft = refused.partition("d=")[2]
    for payout, number in (("branch", {}), ("account", {"clabe": ACCOUNT})):
        other = {"d": draft, "quote": quoted(client, payout), **number}
        kept = _post(client, "/enviar/destinatario", other, follow=False).location
        assert kept.startswith("/enviar/revisar?d="), payout
    assert _post(client, "/enviar/revisar", {"d": draft}, follow=False).location.startswith(
        "/envios/"
    )
    assert "termina en 7771" in client.get("/destinatarios").text
