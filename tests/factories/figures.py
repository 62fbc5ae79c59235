"""Facts of two years at once, written as lines of counting, for pages that draw them."""

from __future__ import annotations

from datetime import date

from consular.local import demo_history
from services.consulates.queries import list_consulates
from services.kernel.db import NETWORK_SCOPE, Database


def write_history(database: Database, last: date, *, every: int = 30, offices: int = 6) -> None:
    """Every so many days back from ``last``, at the first offices of the alphabet."""
    with database.transaction(NETWORK_SCOPE) as session:
        known = sorted(row.code for row in list_consulates(session, include_assumed=False))
        demo_history.write_history(session, last, known[:offices], every=every)
