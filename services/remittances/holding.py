"""A person decides about a remittance with a name that is like a listed one: it goes on, or the
sender's money goes back. Four eyes aren't needed; every look and decision is in the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.errors import Invalid, NotFound, WrongState
from services.kernel.tables import Page, fetch_page
from services.outbox.delivery import enqueue
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import Remittance, ScreeningHit
from services.remittances.refunding import give_back
from services.remittances.rules import FOR_A_PERSON, NOT_APPROVED, OPEN, HoldDecision, Status
from services.remittances.screening import decide, is_undecided


@dataclass(frozen=True)
class Hold:
    """One that waits for a person. ``due``: by when, as the sender was told; None for one that is
    at the agency already."""

    id: UUID
    folio: str
    status: Status
    since: datetime
    due: datetime | None
    hits: int


@dataclass(frozen=True)
class HoldDetail:
    """Whom to compare with whom."""

    hold: Hold
    sender: str
    recipient: str
    hits: Sequence[ScreeningHit]


_UNDECIDED = ScreeningHit.decided_at.is_(None)


def list_holds(
    session: Session, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> Page[Remittance, tuple[datetime, UUID]]:
    """Those that wait for a person, the longest first. Needs the network's scope."""
    query = (
        select(Remittance)
        .where(
            Remittance.status.in_(sorted(OPEN)),
            Remittance.status.in_(sorted(FOR_A_PERSON))
            | exists().where(ScreeningHit.remittance_id == Remittance.id, _UNDECIDED),
        )
        .order_by(Remittance.changed_at, Remittance.id)
    )
    if after:
        query = query.where(
            (Remittance.changed_at > after[0])
            | ((Remittance.changed_at == after[0]) & (Remittance.id > after[1]))
        )
    return fetch_page(session, query, limit=limit, place=lambda row: (row.changed_at, row.id))


def describe_hold(session: Session, remittance: Remittance) -> Hold:
    """What a list of holds shows of one."""
    hits = select(func.count()).where(ScreeningHit.remittance_id == remittance.id, _UNDECIDED)
    held = remittance.status in FOR_A_PERSON
    return Hold(
        remittance.id,
        remittance.folio,
        Status(remittance.status),
        remittance.changed_at,
        remittance.answer_due_at if held else None,
        session.scalar(hits) or 0,
    )


def read_hold(session: Session, remittance_id: UUID, *, now: datetime, actor: Actor) -> HoldDetail:
    """The names and what they are like. Noted in the audit. Raises NotFound, also for one that
    never waited for a person."""
    remittance = session.get(Remittance, remittance_id)
    hits = session.scalars(
        select(ScreeningHit)
        .where(ScreeningHit.remittance_id == remittance_id)
        .order_by(ScreeningHit.found_at, ScreeningHit.id)
    ).all()
    if remittance is None or not hits:
        raise NotFound()
    subject = audit.Subject.of("remittance", remittance)
    audit.record(session, subject, action="remittance.read_hold", now=now, actor=actor)
    hold = describe_hold(session, remittance)
    return HoldDetail(hold, remittance.sender_name, remittance.recipient_name, hits)


def release(
    session: Session, remittance_id: UUID, reason: str, *, now: datetime, actor: Actor
) -> Remittance:
    """It is somebody else: the remittance goes on. Raises NotFound, Invalid without a reason, and
    `WrongState` where nothing waits for a decision."""
    remittance = _lock_undecided(session, remittance_id)
    _decide(session, remittance, HoldDecision.RELEASED, reason, now=now, actor=actor)
    if remittance.status in FOR_A_PERSON:
        LIFECYCLE.move(
            session, remittance, Status.SCREENING, now=now, actor=actor,
            action="remittance.release", answer_due_at=None,
        )  # fmt: skip
        enqueue(session, "remittances.payout", remittance.id)
    return remittance


def refuse(
    session: Session, remittance_id: UUID, reason: str, *, now: datetime, actor: Actor
) -> Remittance:
    """It may be who is listed: the remittance is stopped, and the sender's money goes back. Raises
    as `release`."""
    remittance = _lock_undecided(session, remittance_id)
    _decide(session, remittance, HoldDecision.REFUSED, reason, now=now, actor=actor)
    action = "remittance.refuse"
    if remittance.status in FOR_A_PERSON:
        give_back(
            session, remittance, now=now, actor=actor, action=action, reason_code=NOT_APPROVED
        )
    elif LIFECYCLE.allows(remittance.status, Status.CANCELLING):
        LIFECYCLE.move(
            session, remittance, Status.CANCELLING, now=now, actor=actor, action=action,
            reason_code=NOT_APPROVED,
        )  # fmt: skip
    return remittance


def _lock_undecided(session: Session, remittance_id: UUID) -> Remittance:
    remittance = LIFECYCLE.lock(session, remittance_id)
    waits = remittance.status in FOR_A_PERSON or is_undecided(session, remittance_id)
    if remittance.status not in OPEN or not waits:
        raise WrongState(state=remittance.status)
    return remittance


def _decide(
    session: Session,
    remittance: Remittance,
    decision: HoldDecision,
    reason: str,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    if not reason.strip():
        raise Invalid("required", field="reason")
    decide(session, remittance.id, decision, reason.strip(), now=now, by=actor.account_id)
    subject = audit.Subject.of("remittance", remittance)
    action = f"remittance.hold_{decision}"
    audit.record(session, subject, action=action, now=now, actor=actor)
