"""Claim an error of a remittance: by its sender, within the time that the rule gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.disputes.errors import DisputeOpen, DisputeWindowOver, NothingToDispute
from services.disputes.lifecycle import LIFECYCLE
from services.disputes.models import Dispute
from services.disputes.rules import (
    OPEN,
    Action,
    Kind,
    Status,
    actions,
    investigate_by,
    last_day_to_claim,
    may_claim,
)
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.db import savepoint, violated_constraint
from services.kernel.errors import Forbidden, NotFound, WrongState
from services.kernel.ids import FolioKind, new_folio, new_id
from services.remittances import rules as remittances
from services.remittances.models import Remittance
from services.remittances.queries import get_remittance
from services.remittances.rules import day_in_mexico

CLAIM_PLACE = "disputes.claim"


@dataclass(frozen=True)
class ClaimError:
    """What went wrong, and in the sender's own words what happened."""

    remittance: UUID
    kind: Kind
    words: str | None = field(default=None, repr=False)
    language: str = "es"


def claim(
    session: Session, command: ClaimError, *, now: datetime, actor: Actor, vault: Vault
) -> Dispute:
    """Take the claim in, with a folio and its last days. The constraint lets one be open at a time.

    Raises NotFound, `NothingToDispute`, `DisputeWindowOver`, `DisputeOpen`.
    """
    if actor.account_id is None:
        raise Forbidden()
    remittance = get_remittance(session, command.remittance, account=actor.account_id)
    _refuse(remittance, now)
    dispute = _dispute(command, remittance, now=now, vault=vault)
    try:
        with savepoint(session):
            session.add(dispute)
            session.flush()
    except IntegrityError as error:
        if violated_constraint(error) == "uq_disputes_remittance_id":
            raise DisputeOpen(folio=_open_folio(session, remittance.id)) from error
        raise
    LIFECYCLE.record(session, dispute, now=now, actor=actor, action="dispute.claim")
    return dispute


def ask_for_documents(
    session: Session, dispute_id: UUID, *, now: datetime, actor: Actor
) -> Dispute:
    """The sender wants the documents that the explanation rests on (1005.33(d)). Asked again,
    nothing changes. Raises NotFound, `WrongState`."""
    dispute = LIFECYCLE.lock(session, dispute_id)
    if dispute.account_id != actor.account_id:
        raise NotFound()
    if dispute.documents_asked_at is None:
        if Action.ASK_DOCUMENTS not in list_actions(dispute):
            raise WrongState(state=dispute.status)
        dispute.documents_asked_at = now
        session.flush()
        subject = audit.Subject.of("dispute", dispute)
        audit.record(session, subject, action="dispute.ask_documents", now=now, actor=actor)
    return dispute


def list_actions(dispute: Dispute) -> frozenset[Action]:
    """List the actions open on a dispute now."""
    return actions(
        Status(dispute.status),
        taken=dispute.taken_by is not None,
        documents_asked=dispute.documents_asked_at is not None,
        documents_given=dispute.documents_given_at is not None,
    )


def _refuse(remittance: Remittance, now: datetime) -> None:
    status, day = remittances.Status(remittance.status), day_in_mexico(now)
    if may_claim(status, remittance.date_available, day):
        return
    last_day = last_day_to_claim(remittance.date_available)
    raise DisputeWindowOver(last_day=last_day) if day > last_day else NothingToDispute()


def _dispute(
    command: ClaimError, remittance: Remittance, *, now: datetime, vault: Vault
) -> Dispute:
    row = new_id()
    key = vault.new_key(row)
    words = command.words
    return Dispute(
        id=row,
        folio=new_folio(FolioKind.DISPUTE),
        remittance_id=remittance.id,
        account_id=remittance.account_id,
        kind=command.kind.value,
        status=Status.RECEIVED.value,
        language=command.language,
        data_key=key.wrapped,
        claim_sealed=key.seal(words, place=CLAIM_PLACE, row=row) if words else None,
        claimed_at=now,
        investigate_by=investigate_by(day_in_mexico(now)),
        remedy_minor=0,
        changed_at=now,
    )


def _open_folio(session: Session, remittance: UUID) -> str | None:
    query = select(Dispute.folio).where(
        Dispute.remittance_id == remittance, Dispute.status.in_(sorted(OPEN))
    )
    return session.scalar(query)
