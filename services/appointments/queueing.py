"""The queue of who is at the office: who comes next, and what changes somebody's place in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from services.appointments.desk import TakeStep, take_step
from services.appointments.errors import AlreadyCalled, DeskNotOpen, NobodyWaits
from services.appointments.lifecycle import LIFECYCLE, list_members
from services.appointments.models import Appointment, Desk, Member, OpeningSession, Visit
from services.appointments.next_in_queue import IN_ORDER, tell_next
from services.appointments.rules import AT_THE_OFFICE, Status, Step, Waiting, queue_place
from services.appointments.visiting import remember
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.errors import NotFound, WrongState

# Two officers who want the next one at once: the second finds another.
_TRIES = 5


@dataclass(frozen=True)
class InQueue:
    """Somebody who waits or is called. ``place`` counts those who wait, from 1; none for others."""

    appointment_id: UUID
    n: int
    folio: str
    status: str
    desk: str | None
    due_at: datetime
    arrived_at: datetime
    priority: bool
    services: Sequence[str]
    for_desk: str | None
    parked_at: datetime | None
    called_at: datetime | None
    walk_in: bool
    place: int | None = None


def list_queue(session: Session, *, consulate: str, day: date) -> list[InQueue]:
    """Everybody at the office who waits or is at a desk, in the order in which they are called."""
    rows = session.execute(_present(consulate, day)).all()
    queue, place = [], 0
    for row in sorted(rows, key=_place):
        waits = row.status == Status.CHECKED_IN and row.parked_at is None
        place += waits
        queue.append(InQueue(**row._mapping, place=place if waits else None))
    return queue


def _place(row: Any) -> Any:
    return queue_place(Waiting(row.due_at, row.arrived_at, row.folio, row.priority))


def _present(consulate: str, day: date) -> Select[Any]:
    columns: Any = (
        select(
            Visit.appointment_id,
            Visit.n,
            Member.folio,
            Member.status,
            Member.desk,
            Visit.due_at,
            Visit.arrived_at,
            Visit.priority,
            Visit.services,
            Visit.for_desk,
            Visit.parked_at,
            Visit.called_at,
            Appointment.walk_in,
        )
        .join(Member, and_(Member.appointment_id == Visit.appointment_id, Member.n == Visit.n))
        .join(Appointment, Appointment.id == Visit.appointment_id)
        .where(
            Visit.consulate_code == consulate,
            Visit.day == day,
            Member.status.in_(sorted(AT_THE_OFFICE)),
        )
    )
    return cast(Select[Any], columns)


def find_visit(session: Session, appointment: UUID, n: int) -> Visit | None:
    """Since when somebody is at the office and what they wait for, or None."""
    return session.get(Visit, (appointment, n))


def find_place(session: Session, appointment: Appointment) -> int | None:
    """How many are called before the first of its people and that one, counted from 1."""
    visit = session.scalars(
        select(Visit).where(Visit.appointment_id == appointment.id).order_by(Visit.n)
    ).first()
    if visit is None:
        return None
    queue = list_queue(session, consulate=visit.consulate_code, day=visit.day)
    places = [each.place for each in queue if each.appointment_id == appointment.id and each.place]
    return min(places, default=None)


def call_next(
    session: Session, consulate: str, desk: str, *, day: date, now: datetime, actor: Actor
) -> tuple[Appointment, int]:
    """Call whoever is next of those that the desk can serve. Returns the appointment, and whom.

    Raises `DeskNotOpen`, `NobodyWaits`.
    """
    services = _services(session, consulate, desk, day)
    for _ in range(_TRIES):
        person = _next(session, consulate, day, desk, services)
        if person is None:
            raise NobodyWaits()
        command = TakeStep(person.appointment_id, Step.CALL, desk=desk, only=person.n)
        try:
            return take_step(session, command, now=now, actor=actor), person.n
        except (AlreadyCalled, WrongState):
            continue  # another desk was faster
    raise NobodyWaits()


def _services(session: Session, consulate: str, desk: str, day: date) -> list[str]:
    rows = session.scalars(
        select(Desk.services)
        .join(OpeningSession, OpeningSession.id == Desk.session_id)
        .where(
            OpeningSession.consulate_code == consulate,
            OpeningSession.day == day,
            Desk.name == desk,
        )
    ).all()
    if not rows:
        raise DeskNotOpen(field="desk")
    return sorted({service for services in rows for service in services})


def _next(session: Session, consulate: str, day: date, desk: str, services: list[str]) -> Any:
    """The first who waits for this desk, or for any that gives one of the services."""
    able = and_(Visit.for_desk.is_(None), Visit.services.overlap(services))
    return session.execute(
        _present(consulate, day)
        .where(
            Member.status == Status.CHECKED_IN,
            Visit.parked_at.is_(None),
            or_(Visit.for_desk == desk, able),
        )
        .order_by(*IN_ORDER)
        .limit(1)
    ).first()


@dataclass(frozen=True)
class ChangeVisit:
    """What changes for one person who is here: ``park`` them or let them wait again; ``services``
    and ``for_desk``: what they wait for from now on, and where; ``priority``. None: as it is."""

    appointment: UUID
    n: int
    park: bool | None = None
    priority: bool | None = None
    services: tuple[str, ...] = ()
    for_desk: str | None = None


def change_visit(
    session: Session, command: ChangeVisit, *, now: datetime, actor: Actor
) -> Appointment:
    """Change what somebody waits for; their place stays that of their time. Who was at a desk waits
    again. Raises NotFound, `WrongState`."""
    appointment = LIFECYCLE.lock(session, command.appointment)
    visit, member = _here(session, appointment, command.n)
    moves = command.park or command.services or command.for_desk
    if member.status == Status.CALLED and moves:
        back = TakeStep(appointment.id, Step.BACK_TO_WAITING, only=command.n)
        take_step(session, back, now=now, actor=actor)
    else:
        _remember(session, appointment, member, _action(command), now)
    if command.park is not None:
        visit.parked_at = now if command.park else None
    if command.priority is not None:
        visit.priority = command.priority
    if command.services or command.for_desk:
        visit.services = list(command.services) or visit.services
        visit.for_desk, visit.parked_at = command.for_desk, None
    appointment.changed_at = now
    session.flush()
    tell_next(session, visit.consulate_code, visit.day, now=now)
    subject = audit.Subject.of("appointment", appointment)
    action = f"appointment.{_action(command)}"
    audit.record(session, subject, action=action, now=now, actor=actor)
    return appointment


def is_on_the_way(visit: Visit | None, status: str) -> bool:
    """Whether somebody was called and nobody noted yet that they came to the window."""
    return visit is not None and status == Status.CALLED and visit.at_desk_at is None


def note_at_desk(
    session: Session, appointment: UUID, n: int, *, now: datetime, actor: Actor
) -> Appointment:
    """Who was called has come to the window: their way there is no waiting, nor is it service.
    Raises NotFound, `WrongState` unless they are called; again it changes nothing."""
    whole = LIFECYCLE.lock(session, appointment)
    visit, member = _here(session, whole, n)
    if member.status != Status.CALLED:
        raise WrongState(state=member.status)
    if visit.at_desk_at is None:
        _remember(session, whole, member, "at_desk", now)
        visit.at_desk_at, whole.changed_at = now, now
        session.flush()
        subject = audit.Subject.of("appointment", whole)
        audit.record(session, subject, action="appointment.at_desk", now=now, actor=actor)
    return whole


def _action(command: ChangeVisit) -> str:
    if command.park is not None:
        return "park" if command.park else "unpark"
    return "priority" if command.priority is not None else "transfer"


def _remember(
    session: Session, appointment: Appointment, member: Member, step: str, now: datetime
) -> None:
    """A step that leaves somebody's status is undone like the others."""
    remember(session, appointment, [member], step, Status(member.status), now=now)


def take_over(
    session: Session, appointment: UUID, n: int, desk: str, *, now: datetime, actor: Actor
) -> Appointment:
    """Another desk goes on with who was called. Raises NotFound, `WrongState`, `DeskNotOpen`."""
    whole = LIFECYCLE.lock(session, appointment)
    visit, member = _here(session, whole, n)
    if member.status != Status.CALLED:
        raise WrongState(state=member.status)
    _services(session, whole.consulate_code, desk, visit.day)
    _remember(session, whole, member, "take_over", now)
    member.desk, member.changed_at = desk, now
    whole.desk, whole.changed_at = desk, now
    visit.called_by = actor.account_id
    session.flush()
    subject = audit.Subject.of("appointment", whole)
    audit.record(session, subject, action="appointment.take_over", now=now, actor=actor)
    return whole


def _here(session: Session, appointment: Appointment, n: int) -> tuple[Visit, Member]:
    """One person of a locked appointment who is at the office."""
    visit = session.get(Visit, (appointment.id, n), populate_existing=True)
    member = next((each for each in list_members(session, appointment) if each.n == n), None)
    if member is None:
        raise NotFound()
    if visit is None or Status(member.status) not in AT_THE_OFFICE:
        raise WrongState(state=member.status)
    return visit, member
