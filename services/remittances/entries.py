"""What each step of a remittance moves, on which of the house's accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from services.kernel.money import convert
from services.ledger import posting as ledger
from services.ledger.posting import Line, Transfer, id_of
from services.ledger.queries import list_posted
from services.ledger.rules import State
from services.remittances.models import RemedyRefund, Remittance


class LedgerCode(StrEnum):
    """The house's accounts; the migration that seeds them says what each is."""

    FUNDING_CLEARING = "funding_clearing"
    REMITTANCES_PAYABLE = "remittances_payable"
    FEE_INCOME = "fee_income"
    EXCISE_PAYABLE = "excise_payable"
    REFUNDS_PAYABLE = "refunds_payable"
    FX_USD = "fx_usd"
    FX_MXN = "fx_mxn"
    FX_SPREAD_MXN = "fx_spread_mxn"
    FX_MARGIN_MXN = "fx_margin_mxn"
    PAYOUTS_PENDING = "payouts_pending"
    FINABIEN_SETTLEMENT = "finabien_settlement"
    SUSPENSE_MXN = "suspense_mxn"
    LOSSES_MXN = "losses_mxn"
    REMEDIES_USD = "remedies_usd"
    FUNDING_RETURNED = "funding_returned"
    LOSSES_USD = "losses_usd"

    @property
    def currency(self) -> str:
        """Each account has one."""
        return "MXN" if self in _PESOS else "USD"


_PESOS = frozenset(
    {
        LedgerCode.FX_MXN,
        LedgerCode.FX_SPREAD_MXN,
        LedgerCode.FX_MARGIN_MXN,
        LedgerCode.PAYOUTS_PENDING,
        LedgerCode.FINABIEN_SETTLEMENT,
        LedgerCode.SUSPENSE_MXN,
        LedgerCode.LOSSES_MXN,
    }
)


class EntryKind(StrEnum):
    """What moved the money; each happens at most once to a remittance, the last four to an
    incident or a dispute.

    ``held``: pesos that were ordered are kept for the agency until it has paid or it is given back.
    ``refunded``: the house owes the sender all that they paid; ``given_back``: they have it.
    ``returned``: their bank took it back, ``lost`` where that is the house's loss, ``unfunded``
    where nothing is owed for it.
    ``suspended``: the agency contradicts the books; ``cleared``: a person has settled that.
    ``remedied``: an error is put right, and the sender is owed something back; ``remedy_given``:
    they have it.
    """

    FUNDED = "funded"
    CONVERTED = "converted"
    HELD = "held"
    PAID = "paid"
    REVERSED = "reversed"
    REFUNDED = "refunded"
    GIVEN_BACK = "given_back"
    RETURNED = "returned"
    UNFUNDED = "unfunded"
    LOST = "lost"
    SUSPENDED = "suspended"
    CLEARED = "cleared"
    REMEDIED = "remedied"
    REMEDY_GIVEN = "remedy_given"


# They follow what is said of a remittance, not its status.
BESIDE_STATUS = (
    EntryKind.SUSPENDED,
    EntryKind.CLEARED,
    EntryKind.REMEDIED,
    EntryKind.REMEDY_GIVEN,
)


def line(account: LedgerCode, amount: int) -> Line:
    """``amount`` in minor units of the account's currency, debit positive."""
    return Line(account.value, account.currency, amount)


