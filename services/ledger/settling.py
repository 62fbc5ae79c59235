"""Settle what was posted: add it to the sums that balances are read from, and seal every row.

Entries are settled in batches once no transaction that is older can still commit: up to the oldest
one that is running (``pg_snapshot_xmin``), never by the greatest id, for a lower one may commit
later. Nobody who posts does anything for it, or waits for it. A row's seal is a keyed digest whose
key isn't in the database; a batch's digest covers its seals and the batch before, so that nothing
is taken out of the row unnoticed (`services.ledger.second_book`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from services.kernel.crypto import Vault
from services.ledger.models import LedgerBatch, LedgerSeal

MOST = 5_000
# Of each row as much as nobody can find another content for.
DIGEST = 16
# Settling and the second book take turns.
_LOCK = text("SELECT pg_advisory_xact_lock(7203155)")
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(7203155)")
_WAITING = text(
    """
    SELECT EXISTS (SELECT FROM journal_entries WHERE xid >= CAST(:after AS xid8))
        OR EXISTS (SELECT FROM ledger_accounts WHERE xid >= CAST(:after AS xid8))
    """
)
# The oldest transaction that is running, numbered as rows are (`services.ledger.adopting`).
OLDEST_RUNNING = """
    SELECT CAST(CAST(CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)
        + (CAST(adoptions AS bigint) << 48) AS text) AS xid8) AS oldest
    FROM database_identity
"""
# Up to the oldest transaction that is running; where more than so many wait, up to the transaction
# with which they are so many, or that of the first alone.
_UNTIL = text(
    f"""
    WITH running AS ({OLDEST_RUNNING}), waiting AS MATERIALIZED (
        SELECT xid FROM journal_entries WHERE xid >= CAST(:after AS xid8)
        ORDER BY xid LIMIT :most + 1
    ), far AS (SELECT xid FROM waiting ORDER BY xid LIMIT 1 OFFSET :most),
    following AS (
        SELECT xid FROM journal_entries
        WHERE xid > (SELECT xid FROM waiting ORDER BY xid LIMIT 1) ORDER BY xid LIMIT 1
    )
    SELECT least(oldest, CASE WHEN EXISTS (SELECT FROM far) THEN
        greatest((SELECT xid FROM far), coalesce((SELECT xid FROM following), oldest)) END)::text
    FROM running
    """  # noqa: S608 - a constant of this file
)
_SETTLED = "xid >= CAST(:after AS xid8) AND xid < CAST(:until AS xid8)"
_ENTRIES = text(f"SELECT id FROM journal_entries WHERE {_SETTLED} ORDER BY xid, id")  # noqa: S608
_ACCOUNTS = text(f"SELECT code FROM ledger_accounts WHERE {_SETTLED} ORDER BY code")  # noqa: S608
SUMS = f"""
    SELECT p.account_code, p.layer, (p.at AT TIME ZONE 'UTC')::date AS day, sum(p.amount) AS amount
    FROM journal_entries e JOIN postings p ON p.entry_id = e.id WHERE {_SETTLED}
    GROUP BY p.account_code, p.layer, (p.at AT TIME ZONE 'UTC')::date
"""  # noqa: S608 - a constant of this file
_ADD = text(
    f"""
    INSERT INTO ledger_cells AS cell (account_code, layer, day, amount) {SUMS}
    ON CONFLICT (account_code, layer, day) DO UPDATE SET amount = cell.amount + EXCLUDED.amount
    """
)
_ENTRY_ROWS = text(
    """
    SELECT id, key, state, kind, subject_id, linked_id, hold_id, expires_at, remittance_id, at,
        xid::text, debit_code, credit_code, amount_currency, amount_minor
    FROM journal_entries WHERE id = ANY (:ids)
    """
)
_LINE_ROWS = text(
    """
    SELECT entry_id, line, account_code, currency, amount, at, layer
    FROM postings WHERE entry_id = ANY (:ids) ORDER BY entry_id, line
    """
)
_ACCOUNT_ROWS = text(
    "SELECT code, currency, kind, name, xid::text FROM ledger_accounts WHERE code = ANY (:codes)"
)


@dataclass(frozen=True)
class Rows:
    """What a batch of seals is about, as it stands in the tables now."""

    entries: dict[UUID, Any]
    lines: dict[UUID, list[Any]]
    accounts: dict[str, Any]


def is_waiting(session: Session) -> bool:
    """Whether anything was posted that isn't settled."""
    return bool(session.scalar(_WAITING, {"after": last_batch(session).upto}))


