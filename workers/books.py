"""Hold the ledger against its second book every few minutes, in a process of its own.

It needs neither queues nor workers, and nobody waits for it: what was altered is noticed although
nothing else runs. The workers compare the whole every night.
"""

from __future__ import annotations

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.kernel.clock import SessionClock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database
from services.remittances.books import compare_books

PERIOD_SECONDS = 300.0

log = structlog.get_logger(__name__)


class Books:
    """One pass is `tick`."""

    def __init__(self, database: Database, clock: SessionClock, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault

    def tick(self) -> None:
        """Compare what was written since the books agreed last."""
        try:
            with self._database.transaction(NETWORK_SCOPE) as session:
                now = self._clock(session)
                compared = compare_books(session, now=now, vault=self._vault, whole=False)
        except SQLAlchemyError:
            log.warning("books_wait", part="database")
            return
        log.info("books_compared", count=len(compared.differences))
