"""Paying from the page: a second press is the same order, a corrected account is not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from consular.security import session_cookie
from services.kernel.db import EVERYTHING
from services.remittances.rates import store_rate
from services.staff.sessions import start_session
from tests.factories.web import Web

ACCOUNT, OTHER_ACCOUNT = "002010077777777771", "646180157000000004"


def sender(web: Web) -> FlaskClient:
    web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    now = datetime.now(UTC)
    with web.database.transaction(EVERYTHING) as session:
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


def _post(client: FlaskClient, path: str, form: dict[str, Any]) -> TestResponse:
    page = client.get("/enviar").text
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert found
    return client.post(path, data={**form, "csrf_token": found.group(1)})


def ordered(client: FlaskClient) -> str:
    """The address of a transfer that was just paid."""
    given = {"send_amount": "300", "funding": "bank_account", "payout": "branch"}
    quote = re.search(r"quote=([0-9a-f-]{36})", _post(client, "/enviar", given).text)
    assert quote
    form = {"quote": quote.group(1), "given_names": "Rosa", "first_surname": "Demo"}
    return str(_post(client, "/enviar/confirmar", form).headers["Location"])


def test_a_corrected_account_is_never_taken_for_the_order_before(web: Web) -> None:
    client = sender(web)
    price = {"send_amount": "300", "funding": "bank_account", "payout": "account"}
    quote = re.search(r"quote=([0-9a-f-]{36})", _post(client, "/enviar", price).text)
    assert quote
    form = {
        "quote": quote.group(1),
        "given_names": "Rosa",
        "first_surname": "Demo",
        "clabe": ACCOUNT,
        "purpose": "family",
        "idempotency_key": "one-press",
    }
    first = _post(client, "/enviar/confirmar", form)
    again = _post(client, "/enviar/confirmar", form)
    assert first.status_code == 303
    assert again.headers["Location"] == first.headers["Location"]
    other = _post(client, "/enviar/confirmar", {**form, "clabe": OTHER_ACCOUNT})
    assert other.status_code == 200
    assert "Esa clave ya se us" in other.text
