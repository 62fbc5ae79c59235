"""Balances now and as of any moment, and which transfers belong together.

A balance adds the sums of whole days up to the batch that was settled last, the lines of the
moment's own day, and what was posted since that batch, in one statement: by one snapshot it is
exact, whatever is settled meanwhile, and as quick after a million lines as after a thousand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.ledger.posting import Line
from services.ledger.rules import Layer, State

_BALANCES = text(
    """
    WITH settled AS (SELECT upto FROM ledger_batches ORDER BY number DESC LIMIT 1),
    wanted AS (
        SELECT code, currency FROM ledger_accounts
        WHERE CAST(:account AS text) IS NULL OR code = :account
    )
    SELECT w.code, w.currency, coalesce(sum(line.amount), 0)::bigint AS amount
    FROM wanted w LEFT JOIN (
        SELECT c.account_code, c.amount FROM ledger_cells c
        WHERE c.layer = :layer AND c.day < CAST(:since AS date)
            AND (CAST(:account AS text) IS NULL OR c.account_code = :account)
        UNION ALL
        SELECT p.account_code, p.amount FROM wanted JOIN postings p ON p.account_code = wanted.code
        WHERE p.layer = :layer
            AND p.at >= CAST(:since AS timestamptz) AND p.at <= CAST(:as_of AS timestamptz)
        UNION ALL
        SELECT p.account_code, p.amount
        FROM journal_entries e JOIN postings p ON p.entry_id = e.id
        WHERE e.xid >= coalesce((SELECT upto FROM settled), '0') AND p.layer = :layer
            AND p.at < CAST(:since AS timestamptz)
            AND (CAST(:account AS text) IS NULL OR p.account_code = :account)
    ) line ON line.account_code = w.code
    GROUP BY w.code, w.currency
    """
)
# From one subject to whatever shares a link with it, such as the parts of what was paid together.
_THREAD = text(
    """
    WITH RECURSIVE thread AS (
        SELECT id, subject_id, linked_id FROM journal_entries WHERE subject_id = :subject
        UNION
        SELECT e.id, e.subject_id, e.linked_id FROM thread t
        JOIN journal_entries e ON e.subject_id = t.subject_id OR e.linked_id = t.linked_id
    )
    SELECT e.id, e.kind, e.state, e.subject_id, e.linked_id, e.hold_id, e.at,
        (SELECT array_agg(ARRAY[p.account_code, p.currency, p.amount::text] ORDER BY p.line)
         FROM postings p WHERE p.entry_id = e.id AND (e.state = 'pending' OR p.layer = 'posted'))
        AS lines
    FROM journal_entries e WHERE e.id IN (SELECT id FROM thread) ORDER BY e.at, e.xid, e.id
    """
)


@dataclass(frozen=True)
class TrialBalance:
    """Every account's balance; ``differences`` holds a currency's sum where it isn't zero."""

    balances: Mapping[str, int]
    differences: Mapping[str, int]


@dataclass(frozen=True)
class Entry:
    """One of the entries that belong together."""

    id: UUID
    kind: str
    state: State
    subject: UUID
    linked: UUID | None
    hold: UUID | None
    at: datetime
    lines: Sequence[Line]


def balance(
    session: Session, account: str, as_of: datetime | None = None, layer: Layer = Layer.POSTED
) -> int:
    """Sum of the account's lines, at ``as_of`` included: minor units, debit positive.

    With another ``layer`` what is held on the account.
    """
    rows = _read(session, account, as_of, layer)
    return rows[0].amount if rows else 0


def trial_balance(session: Session, as_of: datetime | None = None) -> TrialBalance:
    """All accounts, those without a line included."""
    rows = _read(session, None, as_of, Layer.POSTED)
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + row.amount
    return TrialBalance(
        balances={row.code: row.amount for row in rows},
        differences={currency: amount for currency, amount in sums.items() if amount},
    )


def list_thread(session: Session, subject: UUID) -> list[Entry]:
    """What was posted about a thing, from its funding to its payout, and about whatever is linked
    with it, the oldest first."""
    return [
        Entry(
            row.id,
            row.kind,
            State(row.state),
            row.subject_id,
            row.linked_id,
            row.hold_id,
            row.at,
            [Line(code, currency, int(amount)) for code, currency, amount in row.lines or ()],
        )
        for row in session.execute(_THREAD, {"subject": subject})
    ]


def _read(
    session: Session, account: str | None, as_of: datetime | None, layer: Layer
) -> Sequence[Any]:
    """``since``: where the day begins that isn't whole."""
    whole = as_of and datetime.combine(as_of.astimezone(UTC).date(), datetime.min.time(), UTC)
    values = {
        "account": account,
        "layer": layer.value,
        "since": whole.isoformat() if whole else "infinity",
        "as_of": as_of.isoformat() if as_of else "infinity",
    }
    return session.execute(_BALANCES, values).all()