def post(session: Session, kind: EntryKind, of: Remittance, *, now: datetime) -> None:
    """Write what that step moves, in the current transaction. Raises `AlreadyPosted`, and
    `HoldEnded` where it was paid or given back before."""
    match kind:
        case EntryKind.FUNDED:
            lines = [line(LedgerCode.FUNDING_CLEARING, of.total_minor), *_owed(of)]
            ledger.post(session, _transfer(of, kind, lines), now=now)
        case EntryKind.CONVERTED:
            held = _transfer(of, EntryKind.HELD, _payout(of), pending=True)
            ledger.post(session, *_exchange(of, kind).values(), held, now=now)
        case EntryKind.PAID:
            if not _end_hold(session, of, State.POSTED, kind, now=now):
                ledger.post(session, _transfer(of, kind, _payout(of)), now=now)
        case EntryKind.REVERSED:
            _end_hold(session, of, State.VOIDED, kind, now=now)
            ledger.post(session, *_undone_exchange(session, of), now=now)
        case EntryKind.REFUNDED:
            lines = [*_opposite(_owed(of)), line(LedgerCode.REFUNDS_PAYABLE, -of.total_minor)]
            ledger.post(session, _transfer(of, kind, lines), now=now)
        case EntryKind.GIVEN_BACK:
            lines = [
                line(LedgerCode.REFUNDS_PAYABLE, of.refunded_minor),
                line(LedgerCode.FUNDING_CLEARING, -of.refunded_minor),
            ]
            ledger.post(session, _transfer(of, kind, lines), now=now)
        case EntryKind.UNFUNDED:
            lines = [*_opposite(_owed(of)), line(LedgerCode.FUNDING_RETURNED, -of.total_minor)]
            ledger.post(session, _transfer(of, kind, lines), now=now)
        case _:
            raise ValueError(f"{kind} is no step of a remittance")


def post_return(session: Session, of: Remittance, *, now: datetime) -> None:
    """The sender's bank took back what they paid; who bears it is still to be posted."""
    lines = [
        line(LedgerCode.FUNDING_RETURNED, of.total_minor),
        line(LedgerCode.FUNDING_CLEARING, -of.total_minor),
    ]
    ledger.post(session, _transfer(of, EntryKind.RETURNED, lines), now=now)


def post_loss(session: Session, of: Remittance, *, now: datetime) -> None:
    """What was taken back is the house's loss: it had paid it out, or given it back, before."""
    lines = [
        line(LedgerCode.LOSSES_USD, of.total_minor),
        line(LedgerCode.FUNDING_RETURNED, -of.total_minor),
    ]
    ledger.post(session, _transfer(of, EntryKind.LOST, lines), now=now)


def post_return_as_refund(session: Session, of: Remittance, *, now: datetime) -> None:
    """What was taken back is what the house owed: nothing more goes to the sender."""
    lines = [
        line(LedgerCode.REFUNDS_PAYABLE, of.total_minor),
        line(LedgerCode.FUNDING_RETURNED, -of.total_minor),
    ]
    ledger.post(session, _transfer(of, EntryKind.UNFUNDED, lines), now=now)


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
    transfer = Transfer(id_of(f"{about}:{kind}"), kind.value, remittance, lines)
    ledger.post(session, transfer, now=now)


def post_remedy(
    session: Session, of: Remittance, minor: int, *, key: str, fees: bool, now: datetime
) -> None:
    """Owe the sender ``minor`` cents for an error: fee and tax are taken back where ``fees`` says
    that they are part of it, the rest is an expense. Raises `AlreadyPosted`."""
    fee, tax = (of.fee_minor, of.tax_minor) if fees else (0, 0)
    lines = [
        line(LedgerCode.FEE_INCOME, fee),
        line(LedgerCode.EXCISE_PAYABLE, tax),
        line(LedgerCode.REMEDIES_USD, minor - fee - tax),
        line(LedgerCode.REFUNDS_PAYABLE, -minor),
    ]
    kind = EntryKind.REMEDIED
    transfer = Transfer(id_of(f"{key}:{kind}"), kind.value, of.id, [e for e in lines if e.amount])
    ledger.post(session, transfer, now=now)


