"""What each step of a remittance moves, on which of the house's accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from services.ledger import posting as ledger
from services.ledger.posting import Line
from services.remittances.models import Remittance


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


def line(account: LedgerCode, amount: int) -> Line:
    """``amount`` in minor units of the account's currency, debit positive."""
    return Line(account.value, account.currency, amount)


def lines_of(kind: EntryKind, of: Remittance) -> list[Line]:
    """The lines of an entry of that kind for that remittance."""
    code = LedgerCode
    converted = [
        line(code.REMITTANCES_PAYABLE, of.send_minor),
        line(code.FX_USD, -of.send_minor),
        line(code.FX_MXN, of.receive_minor),
        line(code.PAYOUTS_PENDING, -of.receive_minor),
    ]
    owed = [
        line(code.REMITTANCES_PAYABLE, -of.send_minor),
        line(code.FEE_INCOME, -of.fee_minor),
        line(code.EXCISE_PAYABLE, -of.tax_minor),
    ]
    match kind:
        case EntryKind.FUNDED:
            lines = [line(code.FUNDING_CLEARING, of.total_minor), *owed]
        case EntryKind.CONVERTED:
            lines = converted
        case EntryKind.PAID:
            lines = [
                line(code.PAYOUTS_PENDING, of.receive_minor),
                line(code.FINABIEN_SETTLEMENT, -of.receive_minor),
            ]
        case EntryKind.REVERSED:
            lines = _opposite(converted)
        case EntryKind.REFUNDED:
            lines = [*_opposite(owed), line(code.REFUNDS_PAYABLE, -of.total_minor)]
        case EntryKind.SUSPENDED | EntryKind.CLEARED:
            raise ValueError(f"{kind} is posted for an incident")
    return [each for each in lines if each.amount]


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
    ledger.post(session, f"{about}:{kind}", lines, kind=kind.value, subject=remittance, now=now)


def _opposite(lines: Sequence[Line]) -> list[Line]:
    return [replace(each, amount=-each.amount) for each in lines]
