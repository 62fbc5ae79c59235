"""Count an officer's cash against what was charged; a supervisor signs it off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.cashier.models import CashCount, CashUp, Receipt
from services.cashier.rules import Means
from services.kernel import audit
from services.kernel.audit import Actor, Role
from services.kernel.errors import Conflict, Forbidden, Invalid, WrongState
from services.kernel.money import Money
from services.kernel.tables import get_row


@dataclass(frozen=True)
class Counted:
    """What there is of one means of payment, and why that isn't what was charged."""

    means: Means
    money: Money
    reason: str | None = None


def list_expected(session: Session, cash_up: UUID) -> dict[tuple[str, str], int]:
    """Sum of the receipts by means of payment and currency."""
    rows = session.execute(
        select(Receipt.means, Receipt.currency, func.sum(Receipt.total_minor))
        .where(Receipt.cash_up_id == cash_up)
        .group_by(Receipt.means, Receipt.currency)
        .order_by(Receipt.means, Receipt.currency)
    )
    return {(means, currency): int(total) for means, currency, total in rows}


def count_cash(
    session: Session, id: UUID, counts: Sequence[Counted], *, now: datetime, actor: Actor
) -> CashUp:
    """Close the cash-up with what was counted; later receipts belong to the next one.

    Raises NotFound, Forbidden for another officer's, `WrongState` for one that was counted, Invalid
    "difference_reason" (field: reason_MEANS_CURRENCY) for a difference that nobody explains.
    """
    cash_up = get_row(session, CashUp, id, lock=True)
    if actor.role is not Role.SUPERVISOR and cash_up.officer_id != actor.account_id:
        raise Forbidden()
    if cash_up.closed_at is not None:
        raise WrongState(state="counted")
    expected = list_expected(session, id)
    counted = {(each.means.value, each.money.currency): each for each in counts}
    for key in sorted(expected.keys() | counted.keys()):
        _add(session, id, key, expected.get(key, 0), counted.get(key))
    cash_up.closed_at, cash_up.closed_by = now, actor.account_id
    session.flush()
    _audit(session, cash_up, "cash_up.counted", now, actor)
    return cash_up


def sign_cash_up(session: Session, id: UUID, *, now: datetime, actor: Actor) -> CashUp:
    """A supervisor agrees with what was counted.

    Raises NotFound, `WrongState` unless it was counted and isn't signed, Conflict "own_cash_up"
    for the officer whose cash it is.
    """
    cash_up = get_row(session, CashUp, id, lock=True)
    if cash_up.closed_at is None or cash_up.signed_at is not None:
        raise WrongState(state="signed" if cash_up.signed_at else "open")
    if cash_up.officer_id == actor.account_id:
        raise Conflict("own_cash_up")
    cash_up.signed_at, cash_up.signed_by = now, actor.account_id
    session.flush()
    _audit(session, cash_up, "cash_up.signed", now, actor)
    return cash_up


def _add(
    session: Session, id: UUID, key: tuple[str, str], expected: int, count: Counted | None
) -> None:
    means, currency = key
    counted = count.money.minor if count else 0
    reason = count.reason if count else None
    if counted != expected and not reason:
        raise Invalid("difference_reason", field=f"reason_{means}_{currency}")
    session.add(
        CashCount(
            cash_up_id=id,
            means=means,
            currency=currency,
            expected_minor=expected,
            counted_minor=counted,
            reason=reason if counted != expected else None,
        )
    )


def _audit(session: Session, cash_up: CashUp, action: str, now: datetime, actor: Actor) -> None:
    subject = audit.Subject("cash_up", cash_up.id, None, cash_up.consulate_code)
    audit.record(session, subject, action=action, now=now, actor=actor)
