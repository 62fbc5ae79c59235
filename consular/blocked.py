"""Read the blocked data of an erased person, for an authority entitled to them."""

from __future__ import annotations

from typing import Any

from services.kernel.audit import SYSTEM
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.settings import Settings
from services.remittances.erasing import open_blocked


def read_blocked(settings: Settings, folio: str) -> dict[str, Any]:
    """The sender and recipient of a blocked remittance; noted in the audit. Raises NotFound."""
    database = Database(settings.worker_database_url or settings.require("WORKER_DATABASE_URL"))
    vault = Vault(settings.master_keys(), settings.index_key())
    try:
        with database.transaction(NETWORK_SCOPE) as session:
            return open_blocked(session, folio, now=system_clock(), actor=SYSTEM, vault=vault)
    finally:
        database.dispose()
