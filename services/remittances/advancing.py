"""What comes next for a remittance: have the sender pay, or pay it out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.kernel.crypto import Vault
from services.remittances.funding import ChargeAnswer, ChargeTask, claim_charge, settle_parts
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.parts import lock_parts
from services.remittances.payout import PayoutTask, claim_locked
from services.remittances.rules import UNPAID


def claim_next(
    session: Session, remittance_id: UUID, *, now: datetime, vault: Vault
) -> ChargeTask | PayoutTask | None:
    """The next call to make, written down: to be committed before it is made. None when there is
    none for now. Raises NotFound, and as `claim_locked`."""
    remittance = LIFECYCLE.lock(session, remittance_id)
    if remittance.status in UNPAID:
        return claim_charge(session, remittance, now=now)
    return claim_locked(session, remittance, now=now, vault=vault)


def settle_and_claim(
    session: Session, remittance_id: UUID, answer: ChargeAnswer, *, now: datetime, vault: Vault
) -> PayoutTask | None:
    """Take the provider's word; where that is a payment, order the payout with it, in the same
    transaction. Raises as `claim_next`."""
    parts = lock_parts(session, remittance_id)
    settle_parts(session, parts.values(), answer, now=now)
    return claim_locked(session, parts[remittance_id], now=now, vault=vault)
