"""Who of an office's people may be one person written twice: side by side, for an officer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, Member
from services.appointments.resembling import BIRTH_DATE, NAMES, resemblance_keys
from services.citizens.models import Person
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound

CURP = "curp"
MOST_NEAR = 20


@dataclass(frozen=True)
class Near:
    """Somebody who looks like a person, and why: see `services.appointments.words.RESEMBLANCES`."""

    person: Person
    reason: str


def get_person_of_office(session: Session, person: UUID, consulate: str) -> Person:
    """A row of the office's people. Raises NotFound, also for one that was erased."""
    row = session.get(Person, person)
    if row is None or row.erased_at is not None or row.consulate_code != consulate:
        raise NotFound()
    return row


def get_person_who_comes(session: Session, appointment: UUID, n: int, consulate: str) -> Person:
    """The row of one of an appointment's people. Raises NotFound."""
    member = session.get(Member, (appointment, n))
    if member is None:
        raise NotFound()
    return get_person_of_office(session, member.person_id, consulate)


def list_near(
    session: Session, person: Person, *, but: Collection[UUID], vault: Vault
) -> list[Near]:
    """People of the same office who look like that one, each name once; ``but`` are known to be
    the same. None for somebody without a birth date."""
    own = resemblance_keys(vault, person)
    near: dict[bytes, Near] = {}
    for row in _candidates(session, person, but):
        shared = resemblance_keys(vault, row).keys() & own.keys()
        same_curp = row.curp_index is not None and row.curp_index == person.curp_index
        reasons = {own[key] for key in shared}
        if same_curp:
            near.setdefault(row.name_index, Near(row, CURP))
        elif reasons:
            near.setdefault(row.name_index, Near(row, NAMES if NAMES in reasons else BIRTH_DATE))
    return list(near.values())[:MOST_NEAR]


def list_visits(session: Session, people: Collection[UUID]) -> Sequence[tuple[Appointment, Member]]:
    """Appointments of these rows of people, the newest first."""
    rows = session.execute(
        select(Appointment, Member)
        .join(Member, Member.appointment_id == Appointment.id)
        .where(Member.person_id.in_(people))
        .order_by(Appointment.starts_at.desc(), Appointment.id, Member.n)
    )
    return [(appointment, member) for appointment, member in rows]


def list_same_name(session: Session, person: Person) -> list[UUID]:
    """Rows of the office with the same name and birth date: the same person on other visits."""
    rows = select(Person.id).where(
        Person.name_index == person.name_index, Person.consulate_code == person.consulate_code
    )
    return list(session.scalars(rows))


def _candidates(session: Session, person: Person, but: Collection[UUID]) -> Sequence[Person]:
    if person.birth_date is None:
        return []
    query = (
        select(Person)
        .where(
            Person.birth_date.in_(_one_digit_off(person.birth_date)),
            Person.consulate_code == person.consulate_code,
            Person.name_index != person.name_index,
            Person.id.not_in(but),
            Person.erased_at.is_(None),
        )
        .order_by(Person.created_at.desc(), Person.id)
    )
    return session.scalars(query).all()


def _one_digit_off(born: date) -> list[date]:
    """The day itself and every one that differs from it by a single digit."""
    digits = born.strftime("%Y%m%d")
    written = {
        f"{digits[:at]}{other}{digits[at + 1 :]}" for at in range(8) for other in "0123456789"
    }
    return sorted(day for day in map(_as_day, written) if day)


def _as_day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
