"""Erase who collected somebody's documents; that they were collected, and when, stays."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from services.cashier.models import ServiceRendered
from services.citizens.erasing import Erased
from services.collection.models import ReadyDocument


def list_ids(session: Session, erased: Erased) -> Sequence[UUID]:
    """Documents of the people."""
    return session.scalars(select(ReadyDocument.id).where(_theirs(erased))).all()


def erase(session: Session, erased: Erased) -> None:
    """Names of collectors and what they showed."""
    session.execute(
        update(ReadyDocument)
        .where(_theirs(erased), ReadyDocument.collected_at.is_not(None))
        .values(collector_sealed=None, document="")
        .execution_options(synchronize_session=False)
    )


def _theirs(erased: Erased) -> ColumnElement[bool]:
    rendered = select(ServiceRendered.id).where(ServiceRendered.person_id.in_(erased.people))
    return ReadyDocument.rendered_id.in_(rendered)
