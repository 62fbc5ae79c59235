"""The agenda of an office's day: who comes, where each one stands, in few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Uuid,
    and_,
    any_,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, Member, ReturnPass
from services.appointments.queries import list_resemblances
from services.appointments.returning import LATE_ARRIVAL
from services.appointments.rules import RETURNABLE
from services.citizens.models import Person
from services.citizens.people import full_name
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


@dataclass(frozen=True)
class AgendaLine:
    """One appointment in the agenda. ``people`` are names as written, empty for erased ones."""

    id: UUID
    account_id: UUID | None
    consulate_code: str
    folio: str
    day: date
    starts_at: datetime
    services: Sequence[str]
    status: str
    desk: str | None
    changed_at: datetime
    came_late: bool
    return_until: date | None
    people: tuple[str, ...] = ()
    resembles: tuple[str, ...] = ()


def list_agenda(
    session: Session, query: AgendaQuery, *, limit: int
) -> Page[AgendaLine, tuple[datetime, UUID]]:
    """Lines in order of their start."""
    rows = session.execute(_select(query).limit(limit + 1)).all()
    shown = rows[:limit]
    ids = [row.id for row in shown]
    names, reasons = _names(session, ids), list_resemblances(session, ids)
    lines = [
        AgendaLine(
            **row._mapping,
            people=tuple(names.get(row.id, ())),
            resembles=tuple(reasons.get(row.id, ())),
        )
        for row in shown
    ]
    last = shown[-1] if len(rows) > limit else None
    return Page(lines, (last.starts_at, last.id) if last else None)


def _select(query: AgendaQuery) -> Any:
    columns = (
        Appointment.id,
        Appointment.account_id,
        Appointment.consulate_code,
        Appointment.folio,
        Appointment.day,
        Appointment.starts_at,
        Appointment.services,
        Appointment.status,
        Appointment.desk,
        Appointment.changed_at,
        func.coalesce(Appointment.outcome.has_key(LATE_ARRIVAL), false()).label("came_late"),
        _return_until(query).label("return_until"),
    )
    chosen = (
        select(*columns)
        .where(Appointment.consulate_code == query.consulate, _of_the_day(query))
        .order_by(Appointment.starts_at, Appointment.id)
    )
    if query.status is not None:
        chosen = chosen.where(Appointment.status == query.status)
    if query.service is not None:
        chosen = chosen.where(Appointment.services.contains([query.service]))
    if query.text is not None:
        chosen = chosen.where(_matches(query.text))
    if query.after is not None:
        chosen = chosen.where(tuple_(Appointment.starts_at, Appointment.id) > query.after)
    return chosen


def _return_until(query: AgendaQuery) -> Any:
    """The last day of the passes that are good then, of whoever has one."""
    return (
        select(func.max(ReturnPass.valid_until))
        .where(
            ReturnPass.appointment_id == Appointment.id,
            ReturnPass.valid_until >= query.today,
            Appointment.status.in_(sorted(RETURNABLE)),
        )
        .scalar_subquery()
    )


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
    part = parse_folio_part(text)
    named = _somebody_called(text)
    if not part:
        return named
    theirs = select(Member.appointment_id).where(
        Member.appointment_id == Appointment.id, Member.folio.contains(part)
    )
    return or_(named, Appointment.folio.contains(part), Appointment.id.in_(theirs))


def _somebody_called(name: str) -> ColumnElement[bool]:
    """Each word is part of the person's name, or all of them together: "orelling", "O Relling"."""
    words = normalise_name(name).split()
    if not words:
        # Not `false()`, in which the condition of whose rows these are would vanish.
        return Appointment.id.is_(None)
    full = func.normal_name(
        func.concat_ws(" ", Person.given_names, Person.first_surname, Person.second_surname)
    )
    each = and_(*(full.contains(word, autoescape=True) for word in words))
    together = func.replace(full, " ", "").contains("".join(words), autoescape=True)
    return Appointment.id.in_(
        select(Member.appointment_id)
        .join(Person, Person.id == Member.person_id)
        .where(Member.appointment_id == Appointment.id, or_(each, together))
    )


def _names(session: Session, appointments: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Names as columns: a day has hundreds, and nobody's sealed data is needed for a list."""
    rows = session.execute(
        select(
            Member.appointment_id,
            Person.given_names,
            Person.first_surname,
            Person.second_surname,
        )
        .join(Person, Person.id == Member.person_id)
        .where(Member.appointment_id == any_(literal(list(appointments), ARRAY(Uuid))))
        .order_by(Member.appointment_id, Member.n)
    )
    names: dict[UUID, list[str]] = {}
    for row in rows:
        names.setdefault(row.appointment_id, []).append(full_name(row))
    return names
