"""What a step of the desk leaves behind: who is at the office since when, and how to undo it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, inspect, select
from sqlalchemy.orm import Session

from services.appointments import returning
from services.appointments.models import Appointment, Claim, DeskStep, Member, ReturnPass, Visit
from services.appointments.rules import Status, Step
from services.kernel.audit import Actor
from services.kernel.ids import new_id


def remember(
    session: Session,
    appointment: Appointment,
    moving: Sequence[Member],
    step: str,
    after: Status,
    *,
    now: datetime,
) -> None:
    """Keep what a step is about to change, so that it can be undone."""
    id = new_id()
    for member in moving:
        session.add(
            DeskStep(
                id=id,
                appointment_id=appointment.id,
                n=member.n,
                consulate_code=appointment.consulate_code,
                step=step,
                at=now,
                status=after,
                before=_snapshot(session, appointment, member),
            )
        )


def _snapshot(session: Session, appointment: Appointment, member: Member) -> dict[str, Any]:
    keys = session.scalars(
        select(Claim.person_key)
        .where(Claim.appointment_id == appointment.id, Claim.n == member.n)
        .distinct()
    )
    visit = session.get(Visit, (appointment.id, member.n), populate_existing=True)
    held = session.get(ReturnPass, (appointment.id, member.n), populate_existing=True)
    return {
        "status": member.status,
        "desk": member.desk,
        "outcome": member.outcome,
        "whole_outcome": appointment.outcome,
        "keys": sorted(key.hex() for key in keys),
        "visit": as_json(visit),
        "pass": as_json(held),
    }


def as_json(row: Visit | ReturnPass | None) -> dict[str, Any] | None:
    """A row's columns as they can be kept and read back by `columns_of`."""
    if row is None:
        return None
    state: Any = inspect(type(row))
    names = (attribute.key for attribute in state.column_attrs)
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, bool | int | str | None) else str(value)


def note_visits(
    session: Session,
    appointment: Appointment,
    moved: Sequence[Member],
    step: Step,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """Keep who is at the office since when, and who called them."""
    for member in moved:
        if step is Step.CHECK_IN:
            _arrive(session, appointment, member, now)
        elif step is Step.CALL:
            visit = session.get(Visit, (appointment.id, member.n))
            if visit is not None:
                visit.parked_at, visit.called_at, visit.at_desk_at = None, now, None
                visit.called_by = actor.account_id
        elif step is Step.WRONG_PERSON:
            mine = Visit.appointment_id == appointment.id, Visit.n == member.n
            session.execute(delete(Visit).where(*mine))
    session.flush()


def _arrive(session: Session, appointment: Appointment, member: Member, now: datetime) -> None:
    """Whose time is today keeps it, however late; who comes on another day has that of arriving.
    Who was here before on the same day keeps what they had."""
    today = returning.today_at_office(session, appointment, now)
    visit = session.get(Visit, (appointment.id, member.n))
    if visit is not None and visit.day == today:
        visit.parked_at = None
        return
    values: dict[str, Any] = {
        "consulate_code": appointment.consulate_code,
        "day": today,
        "due_at": appointment.starts_at if appointment.day == today else now,
        "arrived_at": now,
        "services": list(appointment.services),
        "for_desk": None,
        "parked_at": None,
        "called_at": None,
        "at_desk_at": None,
        "wants_message": False,
        "notified_at": None,
    }
    if visit is None:
        session.add(Visit(appointment_id=appointment.id, n=member.n, **values))
    else:
        for name, value in values.items():
            setattr(visit, name, value)


def last_step(session: Session, appointment: UUID, *, since: datetime) -> list[DeskStep]:
    """What the desk's last step changed, of each person; nothing before ``since`` or undone.

    The last is the one that was written last: what was noted offline carries an earlier time.
    """
    newest = (
        select(DeskStep.id)
        .where(DeskStep.appointment_id == appointment)
        .order_by(DeskStep.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return list(
        session.scalars(
            select(DeskStep)
            .where(DeskStep.id == newest, DeskStep.at > since, DeskStep.undone_at.is_(None))
            .order_by(DeskStep.n)
        )
    )
