"""Cancel within the window: at once while nothing was sent, by the agency's word afterwards."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.kernel.audit import SYSTEM, Actor
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound, WrongState
from services.remittances.errors import AlreadyPaid, CancelWindowOver
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import Remittance
from services.remittances.payout import PayoutTask, describe_task, reached_agency
from services.remittances.rules import FINAL, NOT_AT_AGENCY, Action, Status, actions


def cancel(session: Session, remittance_id: UUID, *, now: datetime, actor: Actor) -> Remittance:
    """Give everything back, or ask the agency to stop the payout. The row lock decides the race.

    ``cancelled`` at once when no order can have reached the agency, otherwise ``cancelling``
    until it answers; asked again meanwhile, nothing changes. Raises NotFound, `AlreadyPaid`,
    `CancelWindowOver`, `WrongState`.
    """
    remittance = LIFECYCLE.lock(session, remittance_id)
    if remittance.account_id != actor.account_id:
        raise NotFound()
    status = Status(remittance.status)
    if status is Status.PAID:
        raise AlreadyPaid()
    if status in FINAL:
        raise WrongState(state=status)
    if status is Status.CANCELLING:
        return remittance
    if Action.CANCEL not in list_actions(session, remittance, now=now):
        raise CancelWindowOver(cancel_until=remittance.cancel_until)
    ours = status in NOT_AT_AGENCY and not reached_agency(session, remittance_id)
    after = Status.CANCELLED if ours else Status.CANCELLING
    LIFECYCLE.move(session, remittance, after, now=now, actor=actor, action="remittance.cancel")
    return remittance


def list_actions(session: Session, remittance: Remittance, *, now: datetime) -> frozenset[Action]:
    """List the actions open to a remittance's sender now."""
    return actions(
        Status(remittance.status),
        at_agency=reached_agency(session, remittance.id),
        cancel_until=remittance.cancel_until,
        now=now,
    )


def claim_cancel(
    session: Session, remittance_id: UUID, *, now: datetime, vault: Vault
) -> PayoutTask | None:
    """What to cancel at the agency; None when there is nothing left to cancel there.

    When it turns out that no order can have reached the agency, everything goes back here.
    Raises NotFound, `RecipientForgotten`.
    """
    remittance = LIFECYCLE.lock(session, remittance_id)
    if Status(remittance.status) is not Status.CANCELLING:
        return None
    if not reached_agency(session, remittance_id):
        LIFECYCLE.move(session, remittance, Status.CANCELLED, now=now, actor=SYSTEM)
        return None
    return describe_task(session, remittance, vault)
