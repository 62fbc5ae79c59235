"""Which steps appointments and their people may take now, for the use case, the API and the pages
alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.errors import TooEarly
from services.appointments.lifecycle import list_members
from services.appointments.models import Appointment, Member
from services.appointments.returning import list_member_passes, today_at_offices
from services.appointments.rules import (
    Refusal,
    Situation,
    Status,
    Step,
    actions,
    is_untouched,
    refusal,
)
from services.kernel.errors import NotFound, WrongState


def list_actions(
    session: Session, appointments: Sequence[Appointment], *, now: datetime
) -> dict[UUID, list[Step]]:
    """The steps that somebody of each appointment may take now, by its id; to move, all of them."""
    by_member = list_member_actions(session, appointments, now=now)
    may: dict[UUID, set[Step]] = {appointment.id: set() for appointment in appointments}
    for (appointment, _n), steps in by_member.items():
        may[appointment].update(steps)
    return {id: [step for step in Step if step in steps] for id, steps in may.items()}


def list_member_actions(
    session: Session, appointments: Sequence[Appointment], *, now: datetime
) -> dict[tuple[UUID, int], list[Step]]:
    """The steps that each person may take now, by their appointment's id and their number."""
    members = session.scalars(
        select(Member)
        .where(Member.appointment_id.in_([appointment.id for appointment in appointments]))
        .order_by(Member.appointment_id, Member.n)
    ).all()
    at = _situations(session, appointments, members, now=now)
    return {who: actions(situation) for who, situation in at.items()}


def who_may(
    session: Session,
    appointment: Appointment,
    step: Step,
    *,
    now: datetime,
    only: int | None = None,
) -> list[Member]:
    """Those of a locked appointment who may take the step now, or the one of them that is meant.

    Raises `NotFound` when it has no such person, `TooEarly` or `WrongState` when nobody may.
    """
    members = [each for each in list_members(session, appointment) if only in (None, each.n)]
    if not members and only is not None:
        raise NotFound()
    at = _situations(session, [appointment], members, now=now)
    refused = {each.n: refusal(step, at[appointment.id, each.n]) for each in members}
    may = [each for each in members if refused[each.n] is None]
    if not may and Refusal.TOO_EARLY in refused.values():
        raise TooEarly()
    if not may:
        raise WrongState(state=members[0].status if only is not None else appointment.status)
    return may


def _situations(
    session: Session,
    appointments: Sequence[Appointment],
    members: Sequence[Member],
    *,
    now: datetime,
) -> Mapping[tuple[UUID, int], Situation]:
    by_id = {appointment.id: appointment for appointment in appointments}
    passes = list_member_passes(session, appointments, now=now)
    today = today_at_offices(session, appointments, now)
    statuses: dict[UUID, list[str]] = {}
    for member in members:
        statuses.setdefault(member.appointment_id, []).append(member.status)
    return {
        (appointment.id, member.n): Situation(
            status=Status(member.status),
            day=appointment.day,
            starts_at=appointment.starts_at,
            now=now,
            today=today[appointment.consulate_code],
            may_return=(appointment.id, member.n) in passes,
            may_move=is_untouched(statuses[appointment.id]),
        )
        for member in members
        for appointment in (by_id[member.appointment_id],)
    }
