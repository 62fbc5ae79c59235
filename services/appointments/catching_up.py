"""Take in what the desk noted while the network was away: each thing once, by the same use cases as
online, with the time at which it was noted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.appointments.desk import TakeStep, take_step
from services.appointments.errors import MovedMeanwhile, NotedTooLongAgo
from services.appointments.lifecycle import LIFECYCLE
from services.appointments.models import Member, NotedOffline
from services.appointments.queueing import ChangeVisit, change_visit
from services.appointments.rules import OFFLINE_WITHIN, ONLY_AS_SEEN, OfflineStep, Step
from services.appointments.walking_in import GiveTicket, give_ticket
from services.kernel.audit import Actor, AuditEntry
from services.kernel.crypto import Vault
from services.kernel.db import savepoint
from services.kernel.errors import DomainError, Invalid, NotFound

# Reading somebody's data is an entry too, and moves nobody.
_LOOKS = ("appointment.read", "appointment.list")


@dataclass(frozen=True)
class TakeIn:
    """One thing that was noted, about one person or a new ticket. ``seen`` is the status that the
    person had on the officer's list; ``language``: that of a ticket."""

    id: UUID
    step: OfflineStep
    appointment: UUID
    n: int
    made_at: datetime
    made_by: UUID
    seen: str | None = None
    desk: str | None = None
    service: str | None = None
    folio: str | None = None
    priority: bool = False
    language: str = "es"


def take_in(
    session: Session, noted: TakeIn, *, consulate: str, now: datetime, actor: Actor, vault: Vault
) -> NotedOffline:
    """Apply it, or keep why it can't be; what arrived before stays what it became then.

    The row of its id is written first, so that of two sendings the second waits and finds it.
    """
    key = {"consulate_code": consulate, "id": noted.id}
    arrived = session.execute(
        insert(NotedOffline)
        .values(
            **key,
            step=noted.step,
            appointment_id=noted.appointment,
            n=noted.n,
            made_at=noted.made_at,
            made_by=noted.made_by,
            received_at=now,
            received_by=actor.account_id,
        )
        .on_conflict_do_nothing()
        .returning(NotedOffline.id)
    ).first()
    if arrived is not None:
        refused = _try(session, noted, consulate, now=now, actor=actor, vault=vault)
        if refused is not None:
            _keep_refusal(session, key, noted, refused)
    return session.get_one(NotedOffline, (consulate, noted.id), populate_existing=True)


def _try(
    session: Session, noted: TakeIn, consulate: str, *, now: datetime, actor: Actor, vault: Vault
) -> DomainError | None:
    try:
        with savepoint(session):
            _apply(session, noted, consulate, now=now, actor=actor, vault=vault)
    except DomainError as refused:
        return refused
    return None


def _apply(
    session: Session, noted: TakeIn, consulate: str, *, now: datetime, actor: Actor, vault: Vault
) -> None:
    if now - noted.made_at > OFFLINE_WITHIN:
        raise NotedTooLongAgo()
    # A browser's clock that is ahead brings nobody into the future.
    at = min(noted.made_at, now)
    if noted.step is OfflineStep.TICKET:
        ticket = GiveTicket(
            consulate,
            noted.service or "",
            priority=noted.priority,
            language=noted.language,
            id=noted.appointment,
            folio=noted.folio,
        )
        give_ticket(session, ticket, now=at, actor=actor, vault=vault)
        return
    _refuse_if_moved(session, noted)
    if noted.step in (OfflineStep.PARK, OfflineStep.UNPARK):
        park = noted.step is OfflineStep.PARK
        change_visit(session, ChangeVisit(noted.appointment, noted.n, park), now=at, actor=actor)
        return
    details = {"identity_checked": True} if noted.step is OfflineStep.CHECK_IN else {}
    step = TakeStep(
        noted.appointment, Step(noted.step), desk=noted.desk, details=details, only=noted.n
    )
    take_step(session, step, now=at, actor=actor)


def _refuse_if_moved(session: Session, noted: TakeIn) -> None:
    """Raises NotFound, `MovedMeanwhile`."""
    LIFECYCLE.lock(session, noted.appointment)
    member = _find(session, noted)
    if member is None:
        raise NotFound()
    if noted.step in ONLY_AS_SEEN and member.status != noted.seen:
        raise MovedMeanwhile()


def _find(session: Session, noted: TakeIn) -> Member | None:
    return session.get(Member, (noted.appointment, noted.n), populate_existing=True)


def _keep_refusal(
    session: Session, key: dict[str, Any], noted: TakeIn, refused: DomainError
) -> None:
    """Why, and how the person stood: what the officer is told, now or at any later time."""
    params = {name: str(value) for name, value in refused.params.items()}
    member = _find(session, noted)
    if member is not None:
        params |= {"status": member.status, "since": member.changed_at.isoformat()}
        params |= {"at_desk": member.desk} if member.desk else {}
        mover = _mover(session, member)
        params |= {"moved_by": str(mover)} if mover else {}
    session.execute(
        update(NotedOffline)
        .where(NotedOffline.consulate_code == key["consulate_code"], NotedOffline.id == key["id"])
        .values(refusal=refused.code, params=params)
        .execution_options(synchronize_session=False)
    )


def _mover(session: Session, member: Member) -> UUID | None:
    """Who brought them to where they stand: what they did is written down with the same time."""
    return session.scalar(
        select(AuditEntry.actor_id)
        .where(
            AuditEntry.subject_id == member.appointment_id,
            AuditEntry.at == member.changed_at,
            AuditEntry.action.not_in(_LOOKS),
        )
        .limit(1)
    )


def _unread(consulate: str) -> tuple[Any, ...]:
    return (
        NotedOffline.consulate_code == consulate,
        NotedOffline.refusal.is_not(None),
        NotedOffline.read_at.is_(None),
    )


def list_refused(session: Session, consulate: str) -> Sequence[NotedOffline]:
    """What wasn't applied and nobody has read yet, in the order in which it was noted."""
    return session.scalars(
        select(NotedOffline)
        .where(*_unread(consulate))
        .order_by(NotedOffline.made_at, NotedOffline.id)
    ).all()


def count_refused(session: Session, consulate: str) -> int:
    """How many those are."""
    counted = select(func.count()).select_from(NotedOffline).where(*_unread(consulate))
    return session.scalar(counted) or 0


def mark_read(
    session: Session, consulate: str, ids: Sequence[UUID], *, now: datetime, actor: Actor
) -> None:
    """Somebody of the office read them. Raises Invalid without any."""
    if not ids:
        raise Invalid()
    session.execute(
        update(NotedOffline)
        .where(*_unread(consulate), NotedOffline.id.in_(ids))
        .values(read_at=now, read_by=actor.account_id)
        .execution_options(synchronize_session=False)
    )