def post_remedy_settled(
    session: Session, of: RemedyRefund, *, returned: bool, now: datetime
) -> None:
    """What was owed for an error went back. ``returned``: with all else that the sender's bank took
    back, so that the loss is smaller by it. Raises `AlreadyPosted`."""
    taken = LedgerCode.LOSSES_USD if returned else LedgerCode.FUNDING_CLEARING
    lines = [line(LedgerCode.REFUNDS_PAYABLE, of.amount_minor), line(taken, -of.amount_minor)]
    kind = EntryKind.REMEDY_GIVEN
    transfer = Transfer(id_of(f"remedy:{of.id}:{kind}"), kind.value, of.remittance_id, lines)
    ledger.post(session, transfer, now=now)


def _owed(of: Remittance) -> list[Line]:
    """What the house owes for what the sender has paid, and its income."""
    lines = [
        line(LedgerCode.REMITTANCES_PAYABLE, -of.send_minor),
        line(LedgerCode.FEE_INCOME, -of.fee_minor),
        line(LedgerCode.EXCISE_PAYABLE, -of.tax_minor),
    ]
    return [each for each in lines if each.amount]


def _payout(of: Remittance) -> list[Line]:
    return [
        line(LedgerCode.PAYOUTS_PENDING, of.receive_minor),
        line(LedgerCode.FINABIEN_SETTLEMENT, -of.receive_minor),
    ]


def _exchange(of: Remittance, kind: EntryKind) -> dict[str, Transfer]:
    """Dollars into pesos: linked transfers, each in its currency, through the accounts that hold
    what the house has of both, exchanged at the FIX. What our rate is below it, and what a rounded
    amount leaves over, are transfers of their own."""
    code = LedgerCode
    legs = {
        "usd": (code.REMITTANCES_PAYABLE, code.FX_USD, of.send_minor),
        "mxn": (code.FX_MXN, code.PAYOUTS_PENDING, of.receive_minor),
        "spread": (code.FX_MXN, code.FX_SPREAD_MXN, spread_minor(of)),
        "margin": (code.FX_MXN, code.FX_MARGIN_MXN, margin_minor(of)),
    }
    linked = id_of(f"remittance:{of.id}:{kind}")
    return {
        leg: Transfer(
            id_of(f"remittance:{of.id}:{kind}:{leg}"),
            kind.value,
            of.id,
            [line(debit, amount), line(credit, -amount)],
            linked=linked,
        )
        for leg, (debit, credit, amount) in legs.items()
        if amount
    }


def _undone_exchange(session: Session, of: Remittance) -> list[Transfer]:
    """The exchange backwards. Earlier versions knew neither spread nor margin, which isn't undone
    where it wasn't posted."""
    exchanged = _exchange(of, EntryKind.CONVERTED)
    posted = list_posted(session, [leg.id for leg in exchanged.values()])
    return [
        replace(leg, lines=_opposite(leg.lines))
        for name, leg in _exchange(of, EntryKind.REVERSED).items()
        if name in ("usd", "mxn") or exchanged[name].id in posted
    ]


def spread_minor(of: Remittance) -> int:
    """Centavos that the dollars bring at the unrounded rate beyond what the recipient gets."""
    return convert(of.send_minor, of.rate) - of.receive_minor


def margin_minor(of: Remittance) -> int:
    """Centavos that the dollars bring at the FIX beyond what they bring at our rate."""
    return convert(of.send_minor, of.fix) - convert(of.send_minor, of.rate) if of.fix else 0


def _transfer(
    of: Remittance, kind: EntryKind, lines: Sequence[Line], *, pending: bool = False
) -> Transfer:
    return Transfer(id_of(f"remittance:{of.id}:{kind}"), kind.value, of.id, lines, pending=pending)


def _end_hold(
    session: Session, of: Remittance, state: State, kind: EntryKind, *, now: datetime
) -> bool:
    """False for one that the version before has ordered, which holds nothing."""
    transfer = id_of(f"remittance:{of.id}:{kind}")
    hold = id_of(f"remittance:{of.id}:{EntryKind.HELD}")
    return ledger.end_hold(session, transfer, hold, state, kind=kind.value, now=now)


def _opposite(lines: Sequence[Line]) -> list[Line]:
    return [replace(each, amount=-each.amount) for each in lines]
