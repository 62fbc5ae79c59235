"""Go on numbering transactions in another cluster, after all those of the clusters before.

Settling takes entries in the order of the transactions that wrote them, and each cluster counts its
own from the beginning. The ``xid`` of a row therefore holds in its upper 16 bits how often the
database was adopted, and below them the cluster's own id, which never gets that far. What was
settled stays settled, and what wasn't comes before whatever is posted from here on.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

_ADOPTIONS = text("SELECT adoptions FROM database_identity")
_NUMBERED = (
    "ALTER TABLE {table} ALTER COLUMN xid SET DEFAULT"
    " CAST(CAST(CAST(CAST(pg_current_xact_id() AS text) AS bigint) + {before} AS text) AS xid8)"
)


def number_on(session: Session) -> None:
    """Let rows that are written from here on come after those of the clusters before.

    As the owner, once in each adoption. A default costs those who post nothing.
    """
    before = session.execute(_ADOPTIONS).scalar_one() << 48
    for table in ("ledger_accounts", "journal_entries"):
        session.execute(text(_NUMBERED.format(table=table, before=before)))
