"""Balances now and as of any moment, and which transfers belong together.

A balance is exact whatever is settled meanwhile (`ledger_balances_v1`), and as quick after a
million lines as after a thousand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.ledger.posting import Line
from services.ledger.rules import AccountKind, Layer, State

_BALANCES = text(
    "SELECT code, currency, kind, amount"
    " FROM ledger_balances_v1(:account, :layer, CAST(:as_of AS timestamptz))"
)
_POSTED = text("SELECT id FROM journal_entries WHERE id = ANY (:ids)")
_THREAD = text(
    "SELECT id, kind, state, subject_id, linked_id, hold_id, at, lines"
    " FROM ledger_thread_v1(:subject)"
)


@dataclass(frozen=True)
class TrialBalance:
    """Every account's balance; ``differences`` holds a currency's sum where it isn't zero."""

    balances: Mapping[str, int]
    differences: Mapping[str, int]


@dataclass(frozen=True)
class Balance:
    """What an account holds, in minor units of its currency: debit positive."""

    code: str
    currency: str
    kind: AccountKind
    amount: int


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


def list_balances(
    session: Session, as_of: datetime | None = None, layer: Layer = Layer.POSTED
) -> list[Balance]:
    """Every account's balance, or with another ``layer`` what is held on it."""
    rows = _read(session, None, as_of, layer)
    return [Balance(row.code, row.currency, AccountKind(row.kind), row.amount) for row in rows]


def list_posted(session: Session, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids under which there is an entry."""
    return set(session.execute(_POSTED, {"ids": list(ids)}).scalars())


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
    values = {"account": account, "layer": layer.value, "as_of": as_of}
    return session.execute(_BALANCES, values).all()
