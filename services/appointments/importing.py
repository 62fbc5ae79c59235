"""Take over the appointments of another system: each booked as any other, all of them or none.

A row has that system's own key: one that was imported before is passed over, so that a file can be
sent again. Places and people are held by the same constraints as ever; what doesn't fit is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.appointments.booking import BookAppointment, Booked, Hand, book
from services.appointments.models import ImportedAppointment
from services.appointments.rules import PRODUCTION_LIMITS
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.db import savepoint
from services.kernel.errors import DomainError

# They were booked before: what one hand may book anew doesn't count.
_ANY_NUMBER = 1_000_000
_HAND = Hand(replace(PRODUCTION_LIMITS, per_contact=_ANY_NUMBER))


@dataclass(frozen=True)
class ImportRow:
    """One line of the file: its number, the other system's key and what to book."""

    line: int
    key: str
    booking: BookAppointment


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
) -> Imported:
    """Book every row that can be; whoever calls commits only when none was refused."""
    before = _known(session, consulate, [row.key for row in rows])
    folios: dict[str, str] = {}
    refused: dict[int, DomainError] = {}
    for row in rows:
        if row.key in before:
            continue
        try:
            with savepoint(session) as connection:
                booked = book(
                    connection, row.booking, now=now, actor=actor, vault=vault, hand=_HAND
                )
                _note(session, consulate, row.key, booked, now=now, actor=actor)
        except DomainError as error:
            refused[row.line] = error
        else:
            folios[row.key] = booked.folio
    return Imported(folios, [row.line for row in rows if row.key in before], refused)


def _known(session: Session, consulate: str, keys: Sequence[str]) -> set[str]:
    query = select(ImportedAppointment.source_key).where(
        ImportedAppointment.consulate_code == consulate, ImportedAppointment.source_key.in_(keys)
    )
    return set(session.scalars(query))


def _note(
    session: Session, consulate: str, key: str, booked: Booked, *, now: datetime, actor: Actor
) -> None:
    session.execute(
        insert(ImportedAppointment).values(
            consulate_code=consulate,
            source_key=key,
            appointment_id=booked.id,
            imported_at=now,
            imported_by=actor.account_id,
        )
    )