def settle(session: Session, vault: Vault, most: int = MOST) -> int:
    """Settle the next batch in the current transaction; returns how many rows were sealed, none
    while somebody else is at it."""
    if not session.scalar(_TRY_LOCK):
        return 0
    before = last_batch(session)
    until: str = session.execute(_UNTIL, {"after": before.upto, "most": most}).scalar_one()
    span = {"after": before.upto, "until": until}
    entries = list(session.scalars(_ENTRIES, span))
    codes = list(session.scalars(_ACCOUNTS, span))
    seals = _seals(read_rows(session, entries, codes), entries, codes, before.last_seal, vault)
    if not seals:
        return 0
    session.execute(_ADD, span)
    session.execute(insert(LedgerSeal), seals)
    batch = LedgerBatch(number=before.number + 1, upto=until, last_seal=seals[-1]["number"])
    batch.digest = batch_digest(vault, batch, before.digest, [seal["digests"] for seal in seals])
    session.add(batch)
    session.flush()
    return len(seals)


def hold_still(session: Session) -> None:
    """Nothing is settled from here to the end of the transaction."""
    session.execute(_LOCK)


def last_batch(session: Session) -> LedgerBatch:
    """The newest batch; one of nothing, which isn't kept, before the first."""
    newest = select(LedgerBatch).order_by(LedgerBatch.number.desc()).limit(1)
    kept = session.scalars(newest).first()
    return kept or LedgerBatch(number=0, upto="0", last_seal=0, digest=b"")


def read_rows(session: Session, entries: Sequence[UUID], codes: Sequence[str]) -> Rows:
    """These entries with their lines, and these accounts: those that are there."""
    lines = session.execute(_LINE_ROWS, {"ids": list(entries)})
    return Rows(
        {row.id: row for row in session.execute(_ENTRY_ROWS, {"ids": list(entries)})},
        {id_: list(group) for id_, group in groupby(lines, key=lambda row: row.entry_id)},
        {row.code: row for row in session.execute(_ACCOUNT_ROWS, {"codes": list(codes)})},
    )


def row_digest(vault: Vault, table: str, row: Any) -> bytes:
    """The keyed digest of all that a row says.

    Columns in which nothing stands at its end are left out: some were added after rows were sealed.
    """
    said = [_plain(value) for value in row]
    while said[-1] is None:
        said.pop()
    content = json.dumps(said, separators=(",", ":"))
    return vault.blind_index(f"ledger.{table}", content)[:DIGEST]


def batch_digest(vault: Vault, batch: LedgerBatch, before: bytes, seals: Sequence[bytes]) -> bytes:
    """The keyed digest of a batch: its seals in order, and the batch before."""
    place = f"{batch.number} {batch.upto} {batch.last_seal} {before.hex()} "
    return vault.blind_index("ledger.batch", place + " ".join(seal.hex() for seal in seals))


def _seals(
    rows: Rows, entries: Sequence[UUID], codes: Sequence[str], last: int, vault: Vault
) -> list[dict[str, Any]]:
    """Accounts first, for entries speak of them."""
    of_accounts: list[dict[str, Any]] = [
        {
            "entry_id": None,
            "account_code": code,
            "digests": row_digest(vault, "ledger_accounts", rows.accounts[code]),
        }
        for code in codes
    ]
    of_entries: list[dict[str, Any]] = [
        {
            "entry_id": id_,
            "account_code": None,
            "digests": row_digest(vault, "journal_entries", rows.entries[id_])
            + b"".join(row_digest(vault, "postings", line) for line in rows.lines.get(id_, ())),
        }
        for id_ in entries
    ]
    return [
        {**seal, "number": number}
        for number, seal in enumerate(of_accounts + of_entries, start=last + 1)
    ]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value
