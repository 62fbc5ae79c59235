"""Take over the appointments of another system: each booked as any other, all of them or none.

A row has that system's own key: one that was imported before is passed over, so that a file can be
sent again. Places and people are held by the same constraints as ever; what doesn't fit is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.appointments.booking import BookAppointment, Booked, Hand, book
from services.appointments.errors import ClaimTaken
from services.appointments.models import ImportedAppointment
from services.appointments.rules import PRODUCTION_LIMITS
from services.citizens.people import person_keys
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.db import savepoint, undone
from services.kernel.errors import DomainError

# They were booked before: what one hand may book anew doesn't count.
_ANY_NUMBER = 1_000_000
_HAND = Hand(replace(PRODUCTION_LIMITS, per_contact=_ANY_NUMBER))


@dataclass(frozen=True)
class ImportRow:
    """One line of the file: its number, the other system's key and what to book; the time is on
    the office's clock."""

    line: int
    key: str
    booking: BookAppointment

    @property
    def day(self) -> date:
        """At the office."""
        return self.booking.start.date()


@dataclass(frozen=True)
class Imported:
    """``folios``: key -> folio of what is new; ``known``: lines imported before; ``refused``: why a
    line can't be booked."""

    folios: Mapping[str, str]
    known: Sequence[int]
    refused: Mapping[int, DomainError]


def import_appointments(
    session: Session,
    consulate: str,
    rows: Sequence[ImportRow],
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
    keep: bool,
    step: Callable[[], object] = lambda: None,
) -> Imported:
    """Book every row that can be; whoever calls commits only when none was refused.

    Unless they are to be kept, each day is booked and undone before the next, so that nobody who
    books meanwhile waits for the whole file. ``step`` is called after each row.
    """
    before = _known(session, consulate, [row.key for row in rows])
    new = sorted((row for row in rows if row.key not in before), key=lambda row: row.booking.start)
    booked: dict[str, Booked] = {}
    refused: dict[int, DomainError] = {}
    # What rows of days that were undone would hold: (the person, the service).
    claims: set[tuple[bytes, str]] = set()
    for _day, of_a_day in groupby(new, key=lambda row: row.day):
        with savepoint(session) if keep else undone(session):
            for row in of_a_day:
                try:
                    booked[row.key] = _book(session, row, claims, now, actor, vault)
                except DomainError as error:
                    refused[row.line] = error
                step()
    if keep:
        _note(session, consulate, booked, now=now, actor=actor)
    folios = {row.key: booked[row.key].folio for row in rows if row.key in booked}
    return Imported(folios, [row.line for row in rows if row.key in before], refused)


def _book(
    session: Session,
    row: ImportRow,
    claims: set[tuple[bytes, str]],
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> Booked:
    [person], [service] = row.booking.attendees, row.booking.services
    held = {(key, service) for key in person_keys(person, vault)}
    if held & claims:
        raise ClaimTaken()
    with savepoint(session) as connection:
        booked = book(connection, row.booking, now=now, actor=actor, vault=vault, hand=_HAND)
    claims |= held
    return booked


def _known(session: Session, consulate: str, keys: Sequence[str]) -> set[str]:
    query = select(ImportedAppointment.source_key).where(
        ImportedAppointment.consulate_code == consulate, ImportedAppointment.source_key.in_(keys)
    )
    return set(session.scalars(query))


def _note(
    session: Session,
    consulate: str,
    booked: Mapping[str, Booked],
    *,
    now: datetime,
    actor: Actor,
) -> None:
    notes = [
        {
            "consulate_code": consulate,
            "source_key": key,
            "appointment_id": each.id,
            "imported_at": now,
            "imported_by": actor.account_id,
        }
        for key, each in booked.items()
    ]
    if notes:
        session.execute(insert(ImportedAppointment), notes)
