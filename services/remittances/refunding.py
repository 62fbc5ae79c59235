"""Give everything back that the sender paid, fees and taxes included, once.

It is owed from the moment that the remittance can't be paid any more, and the provider is told
under our folio, which it takes in once. What the sender's bank took back isn't given back again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.kernel.audit import SYSTEM, Actor
from services.remittances import entries
from services.remittances.entries import EntryKind
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import Charge, Remittance
from services.remittances.rules import NOT_BACK_YET, ChargeStatus, Status, refund_due


@dataclass(frozen=True)
class RefundTask:
    """What the provider is to give back of the charge with this folio, in cents; ``part`` is the
    folio of the part that is given back, where that isn't all."""

    remittance: UUID
    folio: str
    amount_minor: int
    part: str | None = None


def give_back(
    session: Session,
    remittance: Remittance,
    *,
    now: datetime,
    actor: Actor = SYSTEM,
    action: str | None = None,
    **columns: Any,
) -> None:
    """End a locked remittance that isn't paid out: the sender's money goes back, unless their bank
    took it already. Raises `WrongState`."""
    if remittance.returned_minor:
        LIFECYCLE.move(
            session, remittance, Status.FAILED, now=now, actor=actor, action=action, **columns
        )
        return
    LIFECYCLE.move(
        session,
        remittance,
        Status.REFUNDING,
        now=now,
        actor=actor,
        action=action,
        refunded_minor=remittance.total_minor - remittance.remedied_minor,
        answer_due_at=refund_due(now),
        **columns,
    )


def claim_refund(session: Session, remittance_id: UUID, *, now: datetime) -> RefundTask | None:
    """What the provider is to give back, written down: to be committed before the call.

    None when there is nothing left to give back. Raises NotFound.
    """
    remittance = LIFECYCLE.lock(session, remittance_id)
    if remittance.status not in NOT_BACK_YET:
        return None
    charge = session.get(Charge, remittance_id)
    if charge is None:
        # The version before took the money as paid without a provider.
        end_refund(session, remittance, now=now)
        return None
    charge.refund_asked_at = charge.refund_asked_at or now
    session.flush()
    if charge.folio is None:
        return RefundTask(remittance.id, remittance.folio, remittance.refunded_minor)
    return RefundTask(remittance.id, charge.folio, remittance.refunded_minor, remittance.folio)


def settle_refund(session: Session, remittance: Remittance, charge: Charge, now: datetime) -> None:
    """The provider has given it back. Old news changes nothing. Both rows are locked."""
    if remittance.status not in NOT_BACK_YET:
        return
    charge.state = ChargeStatus.REFUNDED
    charge.refunded_at = now
    entries.post(session, EntryKind.GIVEN_BACK, remittance, now=now)
    end_refund(session, remittance, now=now)


def end_refund(session: Session, remittance: Remittance, *, now: datetime, **columns: Any) -> None:
    """The sender has everything back: cancelled where they wanted it so, else refunded."""
    after = Status.CANCELLED if remittance.cancelled_at else Status.REFUNDED
    LIFECYCLE.move(session, remittance, after, now=now, actor=SYSTEM, **columns)
