"""What comes next for a remittance: have the sender pay, or pay it out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.kernel.crypto import Vault
from services.kernel.db import text
from services.remittances.funding import ChargeAnswer, ChargeTask, claim_charge, settle_parts
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.parts import lock_charged
from services.remittances.payout import PayoutTask, claim_locked
from services.remittances.rules import UNPAID, day_in_mexico
from services.remittances.tariffs import tariff_when_asked

_STATUS = text("SELECT status FROM remittances WHERE id = :id")


def is_unpaid(session: Session, remittance_id: UUID) -> bool:
    """Whether its sender is to be charged next; what is paid for is to be paid out."""
    return session.execute(_STATUS, {"id": remittance_id}).scalar_one_or_none() in UNPAID


def claim_next(
    session: Session, remittance_id: UUID, *, now: datetime, vault: Vault
) -> ChargeTask | PayoutTask | None:
    """The next call to make, written down: to be committed before it is made. None when there is
    none for now. Raises NotFound, and as `claim_locked`."""
    remittance = LIFECYCLE.lock(session, remittance_id)
    if remittance.status in UNPAID:
        return claim_charge(session, remittance, now=now)
    rules = tariff_when_asked(session, day_in_mexico(now))
    return claim_locked(session, remittance, rules, now=now, vault=vault)


def settle_and_claim(
    session: Session, remittance_id: UUID, answer: ChargeAnswer, *, now: datetime, vault: Vault
) -> PayoutTask | None:
    """Take the provider's word; where that is a payment, order the payout with it, in the same
    transaction. Raises as `claim_next`."""
    parts = lock_charged(session, remittance_id)
    rules = tariff_when_asked(session, day_in_mexico(now))
    settle_parts(session, parts, answer, rules, now=now)
    [remittance] = (part for part, _ in parts if part.id == remittance_id)
    return claim_locked(session, remittance, rules, now=now, vault=vault)
