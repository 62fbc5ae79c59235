"""Settling what a test posted."""

from __future__ import annotations

from time import monotonic, sleep

from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database
from services.ledger.settling import MOST, is_waiting, settle
from tests.factories.remittances import VAULT

LONGEST_SECONDS = 60


def settle_all(database: Database, vault: Vault = VAULT, most: int = MOST) -> None:
    """Until nothing waits: an ANALYZE of the server itself holds the watermark back for a while."""
    deadline = monotonic() + LONGEST_SECONDS
    while True:
        with database.transaction(NETWORK_SCOPE) as session:
            settled = settle(session, vault, most)
            waiting = is_waiting(session)
        if not waiting:
            return
        if not settled:
            assert monotonic() < deadline, "nothing is settled"
            sleep(0.02)
