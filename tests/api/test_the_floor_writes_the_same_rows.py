"""The floor (`benchmarks.floor`) writes what the product's booking, quote and order write."""

from __future__ import annotations

from collections import Counter

import psycopg
from psycopg import sql

from benchmarks import floor
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.remittances import make_clabe, prepare_reference
from tests.factories.web import Web, person

_TABLES = """
SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
ORDER BY 1
"""
BODY = {"consulate": "losangeles", "service": "PAS10", "language": "es"}
CONTACT = {"email": "ana@demo.invalid", "phone": "+13235550100"}


def test_table_by_table_and_column_by_column(web: Web) -> None:
    web.session()
    starts = [slot["start"] for slot in web.free()]
    token = web.token("citizen")
    account = web.call("GET", "/me", token=token).get_json()["id"]
    before = _rows(web)
    body = {**BODY, "start": starts[0], "attendees": [person(1)], "contact": CONTACT}
    answer = web.call(
        "POST", "/appointments", body, token=token, headers={"Idempotency-Key": "product"}
    )
    assert answer.status_code == 201, answer.text
    between = _rows(web)
    headers = {"Idempotency-Key": "floor", "X-Account": account}
    body = {**body, "start": starts[1], "attendees": [person(2)]}
    path = "/api/v1/appointments"
    app = floor.create_app(web.settings)
    with app.extensions["connection"]():
        answer = app.test_client().post(path, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert _rows(web) - between == between - before


def test_a_quote_and_its_order_too(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=system_clock(), margin=None)
    # The first order of each: it binds the sender's identity.
    token, other = (
        web.token("citizen", subject=who.lower(), name=f"{who}|Demo") for who in ("Ana", "Eva")
    )
    accounts = [web.call("GET", "/me", token=each).get_json()["id"] for each in (token, other)]
    price = {
        "send": {"amount": "10.00", "currency": "USD"},
        "funding": "bank_account",
        "payout": "account",
    }
    recipient = {"given_names": "Rosa", "first_surname": "Demo", "clabe": make_clabe()}
    before = _rows(web)
    quote = web.call("POST", "/quotes", price, token=token)
    assert quote.status_code == 201, quote.text
    quoted = _rows(web)
    order = {"quote": quote.get_json()["id"], "recipient": recipient}
    answer = web.call(
        "POST", "/remittances", order, token=token, headers={"Idempotency-Key": "product"}
    )
    assert answer.status_code == 202, answer.text
    ordered = _rows(web)
    app = floor.create_app(web.settings)
    client, headers = app.test_client(), {"Idempotency-Key": "floor", "X-Account": accounts[1]}
    with app.extensions["connection"]():
        quote = client.post("/api/v1/quotes", json=price, headers=headers)
        again = _rows(web)
        order = {"quote": quote.get_json()["id"], "recipient": recipient}
        answer = client.post("/api/v1/remittances", json=order, headers=headers)
    assert answer.status_code == 202, answer.text
    assert again - ordered == quoted - before
    assert _rows(web) - again == ordered - quoted


def _rows(web: Web) -> Counter[tuple[str, str]]:
    """For each table and column, in how many rows it has a value."""
    counted: Counter[tuple[str, str]] = Counter()
    with psycopg.connect(web.settings.values["DATABASE_OWNER_URL"]) as connection:
        connection.execute("SELECT set_config('app.consulate', '*', false)")
        for (table,) in connection.execute(_TABLES).fetchall():
            query = sql.SQL(
                "SELECT e.key, count(*) FROM {} t, jsonb_each_text(to_jsonb(t)) e"
                " WHERE e.value IS NOT NULL GROUP BY 1"
            ).format(sql.Identifier(table))
            for column, count in connection.execute(query).fetchall():
                counted[table, column] = count
    return counted
