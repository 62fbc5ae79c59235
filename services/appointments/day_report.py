"""Everybody of an office's day, each once, with what became of it and what was charged.

Page and files of the day are made of these rows alone, so that they can't tell different things.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, ReturnPass
from services.appointments.queries import Coming, list_party
from services.cashier.queries import RenderedService, list_rendered
from services.kernel.money import Money


@dataclass(frozen=True)
class PersonOfTheDay:
    """One person of one appointment; no name: the folio says enough. ``services``: what was
    given, or else what was booked."""

    folio: str
    number: int
    start: datetime
    services: tuple[str, ...]
    status: str
    desk: str | None
    charged: Money | None
    means: tuple[str, ...]
    receipts: tuple[int, ...]


def list_people_of_day(
    session: Session, *, consulate: str, day: date
) -> tuple[list[PersonOfTheDay], Sequence[Appointment]]:
    """The people of the day's appointments and of those that came back on it, by their start; and
    the appointments."""
    back = select(ReturnPass.appointment_id).where(
        ReturnPass.consulate_code == consulate, ReturnPass.returned_on == day
    )
    appointments = session.scalars(
        select(Appointment).where(
            Appointment.consulate_code == consulate,
            or_(Appointment.day == day, Appointment.id.in_(back)),
        )
    ).all()
    ids = [appointment.id for appointment in appointments]
    people, rendered = list_party(session, ids), list_rendered(session, ids)
    rows = [
        _person(appointment, coming, rendered.get(appointment.id, []))
        for appointment in appointments
        for coming in people[appointment.id]
    ]
    return sorted(rows, key=lambda row: (row.start, row.folio, row.number)), appointments


def _person(
    appointment: Appointment, coming: Coming, rendered: Sequence[RenderedService]
) -> PersonOfTheDay:
    own = [each for each in rendered if each.row.person_id == coming.person.id]
    taken_back = {each.row.reverses_id for each in own}
    stands = [
        each for each in own if each.row.reverses_id is None and each.row.id not in taken_back
    ]
    charged = sum(each.row.charged_minor for each in own)
    receipts = [each.receipt for each in own if each.receipt]
    return PersonOfTheDay(
        folio=coming.folio,
        number=coming.n,
        start=appointment.starts_at,
        services=tuple(each.row.service_code for each in stands) or tuple(appointment.services),
        status=coming.status,
        desk=coming.desk,
        charged=Money(charged, own[0].row.currency) if own else None,
        means=tuple(dict.fromkeys(receipt.means for receipt in receipts)),
        receipts=tuple(receipt.number for receipt in receipts),
    )
