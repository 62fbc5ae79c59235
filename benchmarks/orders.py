"""Quotes with their orders a second over HTTP, product and floor in turn.

A person asks for a quote and orders from it: all quotes of a run are asked for, then all orders
sent, and the two times added up. The floor writes the same rows, one statement each.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import LiteralString, Protocol
from uuid import UUID

import psycopg

from benchmarks.stage import http_request
from services.citizens.accounts import set_profile
from services.citizens.people import PersonData
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.settings import Settings
from services.remittances.rates import store_rate
from services.remittances.rules import day_in_mexico
from tests.factories.server import Citizen

SENDERS = 500
FIX = Decimal("18.4321")
_CENTS = 10_00
_BORN = date(1990, 5, 12)
_UNUSED: LiteralString = """
SELECT q.account_id, q.id FROM quotes q
WHERE NOT EXISTS (SELECT FROM remittances r WHERE r.quote_id = q.id) ORDER BY q.created_at
"""


class Load(Protocol):
    """What came of sending requests."""

    seconds: float


@dataclass(frozen=True)
class Register:
    """Senders whose names are known, and who sends requests to whom: ``send(server, requests,
    status)``."""

    citizens: Sequence[Citizen]
    send: Callable[[Settings, Sequence[bytes], int], Load]

    def rate(self, server: Settings, count: int) -> float:
        """So many quotes with their orders: how many a second."""
        seconds = self.send(server, [self._quote(n) for n in range(count)], 201).seconds
        return count / (seconds + self.send(server, self.orders(server), 202).seconds)

    def quote(self, server: Settings, count: int) -> None:
        """So many quotes, to be ordered from."""
        self.send(server, [self._quote(n) for n in range(count)], 201)

    def orders(self, server: Settings) -> list[bytes]:
        """An order from each quote that nobody has ordered from."""
        known = {citizen.account: citizen for citizen in self.citizens}
        return [self._order(known[account], quote) for account, quote in _unused(server)]

    def _quote(self, number: int) -> bytes:
        citizen = self.citizens[number % len(self.citizens)]
        amount = {"amount": f"{_CENTS // 100}.00", "currency": "USD"}
        body = {"send": amount, "funding": "bank_account", "payout": "account"}
        return http_request("POST", "/api/v1/quotes", _headers(citizen), body)

    def _order(self, citizen: Citizen, quote: UUID) -> bytes:
        recipient = {
            "given_names": "Rosa",
            "first_surname": "Demo",
            "second_surname": None,
            "clabe": "032180000118359719",
        }
        body = {"quote": str(quote), "recipient": recipient, "purpose": "family"}
        key = {"Idempotency-Key": f"{random.getrandbits(64):x}"}
        return http_request("POST", "/api/v1/remittances", {**_headers(citizen), **key}, body)


def prepare(settings: Settings, citizens: Sequence[Citizen]) -> Sequence[Citizen]:
    """Name the first of them, each another person, and publish a rate."""
    senders, now = citizens[:SENDERS], system_clock()
    vault = Vault(settings.master_keys(), settings.index_key())
    database = Database(settings.database_url, pool_size=1)
    worker = Database(settings.worker_database_url, pool_size=1)
    try:
        with worker.transaction(NETWORK_SCOPE) as session:
            today = day_in_mexico(now)
            store_rate(
                session, series="SF43718", base="USD", quote="MXN", value=FIX, valid_on=today,
                now=now,
            )  # fmt: skip
        with database.transaction(NETWORK_SCOPE) as session:
            for number, citizen in enumerate(senders):
                born = _BORN - timedelta(days=number)
                named = PersonData("Ana", "Demo", "Prueba", born, email=f"a{number}@demo.invalid")
                set_profile(session, citizen.account, named, now=now, vault=vault)
    finally:
        database.dispose()
        worker.dispose()
    return senders


def _headers(citizen: Citizen) -> dict[str, str]:
    return {"Authorization": f"Bearer {citizen.token}", "X-Account": str(citizen.account)}


def _unused(server: Settings) -> list[tuple[UUID, UUID]]:
    options = "-c app.consulate=*"
    with psycopg.connect(server.worker_database_url, options=options) as db:
        return db.execute(_UNUSED).fetchall()
