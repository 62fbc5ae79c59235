"""Who sent money can't become somebody else: refused with what to do, by API and page."""

from __future__ import annotations

from sqlalchemy import text

from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.remittances import prepare_reference
from tests.factories.staff import citizen_browser
from tests.factories.web import Web

PROFILE = {
    "given_names": "Ana", "first_surname": "Demo", "second_surname": "Prueba",
    "birth_date": "1990-05-12",
}  # fmt: skip


def test_a_senders_name_is_changed_neither_by_api_nor_by_page(web: Web) -> None:
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=system_clock())
        account = session.execute(text("SELECT id FROM accounts")).scalar_one()
    assert web.call("PATCH", "/me", PROFILE, token=token).status_code == 200
    money = {"amount": "20.00", "currency": "USD"}
    price = {"send": money, "funding": "bank_account", "payout": "branch"}
    quote = web.call("POST", "/quotes", price, token=token).get_json()["id"]
    order = {"quote": quote, "recipient": {"given_names": "Rosa", "first_surname": "Demo"}}
    key = {"Idempotency-Key": "k"}
    assert web.call("POST", "/remittances", order, token=token, headers=key).status_code == 202
    renamed = web.call("PATCH", "/me", {**PROFILE, "given_names": "Eva"}, token=token)
    assert (renamed.status_code, renamed.get_json()["code"]) == (409, "identity_bound")
    assert web.call("PATCH", "/me", PROFILE, token=token).status_code == 200
    page = citizen_browser(web.app, account).send(
        "/mis-datos",
        **{**PROFILE, "given_names": "Eva"},
    )
    assert "pide la corrección en tu consulado" in page.text
    assert web.call("GET", "/me", token=token).get_json()["given_names"] == "Ana"
