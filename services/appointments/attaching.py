"""Documents that a person of an appointment sends before coming, as `services.files` made them
anew: sealed under the person's own key, for the appointment's office to look at beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from services.appointments.models import Appointment, Member, PreApplicationDocument
from services.appointments.pre_applying import find_open, key_of
from services.appointments.queries import get_appointment
from services.appointments.rules import MOST_ATTACHED
from services.citizens.models import Person
from services.files.cleaning import CleanFile
from services.files.names import shown_name
from services.files.rules import Stored
from services.folders.errors import TooManyDocuments
from services.kernel.crypto import DataKey, Vault
from services.kernel.errors import NotFound
from services.kernel.ids import new_id

_NAME, _FILE = "pre_application_documents.name", "pre_application_documents.file"


@dataclass(frozen=True)
class Attached:
    """A document with how its owner calls the file."""

    row: PreApplicationDocument
    name: str


def attach(
    session: Session,
    appointment: UUID,
    person: int,
    name: str,
    file: CleanFile,
    *,
    now: datetime,
    vault: Vault,
) -> None:
    """Keep a document of that person's. Raises what `find_open` raises, `TooManyDocuments`."""
    row, who = find_open(session, appointment, person, now=now)
    # Two at once take two places.
    session.execute(
        select(Member.n)
        .where(Member.appointment_id == row.id, Member.n == person)
        .with_for_update()
    )
    theirs = (
        PreApplicationDocument.appointment_id == row.id,
        PreApplicationDocument.person_id == who.id,
    )
    taken = set(session.scalars(select(PreApplicationDocument.n).where(*theirs)))
    n = next((n for n in range(1, MOST_ATTACHED + 1) if n not in taken), None)
    if n is None:
        raise TooManyDocuments()
    id, key = new_id(), vault.unwrap(key_of(who), who.id)
    session.add(
        PreApplicationDocument(
            id=id,
            appointment_id=row.id,
            person_id=who.id,
            n=n,
            stored=file.stored.value,
            pages=file.pages,
            size=len(file.data),
            name_sealed=key.seal(shown_name(name), place=_NAME, row=id),
            file_sealed=key.seal_bytes(file.data, place=_FILE, row=id),
            uploaded_at=now,
        )
    )
    session.flush()


def detach(
    session: Session, appointment: UUID, person: int, document: UUID, *, now: datetime
) -> None:
    """Take a document back, of which nothing stays. Raises NotFound, `WrongState` as `attach`."""
    row, who = find_open(session, appointment, person, now=now)
    kept = _get(session, row, document)
    if kept.person_id != who.id:
        raise NotFound()
    session.delete(kept)


def list_attached(session: Session, row: Appointment, vault: Vault) -> dict[UUID, list[Attached]]:
    """By person, each in the order of their places; nothing of whoever is forgotten."""
    kept = session.execute(
        select(PreApplicationDocument, Person)
        .join(Person, Person.id == PreApplicationDocument.person_id)
        .where(PreApplicationDocument.appointment_id == row.id, Person.data_key.is_not(None))
        .order_by(PreApplicationDocument.person_id, PreApplicationDocument.n)
    ).all()
    listed: dict[UUID, list[Attached]] = {}
    for document, who in kept:
        key = vault.unwrap(key_of(who), who.id)
        name = key.open(document.name_sealed, place=_NAME, row=document.id)
        listed.setdefault(who.id, []).append(Attached(document, name))
    return listed


def open_attached(
    session: Session, appointment: UUID, document: UUID, vault: Vault
) -> tuple[Stored, bytes]:
    """What is kept of it, in the clear. Raises NotFound, also for another appointment's."""
    kept = _get(session, get_appointment(session, appointment), document)
    who = session.get_one(Person, kept.person_id)
    key: DataKey = vault.unwrap(key_of(who), who.id)
    return Stored(kept.stored), key.open_bytes(kept.file_sealed, place=_FILE, row=kept.id)


def names_of(attached: Sequence[Attached]) -> list[str]:
    """How their owner calls them."""
    return [each.name for each in attached]


def _get(session: Session, row: Appointment, document: UUID) -> PreApplicationDocument:
    kept = session.get(PreApplicationDocument, document, options=[undefer("*")])
    if kept is None or kept.appointment_id != row.id:
        raise NotFound()
    return kept
