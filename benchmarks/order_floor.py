"""What the floor writes of a quote and of an order: the product's rows, one statement each."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from psycopg.types.json import Jsonb

QUOTE = """
INSERT INTO quotes (
    id, account_id, funding, payout, send_minor, fee_minor, tax_minor, total_minor, receive_minor,
    rate, rate_series, rate_valid_on, fix, cash_tax_minor, rebate_minor, date_available, created_at,
    expires_at)
VALUES (%(id)s, %(account)s, 'bank_account', 'account', 1000, 299, 0, 1299, 18339, 18.33993950,
    'SF43718', %(day)s, 18.4321, 10, 0, %(day)s, %(now)s, %(until)s)
"""

ORDER = """
WITH quoted AS (SELECT * FROM quotes WHERE id = %(quote)s), key AS (
    INSERT INTO idempotency_keys (account_id, key, request_hash, status, response, created_at)
    VALUES (%(account)s, %(key)s, %(hash)s, 202, %(answer)s, %(now)s)
), language AS (
    UPDATE accounts SET language = 'es' WHERE id = %(account)s
), bound AS (
    UPDATE people SET identity_bound_at = %(now)s
    WHERE account_id = %(account)s AND holder AND identity_bound_at IS NULL
), person AS (
    INSERT INTO people (
        id, account_id, given_names, first_surname, name_index, data_key, created_at)
    VALUES (%(person)s, %(account)s, 'Rosa', 'Demo', %(index)s, %(data_key)s, %(now)s)
), sent AS (
    INSERT INTO remittances (
        id, folio, account_id, quote_id, sender_id, recipient_id, sender_name, account_sealed,
        account_hint, purpose, day, status, registered_at, cancel_until, changed_at, funding,
        payout,
        send_minor, fee_minor, tax_minor, total_minor, receive_minor, rate, fix, date_available)
    SELECT %(id)s, %(folio)s, %(account)s, q.id, p.id, %(person)s, 'ANA DEMO', %(sealed)s, '9719',
        'family', %(day)s, 'registered', %(now)s, %(until)s, %(now)s, q.funding, q.payout,
        q.send_minor,
        q.fee_minor, q.tax_minor, q.total_minor, q.receive_minor, q.rate, q.fix,
        q.date_available
    FROM quoted q JOIN people p ON p.account_id = q.account_id AND p.holder
), step AS (
    INSERT INTO remittance_events (remittance_id, position, account_id, status, at)
    VALUES (%(id)s, 1, %(account)s, 'registered', %(now)s)
), charge AS (
    INSERT INTO charges (remittance_id, state, expires_at) VALUES (%(id)s, 'due', %(until)s)
), fact AS (
    INSERT INTO facts (kind, subject_id, payout, status, day, quantity, occurred_at)
    VALUES ('remittance', %(id)s, 'account', 'registered', %(day)s, 1, %(now)s)
), entry AS (
    INSERT INTO audit_entries (
        id, at, actor_role, actor_id, action, subject_kind, subject_id, person_account_id,
        request_id)
    VALUES (%(entry)s, %(now)s, 'citizen', %(account)s, 'remittance.order', 'remittance', %(id)s,
        %(account)s, %(request)s)
), item AS (
    INSERT INTO outbox (id, topic, ref, due_at)
    VALUES (%(item)s, 'remittances.payout', %(id)s, %(now)s)
)
SELECT total_minor FROM quoted
"""


def quote_values(account: str) -> dict[str, Any]:
    """What the floor writes of a quote."""
    now = datetime.now(UTC)
    until = now + timedelta(minutes=15)
    return {"id": uuid4(), "account": account, "day": now.date(), "now": now, "until": until}


def order_values(account: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the floor writes of an order."""
    now = datetime.now(UTC)
    return {
        **{name: uuid4() for name in ("id", "person", "entry", "item")},
        "account": account,
        "quote": body["quote"],
        "key": key,
        "hash": os.urandom(32),
        "request": str(uuid4()),
        "answer": Jsonb({"folio": "R" * 12, "status": "registered", "total": "12.99", "id": key}),
        "folio": os.urandom(6).hex(),
        "index": os.urandom(32),
        "data_key": os.urandom(62),
        "sealed": os.urandom(46),
        "day": now.date(),
        "now": now,
        "until": now + timedelta(minutes=30),
    }
