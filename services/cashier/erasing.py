"""Erase what rows of services tell of people; what was charged stays."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.cashier.models import Correction, FeeLine, ServiceRendered
from services.citizens.erasing import Erased


def erase(session: Session, erased: Erased) -> None:
    """Documents' numbers, and words of officers that may name somebody."""
    theirs = ServiceRendered.person_id.in_(erased.people)
    session.execute(
        update(FeeLine)
        .where(FeeLine.rendered_id.in_(select(ServiceRendered.id).where(theirs)))
        .values(ground=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Correction)
        .where(Correction.rendered_id.in_(select(ServiceRendered.id).where(theirs)))
        .values(reason="")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(ServiceRendered)
        .where(theirs)
        .values(document_sealed=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(ServiceRendered)
        .where(theirs, ServiceRendered.reason.is_not(None))
        .values(reason="")
        .execution_options(synchronize_session=False)
    )
