"""Balances of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.ledger.models import LedgerAccount, Posting
from services.ledger.rules import Layer


def balance(session: Session, account: str, as_of: datetime | None = None) -> int:
    """Sum of the account's lines, at ``as_of`` included: minor units, debit positive."""
    query = select(func.coalesce(func.sum(Posting.amount), 0)).where(
        Posting.account_code == account, Posting.layer == Layer.POSTED
    )
    if as_of is not None:
        query = query.where(Posting.at <= as_of)
    return int(session.scalar(query) or 0)


@dataclass(frozen=True)
class TrialBalance:
    """Every account's balance; ``differences`` holds a currency's sum where it isn't zero."""

    balances: Mapping[str, int]
    differences: Mapping[str, int]


def trial_balance(session: Session, as_of: datetime | None = None) -> TrialBalance:
    """All accounts, those without a line included."""
    lines = (
        select(Posting.account_code, Posting.currency, func.sum(Posting.amount).label("amount"))
        .where(Posting.layer == Layer.POSTED)
        .group_by(Posting.account_code, Posting.currency)
    )
    if as_of is not None:
        lines = lines.where(Posting.at <= as_of)
    rows = session.execute(lines).all()
    codes = session.scalars(select(LedgerAccount.code)).all()
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + int(row.amount)
    totals = {row.account_code: int(row.amount) for row in rows}
    return TrialBalance(
        balances={code: totals.get(code, 0) for code in codes},
        differences={currency: amount for currency, amount in sums.items() if amount},
    )
