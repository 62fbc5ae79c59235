"""Ask that somebody's data be erased: the person themselves, or staff after a check of identity."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.identity.checking import get_check
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.errors import Forbidden
from services.kernel.ids import FolioKind, new_folio, new_id
from services.outbox.delivery import enqueue
from services.privacy.models import ErasureRequest
from services.privacy.queries import find_open
from services.privacy.rules import Status


def request_own_erasure(session: Session, *, now: datetime, actor: Actor) -> ErasureRequest:
    """Of the account of whoever asks: it is carried out without anybody's approval.

    Asked again while one is open, it is that one.
    """
    if not actor.is_citizen or actor.account_id is None:
        raise Forbidden()
    known = find_open(session, account=actor.account_id)
    if known is not None and known.status == Status.REQUESTED:
        # Staff asked before for the same person, who now decides it.
        known.status, known.requested_by = Status.APPROVED, actor.account_id
        session.flush()
        _record(session, known, "approve", now=now, actor=actor)
        enqueue(session, "privacy.erase", known.id)
    if known is not None:
        return known
    columns = {"account_id": actor.account_id, "status": Status.APPROVED}
    request, added = _add(session, columns, now=now, actor=actor)
    if added:
        enqueue(session, "privacy.erase", request.id)
    return request


def request_erasure_of(
    session: Session, check: UUID, *, now: datetime, actor: Actor
) -> ErasureRequest:
    """Of the person whose document the office saw: somebody else decides about it.

    Asked again while one is open, it is that one. Raises NotFound for a check that isn't of this
    office and day.
    """
    checked = get_check(session, check, now=now, actor=actor)
    columns = {
        "account_id": checked.account_id,
        "identity_check_id": checked.id,
        "consulate_code": actor.consulate,
        "status": Status.REQUESTED,
    }
    return _add(session, columns, now=now, actor=actor)[0]


def _add(
    session: Session, columns: dict[str, Any], *, now: datetime, actor: Actor
) -> tuple[ErasureRequest, bool]:
    """The new request and True, or the open one and False: the unique indexes decide."""
    row = {
        "id": new_id(),
        "folio": new_folio(FolioKind.ERASURE),
        "requested_by": actor.account_id,
        "requested_at": now,
        **columns,
    }
    added = session.execute(
        insert(ErasureRequest).values(row).on_conflict_do_nothing().returning(ErasureRequest.id)
    ).first()
    if added is None:
        known = find_open(session, account=row["account_id"], check=row.get("identity_check_id"))
        if known is None:
            raise RuntimeError("an erasure request was refused and none is open")
        return known, False
    request = session.get_one(ErasureRequest, row["id"])
    _record(session, request, "request", now=now, actor=actor)
    return request, True


def _record(
    session: Session, request: ErasureRequest, step: str, *, now: datetime, actor: Actor
) -> None:
    subject = audit.Subject.of("erasure_request", request)
    audit.record(session, subject, action=f"erasure.{step}", now=now, actor=actor)
