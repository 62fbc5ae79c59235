"""Read requests to erase data. Row security decides which ones the transaction sees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.identity.models import IdentityCheck
from services.kernel.tables import get_row
from services.privacy.models import ErasureRequest
from services.privacy.rules import OPEN, Status


def get_request(session: Session, id: UUID, *, lock: bool = False) -> ErasureRequest:
    """Raises NotFound. With ``lock`` it is held until the transaction ends."""
    return get_row(session, ErasureRequest, id, lock=lock)


def find_open(
    session: Session, *, account: UUID | None = None, check: UUID | None = None
) -> ErasureRequest | None:
    """The one that is still to be decided or carried out, of an account or a check."""
    same = [
        column == value
        for column, value in (
            (ErasureRequest.account_id, account),
            (ErasureRequest.identity_check_id, check),
        )
        if value
    ]
    query = select(ErasureRequest).where(or_(*same), ErasureRequest.status.in_(sorted(OPEN)))
    return session.scalars(query.order_by(ErasureRequest.requested_at)).first()


def find_by_folio(session: Session, folio: str) -> ErasureRequest | None:
    """Return the erasure request with this folio, or None."""
    return session.scalars(select(ErasureRequest).where(ErasureRequest.folio == folio)).first()


def list_own(session: Session, account: UUID) -> Sequence[ErasureRequest]:
    """List an account's erasure requests, newest first."""
    return session.scalars(
        select(ErasureRequest)
        .where(ErasureRequest.account_id == account)
        .order_by(ErasureRequest.requested_at.desc(), ErasureRequest.id)
    ).all()


def list_to_decide(session: Session, *, limit: int) -> Sequence[ErasureRequest]:
    """List erasure requests to decide, oldest first."""
    return session.scalars(
        select(ErasureRequest)
        .where(ErasureRequest.status == Status.REQUESTED)
        .order_by(ErasureRequest.requested_at, ErasureRequest.id)
        .limit(limit)
    ).all()


def list_waiting(session: Session, *, limit: int) -> Sequence[UUID]:
    """List erasure requests to carry out, oldest first."""
    return session.scalars(
        select(ErasureRequest.id)
        .where(ErasureRequest.status == Status.APPROVED)
        .order_by(ErasureRequest.requested_at)
        .limit(limit)
    ).all()


def seen_document(session: Session, request: ErasureRequest) -> str:
    """By what the office knew the person, in its words; empty for whoever asked themselves."""
    check = (
        session.get(IdentityCheck, request.identity_check_id) if request.identity_check_id else None
    )
    return (check.document if check else None) or ""


def when_issued(session: Session, folio: str) -> datetime | None:
    """When that folio was given to somebody, or None: all that whoever holds a paper may know."""
    request = find_by_folio(session, folio)
    return request.requested_at if request else None
