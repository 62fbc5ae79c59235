"""The agenda of an office's day: who comes, where each one stands, in few statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    false,
    func,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from services.appointments.models import Appointment, Member, Resemblance, ReturnPass, Visit
from services.appointments.queries import list_resemblances
from services.appointments.returning import LATE_ARRIVAL
from services.appointments.rules import RETURNABLE, Status, Waiting, queue_place
from services.citizens.models import Person
from services.kernel.identifiers import normalise_name
from services.kernel.ids import parse_folio_part
from services.kernel.tables import Page


@dataclass(frozen=True)
class AgendaQuery:
    """Which lines: those of ``day`` at an office, and of who is back then with a pass.

    ``text``: any part of a name, accents and order aside, or of a folio; with it also those who
    may still come with a pass. ``today`` is the office's. ``after`` is the last line of the page
    before.
    """

    consulate: str
    day: date
    today: date
    text: str | None = None
    status: str | None = None
    service: str | None = None
    after: tuple[datetime, UUID] | None = None


class AgendaLine(NamedTuple):
    """One person of an appointment in the agenda; ``status``, ``folio`` and ``desk`` are their own.

    The names are empty once they were erased, and of who took a ticket without giving one.
    ``arrived_at`` and what follows: of who is, or was, at the office on that day.
    """

    id: UUID
    account_id: UUID | None
    consulate_code: str
    day: date
    starts_at: datetime
    services: Sequence[str]
    walk_in: bool
    people: int
    n: int
    folio: str
    status: str
    desk: str | None
    changed_at: datetime
    came_late: bool
    given_names: str
    first_surname: str
    second_surname: str | None
    return_until: date | None
    due_at: datetime | None
    arrived_at: datetime | None
    priority: bool | None
    parked_at: datetime | None
    for_desk: str | None
    resembles: tuple[str, ...] = ()


def list_agenda(
    session: Session, query: AgendaQuery, *, limit: int
) -> Page[AgendaLine, tuple[datetime, UUID]]:
    """Lines in order of their start, those of one appointment together; ``limit`` appointments at
    least, where there are more."""
    if query.text is not None and not normalise_name(query.text):
        return Page([], None)
    rows = session.execute(_select(query).limit(limit + 1)).all()
    shown = _whole(rows[:limit]) if len(rows) > limit else rows
    reasons = list_resemblances(session, [row.id for row in shown if row.alike])
    # Its columns are those of a line, in their order, up to the last.
    lines = [AgendaLine._make((*row[:-1], tuple(reasons.get(row.id, ())))) for row in shown]
    last = shown[-1] if len(rows) > limit else None
    return Page(lines, (last.starts_at, last.id) if last else None)


def _whole(rows: Sequence[Any]) -> Sequence[Any]:
    """Without the last appointment, of which the next page shows all people."""
    last = rows[-1].id
    whole = [row for row in rows if row.id != last]
    return whole or rows


def count_people(session: Session, *, consulate: str, day: date) -> dict[str, int]:
    """People of an office's day by status; those without an appointment also under "walk_in"."""
    rows = session.execute(
        select(Member.status, Appointment.walk_in, func.count())
        .join(Appointment, Appointment.id == Member.appointment_id)
        .where(Appointment.consulate_code == consulate, Appointment.day == day)
        .group_by(Member.status, Appointment.walk_in)
    )
    sums: dict[str, int] = {}
    for status, walk_in, count in rows:
        sums[status] = sums.get(status, 0) + count
        sums["walk_in"] = sums.get("walk_in", 0) + count * walk_in
    return sums


def count_lines(lines: Sequence[AgendaLine]) -> dict[str, int]:
    """The same of lines that are all of a day's."""
    sums = Counter(line.status for line in lines)
    return {**sums, "walk_in": sum(line.walk_in for line in lines)}


