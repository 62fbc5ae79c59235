"""Double entry: every movement of money as lines that sum to zero in each currency.

One call of the database's ``post_entry`` writes an entry; the database refuses what doesn't
balance, a key that was used, and any change afterwards. A debit is positive.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.kernel.db import violated_constraint
from services.kernel.errors import Conflict
from services.kernel.ids import new_id
from services.remittances.models import LedgerAccount, Posting, Remittance


class LedgerCode(StrEnum):
    """The house's accounts; the migration that seeds them says what each is."""

    FUNDING_CLEARING = "funding_clearing"
    REMITTANCES_PAYABLE = "remittances_payable"
    FEE_INCOME = "fee_income"
    EXCISE_PAYABLE = "excise_payable"
    REFUNDS_PAYABLE = "refunds_payable"
    FX_USD = "fx_usd"
    FX_MXN = "fx_mxn"
    PAYOUTS_PENDING = "payouts_pending"
    FINABIEN_SETTLEMENT = "finabien_settlement"
    SUSPENSE_MXN = "suspense_mxn"
    LOSSES_MXN = "losses_mxn"

    @property
    def currency(self) -> str:
        """Each account has one."""
        return "MXN" if self in _PESOS else "USD"


_PESOS = frozenset(
    {
        LedgerCode.FX_MXN,
        LedgerCode.PAYOUTS_PENDING,
        LedgerCode.FINABIEN_SETTLEMENT,
        LedgerCode.SUSPENSE_MXN,
        LedgerCode.LOSSES_MXN,
    }
)


class EntryKind(StrEnum):
    """What moved the money; each happens at most once to a remittance, the last two to an incident.

    ``suspended``: the agency contradicts the books; ``cleared``: a person has settled that.
    """

    FUNDED = "funded"
    CONVERTED = "converted"
    PAID = "paid"
    REVERSED = "reversed"
    REFUNDED = "refunded"
    SUSPENDED = "suspended"
    CLEARED = "cleared"


class AlreadyPosted(Conflict):
    """This happened to this remittance before: nothing is posted twice."""

    code = "already_posted"


@dataclass(frozen=True)
class Line:
    """``amount`` in minor units of the account's currency, debit positive."""

    account: LedgerCode
    amount: int


def lines_of(kind: EntryKind, of: Remittance) -> list[Line]:
    """The lines of an entry of that kind for that remittance."""
    code = LedgerCode
    converted = [
        Line(code.REMITTANCES_PAYABLE, of.send_minor),
        Line(code.FX_USD, -of.send_minor),
        Line(code.FX_MXN, of.receive_minor),
        Line(code.PAYOUTS_PENDING, -of.receive_minor),
    ]
    owed = [
        Line(code.REMITTANCES_PAYABLE, -of.send_minor),
        Line(code.FEE_INCOME, -of.fee_minor),
        Line(code.EXCISE_PAYABLE, -of.tax_minor),
    ]
    match kind:
        case EntryKind.FUNDED:
            lines = [Line(code.FUNDING_CLEARING, of.total_minor), *owed]
        case EntryKind.CONVERTED:
            lines = converted
        case EntryKind.PAID:
            lines = [
                Line(code.PAYOUTS_PENDING, of.receive_minor),
                Line(code.FINABIEN_SETTLEMENT, -of.receive_minor),
            ]
        case EntryKind.REVERSED:
            lines = _opposite(converted)
        case EntryKind.REFUNDED:
            lines = [*_opposite(owed), Line(code.REFUNDS_PAYABLE, -of.total_minor)]
        case EntryKind.SUSPENDED | EntryKind.CLEARED:
            raise ValueError(f"{kind} is posted for an incident")
    return [line for line in lines if line.amount]


_POST = text("SELECT post_entry(:id, :key, :kind, :remittance, :at, CAST(:lines AS jsonb))")


def post(session: Session, kind: EntryKind, of: Remittance, *, now: datetime) -> None:
    """Write the entry in the current transaction. Raises `AlreadyPosted`."""
    post_lines(session, kind, of.id, lines_of(kind, of), now=now)


def post_lines(
    session: Session,
    kind: EntryKind,
    remittance: UUID,
    lines: Sequence[Line],
    *,
    now: datetime,
    incident: UUID | None = None,
) -> None:
    """Write these lines as the one entry of that kind of the remittance, or of an incident about
    it. Raises `AlreadyPosted`."""
    about = f"incident:{incident}" if incident else f"remittance:{remittance}"
    values = {
        "id": new_id(),
        "key": f"{about}:{kind}",
        "kind": kind.value,
        "remittance": remittance,
        "at": now,
        "lines": json.dumps(
            [
                {"account": line.account, "currency": line.account.currency, "amount": line.amount}
                for line in lines
            ]
        ),
    }
    try:
        session.execute(_POST, values)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_journal_entries_key":
            raise AlreadyPosted() from error
        raise


def balance(session: Session, account: LedgerCode, as_of: datetime | None = None) -> int:
    """Sum of the account's lines, at ``as_of`` included: minor units, debit positive."""
    query = select(func.coalesce(func.sum(Posting.amount), 0)).where(
        Posting.account_code == account
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
    lines = select(
        Posting.account_code, Posting.currency, func.sum(Posting.amount).label("amount")
    ).group_by(Posting.account_code, Posting.currency)
    if as_of is not None:
        lines = lines.where(Posting.at <= as_of)
    rows = session.execute(lines).all()
    codes = session.scalars(select(LedgerAccount.code)).all()
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + int(row.amount)
    found = {row.account_code: int(row.amount) for row in rows}
    return TrialBalance(
        balances={code: found.get(code, 0) for code in codes},
        differences={currency: amount for currency, amount in sums.items() if amount},
    )


def _opposite(lines: Sequence[Line]) -> list[Line]:
    return [Line(line.account, -line.amount) for line in lines]
