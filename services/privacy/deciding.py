"""Approve or refuse what an office asked for: another person than who asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.db import violated_constraint
from services.kernel.errors import Conflict, WrongState
from services.outbox.delivery import enqueue
from services.privacy.models import ErasureRequest
from services.privacy.queries import get_request
from services.privacy.rules import Refusal, Status


def approve_erasure(session: Session, id: UUID, *, now: datetime, actor: Actor) -> ErasureRequest:
    """Carry the erasure out from now on. Raises NotFound, `WrongState`, Conflict
    ``self_approval``."""
    request = _decide(session, id, Status.APPROVED, None, now=now, actor=actor)
    enqueue(session, "privacy.erase", request.id)
    return request


def refuse_erasure(
    session: Session, id: UUID, refusal: Refusal, *, now: datetime, actor: Actor
) -> ErasureRequest:
    """Refuse the erasure. Raises NotFound, `WrongState`, Conflict ``self_approval``."""
    return _decide(session, id, Status.REFUSED, refusal, now=now, actor=actor)


def _decide(
    session: Session,
    id: UUID,
    status: Status,
    refusal: Refusal | None,
    *,
    now: datetime,
    actor: Actor,
) -> ErasureRequest:
    request = get_request(session, id, lock=True)
    if request.status != Status.REQUESTED:
        raise WrongState(state=request.status)
    request.status, request.refusal = status.value, refusal and refusal.value
    request.decided_by, request.decided_at = actor.account_id, now
    try:
        session.flush()
    except IntegrityError as error:
        if violated_constraint(error) == "ck_erasure_requests_four_eyes":
            raise Conflict("self_approval") from error
        raise
    audit.record(
        session,
        audit.Subject.of("erasure_request", request),
        action="erasure.approve" if status is Status.APPROVED else "erasure.refuse",
        now=now,
        actor=actor,
    )
    return request