def first_to_call(lines: Sequence[AgendaLine]) -> AgendaLine | None:
    """Who of those that are shown is called next, by `rules.queue_place`."""
    waiting = [
        (queue_place(Waiting(line.due_at, line.arrived_at, line.folio, bool(line.priority))), line)
        for line in lines
        if line.status == Status.CHECKED_IN
        and line.parked_at is None
        and line.due_at is not None
        and line.arrived_at is not None
    ]
    return min(waiting, key=lambda each: each[0])[1] if waiting else None


def _columns() -> tuple[Any, ...]:
    alike = exists().where(Resemblance.appointment_id == Appointment.id)
    return (
        Appointment.id,
        Appointment.account_id,
        Appointment.consulate_code,
        Appointment.day,
        Appointment.starts_at,
        Appointment.services,
        Appointment.walk_in,
        _coming(),
        Member.n,
        Member.folio,
        Member.status,
        Member.desk,
        Member.changed_at,
        func.coalesce(Member.outcome.has_key(LATE_ARRIVAL), false()).label("came_late"),
        Person.given_names,
        Person.first_surname,
        Person.second_surname,
        ReturnPass.valid_until.label("return_until"),
        Visit.due_at,
        Visit.arrived_at,
        Visit.priority,
        Visit.parked_at,
        Visit.for_desk,
        alike.label("alike"),
    )


def _coming() -> ColumnElement[int]:
    """How many people an appointment is for, without those who were taken out of it."""
    other = aliased(Member)
    left = (
        select(func.count())
        .where(other.appointment_id == Appointment.id, other.status == Status.CANCELLED)
        .scalar_subquery()
    )
    return case((Appointment.people == 1, 1), else_=Appointment.people - left).label("people")


def _select(query: AgendaQuery) -> Any:
    good = and_(
        ReturnPass.appointment_id == Member.appointment_id,
        ReturnPass.n == Member.n,
        ReturnPass.valid_until >= query.today,
        Member.status.in_(sorted(RETURNABLE)),
    )
    here = and_(
        Visit.appointment_id == Member.appointment_id, Visit.n == Member.n, Visit.day == query.day
    )
    chosen = (
        select(*_columns())
        .join(Member, Member.appointment_id == Appointment.id)
        .join(Person, Person.id == Member.person_id)
        .outerjoin(ReturnPass, good)
        .outerjoin(Visit, here)
        .where(Appointment.consulate_code == query.consulate, _of_the_day(query))
        .order_by(Appointment.starts_at, Appointment.id, Member.n)
    )
    if query.status is not None:
        chosen = chosen.where(Member.status == query.status)
    if query.service is not None:
        chosen = chosen.where(Appointment.services.contains([query.service]))
    if query.text is not None:
        chosen = chosen.where(_matches(query.text))
    if query.after is not None:
        chosen = chosen.where(tuple_(Appointment.starts_at, Appointment.id) > query.after)
    return chosen


def _of_the_day(query: AgendaQuery) -> ColumnElement[bool]:
    """By two indexes: the day's own, and those who came back, or may, on another day."""
    came: ColumnElement[bool] = ReturnPass.returned_on == query.day
    own = select(Appointment.id).where(
        Appointment.consulate_code == query.consulate, Appointment.day == query.day
    )
    back = select(ReturnPass.appointment_id).where(
        ReturnPass.consulate_code == query.consulate,
        or_(came, ReturnPass.valid_until >= query.day) if query.text else came,
    )
    return Appointment.id.in_(union_all(own, back))


def _matches(text: str) -> ColumnElement[bool]:
    matches = _called(text)
    part = parse_folio_part(text)
    if part is not None:
        matches = or_(matches, Member.folio.contains(part), Appointment.folio.contains(part))
    return matches


def _called(name: str) -> ColumnElement[bool]:
    """Each word is part of the person's name, or all of them together: "orelling", "O Relling"."""
    words = normalise_name(name).split()
    full = func.normal_name(
        func.concat_ws(" ", Person.given_names, Person.first_surname, Person.second_surname)
    )
    each = and_(*(full.contains(word, autoescape=True) for word in words))
    together = func.replace(full, " ", "").contains("".join(words), autoescape=True)
    return or_(each, together)
