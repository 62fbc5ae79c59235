"""Investigate a dispute and end it: put the error right, or explain why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.disputes.claiming import list_actions
from services.disputes.errors import DisputeTaken, RemedyNotOffered
from services.disputes.lifecycle import LIFECYCLE
from services.disputes.models import Dispute
from services.disputes.rules import (
    Action,
    Left,
    Remedy,
    Status,
    correct_by,
    gives_fees,
    remedies,
    remedy_minor,
)
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.errors import Invalid, WrongState
from services.remittances import rules as remittances
from services.remittances.models import Remittance
from services.remittances.remedying import Remedied, give_remedy, lock_remittance

EXPLANATION_PLACE = "disputes.explanation"


@dataclass(frozen=True)
class ResolveDispute:
    """How it ends: by ``remedy``, or without one when there was no error. ``explanation`` is told
    to the sender; ``amount_minor`` are cents, where the remedy is an amount."""

    dispute: UUID
    remedy: Remedy | None
    explanation: str = field(repr=False)
    amount_minor: int | None = None


def take(session: Session, dispute_id: UUID, *, now: datetime, actor: Actor) -> Dispute:
    """Investigate it. Raises NotFound, `WrongState`, `DisputeTaken` by somebody else."""
    dispute = LIFECYCLE.lock(session, dispute_id)
    if dispute.taken_by == actor.account_id:
        return dispute
    if dispute.status != Status.RECEIVED:
        raise WrongState(state=dispute.status)
    if Action.TAKE not in list_actions(dispute):
        raise DisputeTaken()
    dispute.taken_by, dispute.taken_at = actor.account_id, now
    session.flush()
    _record(session, dispute, "dispute.take", now=now, actor=actor)
    return dispute


def resolve(
    session: Session, command: ResolveDispute, *, now: datetime, actor: Actor, vault: Vault
) -> Dispute:
    """End it; what is given back is posted and the sender told, all or none.

    Raises NotFound, `WrongState`, `RemedyNotOffered`, Invalid without an amount,
    `RemedyExceedsPaid`.
    """
    dispute = LIFECYCLE.lock(session, command.dispute)
    if Action.RESOLVE not in list_actions(dispute):
        raise WrongState(state=dispute.status)
    minor = _give(session, dispute, command, now=now) if command.remedy else 0
    assert dispute.data_key is not None  # noqa: S101 - nobody is erased while one is open
    key = vault.unwrap(dispute.data_key, dispute.id)
    sealed = key.seal(command.explanation, place=EXPLANATION_PLACE, row=dispute.id)
    LIFECYCLE.move(
        session,
        dispute,
        Status.CORRECTED if command.remedy else Status.EXPLAINED,
        now=now,
        actor=actor,
        decided_by=actor.account_id,
        remedy=command.remedy.value if command.remedy else None,
        remedy_minor=minor,
        explanation_sealed=sealed,
    )
    return dispute


def give_documents(session: Session, dispute_id: UUID, *, now: datetime, actor: Actor) -> Dispute:
    """Note that the documents went to the sender. Raises NotFound, `WrongState`."""
    dispute = LIFECYCLE.lock(session, dispute_id)
    if Action.GIVE_DOCUMENTS not in list_actions(dispute):
        raise WrongState(state=dispute.status)
    dispute.documents_given_at = now
    session.flush()
    _record(session, dispute, "dispute.give_documents", now=now, actor=actor)
    return dispute


def list_remedies(remittance: Remittance) -> tuple[Remedy, ...]:
    """List the ways in which an error of the remittance may be put right now."""
    return remedies(remittances.Status(remittance.status), left_of(remittance))


def left_of(remittance: Remittance) -> Left:
    """What may still be given back of a remittance."""
    return Left(
        remittance.total_minor,
        remittance.fee_minor + remittance.tax_minor,
        remittance.remedied_minor,
        remittance.refunded_minor + remittance.returned_minor,
    )


def _give(session: Session, dispute: Dispute, command: ResolveDispute, *, now: datetime) -> int:
    """Give the remedy, under the remittance's lock; returns its cents."""
    remittance = lock_remittance(session, dispute.remittance_id)
    remedy, left = command.remedy, left_of(remittance)
    if remedy is None or remedy not in list_remedies(remittance):
        raise RemedyNotOffered(field="remedy")
    minor = remedy_minor(remedy, left, command.amount_minor)
    if remedy is Remedy.AMOUNT and minor <= 0:
        raise Invalid("required", field="amount")
    if minor:
        due_on = correct_by(remittances.day_in_mexico(now))
        why = Remedied("dispute", dispute.id, dispute.folio, due_on)
        fees = gives_fees(remedy, left)
        give_remedy(session, remittance, minor, fees=fees, why=why, now=now)
    return minor


def _record(
    session: Session, dispute: Dispute, action: str, *, now: datetime, actor: Actor
) -> None:
    subject = audit.Subject.of("dispute", dispute)
    audit.record(session, subject, action=action, now=now, actor=actor)
