"""Cancel within the window: at once while nothing was sent, by the agency's word afterwards."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound, WrongState
from services.remittances.errors import AlreadyPaid, CancelWindowOver
from services.remittances.funding import ChargeStep, ChargeTask, charge_task, was_asked
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import Charge, Remittance
from services.remittances.parts import lock_parts
from services.remittances.payout import PayoutTask, describe_task, reached_agency
from services.remittances.refunding import give_back
from services.remittances.rules import FINAL, NOT_AT_AGENCY, STOPPED, Action, Status, actions


def cancel(session: Session, remittance_id: UUID, *, now: datetime, actor: Actor) -> Remittance:
    """Give everything back, or ask the agency to stop the payout. The row lock decides the race.

    At once while nothing can have reached the provider or the agency, otherwise ``cancelling``
    until they answer; asked again meanwhile, nothing changes. Before the sender has paid, the other
    part of its order is stopped with it. Raises NotFound, `AlreadyPaid`, `CancelWindowOver`,
    `WrongState`.
    """
    parts = lock_parts(session, remittance_id)
    remittance = parts[remittance_id]
    if remittance.account_id != actor.account_id:
        raise NotFound()
    status = Status(remittance.status)
    if status is Status.PAID:
        raise AlreadyPaid()
    if status in FINAL:
        raise WrongState(state=status)
    if status in STOPPED:
        return remittance
    if Action.CANCEL not in list_actions(session, remittance, now=now):
        raise CancelWindowOver(cancel_until=remittance.cancel_until)
    if remittance.funded_at is not None:
        _stop_paid(session, remittance, now=now, actor=actor)
    else:
        _stop_unpaid(session, parts.values(), now=now, actor=actor)
    return remittance


def _stop_paid(session: Session, remittance: Remittance, *, now: datetime, actor: Actor) -> None:
    """What was paid goes back, where nobody else has the order; or whoever has it is asked."""
    action, wanted = "remittance.cancel", {"cancelled_at": now}
    status = Status(remittance.status)
    if status in NOT_AT_AGENCY and not reached_agency(session, remittance.id):
        give_back(session, remittance, now=now, actor=actor, action=action, **wanted)
        return
    LIFECYCLE.move(
        session, remittance, Status.CANCELLING, now=now, actor=actor, action=action, **wanted
    )


def _stop_unpaid(
    session: Session, parts: Collection[Remittance], *, now: datetime, actor: Actor
) -> None:
    """There is one payment: where the provider may have it, it is asked to stop it."""
    asked = any(was_asked(session, part.id) for part in parts)
    after = Status.CANCELLING if asked else Status.CANCELLED
    for part in parts:
        LIFECYCLE.move(
            session,
            part,
            after,
            now=now,
            actor=actor,
            action="remittance.cancel",
            cancelled_at=now,
        )


def list_actions(session: Session, remittance: Remittance, *, now: datetime) -> frozenset[Action]:
    """List the actions open to a remittance's sender now."""
    open_now = actions(
        Status(remittance.status),
        at_agency=reached_agency(session, remittance.id),
        cancel_until=remittance.cancel_until,
        now=now,
    )
    # Dues go by their payment line, whose name is the enrollment's.
    return open_now - {Action.CORRECT_NAME} if remittance.enrollment_id else open_now


def claim_cancel(
    session: Session, remittance_id: UUID, *, now: datetime, vault: Vault
) -> PayoutTask | ChargeTask | None:
    """What to stop: the payout at the agency, or the payment at the provider; None when there is
    nothing left to stop there.

    When it turns out that no order can have reached the agency, everything goes back here.
    Raises NotFound, `RecipientForgotten`.
    """
    remittance = LIFECYCLE.lock(session, remittance_id)
    if Status(remittance.status) is not Status.CANCELLING:
        return None
    if remittance.funded_at is None:
        return charge_task(remittance, session.get_one(Charge, remittance_id), ChargeStep.STOP)
    if not reached_agency(session, remittance_id):
        give_back(session, remittance, now=now)
        return None
    return describe_task(session, remittance, vault)
