"""Give money back to a sender for an error, after the recipient was paid: never above what was
paid, together with what went back before (`ck_remittances_no_more_than_paid`)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.kernel.db import savepoint, violated_constraint
from services.kernel.errors import WrongState
from services.remittances.entries import post_remedy
from services.remittances.errors import RemedyExceedsPaid
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import Remittance
from services.remittances.rules import Status


def lock_remittance(session: Session, remittance: UUID) -> Remittance:
    """The remittance as it is now, held until the transaction ends. Raises NotFound."""
    return LIFECYCLE.lock(session, remittance)


def give_remedy(
    session: Session, remittance: Remittance, minor: int, *, fees: bool, key: str, now: datetime
) -> None:
    """Owe the sender ``minor`` cents more. ``key`` names what it is for: the same one again is
    refused as posted before. ``fees``: fee and tax are part of it; the rest is the house's expense.

    Raises `WrongState` for one that wasn't paid out, `RemedyExceedsPaid`, `AlreadyPosted`.
    """
    if remittance.status != Status.PAID:
        raise WrongState(state=remittance.status)
    try:
        with savepoint(session):
            remittance.remedied_minor += minor
            session.flush()
    except IntegrityError as error:
        if violated_constraint(error) == "ck_remittances_no_more_than_paid":
            session.expire(remittance, ["remedied_minor"])
            raise RemedyExceedsPaid(field="amount") from error
        raise
    post_remedy(session, remittance, minor, key=key, fees=fees, now=now)
