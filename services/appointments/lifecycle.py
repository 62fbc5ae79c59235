"""How an appointment and its people move from one status to the next, and what each step writes.

People move, and the appointment follows them (`rules.status_of_party`). Its history is that of its
facts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, Member
from services.appointments.rules import FOLLOWING, TRANSITIONS, Status, status_of_party
from services.citizens.models import Person
from services.facts.people import age_band
from services.facts.recording import Counted, record_party
from services.kernel import audit
from services.kernel.errors import WrongState
from services.kernel.transitions import Lifecycle
from services.outbox.delivery import enqueue, enqueue_at

# Of the appointment alone: nothing calls its `move` but `move_members`.
LIFECYCLE = Lifecycle(
    Appointment,
    "appointment",
    FOLLOWING,
    effects=(enqueue_at("appointments.cancelled", Status.CANCELLED),),
)


def list_members(session: Session, appointment: Appointment) -> Sequence[Member]:
    """Its people as they are now, in their order. Under its lock they stay so."""
    return session.scalars(
        select(Member)
        .where(Member.appointment_id == appointment.id)
        .order_by(Member.n)
        .execution_options(populate_existing=True)
    ).all()


def move_members(
    session: Session,
    appointment: Appointment,
    moving: Sequence[Member],
    after: Status,
    *,
    now: datetime,
    actor: audit.Actor,
    action: str,
    back: bool = False,
    columns_of: Callable[[Member], dict[str, Any]] = lambda member: {},
    **columns: Any,
) -> None:
    """Bring people of an appointment to a status, and the appointment to the one that follows.

    The appointment is held by `LIFECYCLE.lock`. ``columns_of`` are further ones of each person,
    ``columns`` of the appointment. Facts count people by their own status and the appointment
    once. Raises `WrongState` when the table doesn't have the step for one of them; ``back``: a step
    is undone, which may lead from anywhere to where it began.
    """
    people: dict[str, Counter[str | None]] = defaultdict(Counter)
    for member in moving:
        people[after.value][member.age_band] += 1
        people[member.status][member.age_band] -= 1
        if not back and after not in TRANSITIONS[Status(member.status)]:
            raise WrongState(state=member.status)
        _swap(session, member, after, {**columns_of(member), "changed_at": now})
    before = appointment.status
    follows = status_of_party(member.status for member in list_members(session, appointment))
    if follows == before:
        _keep(session, appointment, {**columns, "changed_at": now})
        subject = audit.Subject.of("appointment", appointment)
        audit.record(session, subject, action=action, now=now, actor=actor)
    else:
        LIFECYCLE.move(
            session, appointment, follows, now=now, actor=actor, action=action, **columns
        )
    _count(session, appointment, {before: -1, follows.value: 1}, people, now)
    if after is Status.CANCELLED and follows is not Status.CANCELLED:
        for member in moving:
            enqueue(session, "appointments.attendee_cancelled", member.person_id)


def _swap(session: Session, member: Member, after: Status, columns: dict[str, Any]) -> None:
    before = Status(member.status)
    swapped = session.execute(
        update(Member)
        .where(
            Member.appointment_id == member.appointment_id,
            Member.n == member.n,
            Member.status == before,
        )
        .values(status=after.value, **columns)
        .returning(Member.n)
        .execution_options(synchronize_session=False)
    ).first()
    if swapped is None:
        raise WrongState(state=before)


def _keep(session: Session, appointment: Appointment, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(appointment, name, value)
    session.flush()


def note_ages(session: Session, appointment: Appointment, members: Sequence[Member]) -> None:
    """Write down in which band of ages each is on the appointment's day: they are counted under it
    from then on, so whatever was counted of them before has to be taken away before."""
    people = select(Person.id, Person.birth_date)
    people = people.where(Person.id.in_([member.person_id for member in members]))
    born: dict[UUID, date | None] = {row.id: row.birth_date for row in session.execute(people)}
    for member in members:
        birth = born.get(member.person_id)
        member.age_band = age_band(birth, appointment.day).value if birth else None
    session.flush()


def count_members(
    session: Session,
    appointment: Appointment,
    members: Sequence[Member],
    *,
    now: datetime,
    sign: int = 1,
    subjects: int = 1,
) -> None:
    """Count people, and the appointment unless ``subjects`` is 0, where it is now; with a ``sign``
    of -1 take them from there."""
    people = Counter(member.age_band for member in members)
    signed = {band: sign * count for band, count in people.items()}
    _record(session, appointment, appointment.status, sign * subjects, signed, now)


def _count(
    session: Session,
    appointment: Appointment,
    subjects: dict[str, int],
    people: Mapping[str, Mapping[str | None, int]],
    now: datetime,
) -> None:
    """``subjects`` and ``people`` that each status has more, or fewer, than before."""
    moved = subjects if len(subjects) > 1 else {}
    for status in sorted({*moved, *people}):
        _record(session, appointment, status, moved.get(status, 0), people.get(status, {}), now)


def _record(
    session: Session,
    appointment: Appointment,
    status: str,
    subjects: int,
    people: Mapping[str | None, int],
    now: datetime,
) -> None:
    record_party(
        session,
        Counted("appointment", appointment.id, appointment.day, appointment.consulate_code),
        status,
        appointment.services,
        subjects=subjects,
        people=people,
        now=now,
        lead=list_members(session, appointment)[0].age_band if subjects else None,
    )
