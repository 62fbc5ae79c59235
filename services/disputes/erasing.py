"""Erase what a sender and staff wrote in disputes; folio, kind, dates and amounts stay."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.citizens.erasing import Erased
from services.disputes.models import Dispute
from services.disputes.rules import OPEN


def has_open(session: Session, erased: Erased) -> bool:
    """Whether an error that the account claimed is still being investigated."""
    theirs = erased.owns(Dispute.account_id)
    disputes = select(Dispute.id).where(theirs, Dispute.status.in_(sorted(OPEN)))
    return session.scalars(disputes.limit(1)).first() is not None


def erase(session: Session, erased: Erased) -> None:
    """Drop the keys and the texts under them."""
    session.execute(
        update(Dispute)
        .where(erased.owns(Dispute.account_id))
        .values(data_key=None, claim_sealed=None, explanation_sealed=None)
        .execution_options(synchronize_session=False)
    )
