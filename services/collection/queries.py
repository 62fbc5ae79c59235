"""Which documents wait to be collected, and which were."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, or_, select, tuple_
from sqlalchemy.orm import Session

from services.cashier.models import ServiceRendered
from services.citizens.models import Person
from services.citizens.people import find_key
from services.collection.models import ReadyDocument
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound
from services.kernel.tables import Page

COLLECTOR_PLACE = "ready_documents.collector"


@dataclass(frozen=True)
class Document:
    """A document with the service that it was made in, and whose it is."""

    row: ReadyDocument
    rendered: ServiceRendered
    person: Person


def get_document(session: Session, id: UUID, *, lock: bool = False) -> Document:
    """One with its service and person. Raises NotFound."""
    query = _whole().where(ReadyDocument.id == id)
    if lock:
        query = query.with_for_update(of=ReadyDocument).execution_options(populate_existing=True)
    documents = _documents(session, query)
    if not documents:
        raise NotFound()
    return documents[0]


def list_waiting(
    session: Session, consulate: str, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> Page[Document, tuple[datetime, UUID]]:
    """Those that lie at an office, the longest first."""
    query = _whole().where(
        ReadyDocument.consulate_code == consulate, ReadyDocument.collected_at.is_(None)
    )
    if after is not None:
        query = query.where(tuple_(ReadyDocument.ready_at, ReadyDocument.id) > after)
    ordered = query.order_by(ReadyDocument.ready_at, ReadyDocument.id).limit(limit + 1)
    documents = _documents(session, ordered)
    last = documents[limit - 1].row if len(documents) > limit else None
    return Page(documents[:limit], (last.ready_at, last.id) if last else None)


def list_waiting_for(session: Session, consulate: str, people: Sequence[Person]) -> list[Document]:
    """Those of an office for these people, by their names and birth dates or CURPs, whatever
    appointment they were made in."""
    names = [person.name_index for person in people if person.name_index]
    curps = [person.curp_index for person in people if person.curp_index]
    query = (
        _whole()
        .where(
            ReadyDocument.consulate_code == consulate,
            ReadyDocument.collected_at.is_(None),
            or_(Person.name_index.in_(names), Person.curp_index.in_(curps)),
        )
        .order_by(ReadyDocument.ready_at, ReadyDocument.id)
    )
    return _documents(session, query)


def list_waiting_of_account(session: Session, account: UUID) -> list[Document]:
    """Those that somebody of the account can collect."""
    query = (
        _whole()
        .where(ReadyDocument.account_id == account, ReadyDocument.collected_at.is_(None))
        .order_by(ReadyDocument.ready_at, ReadyDocument.id)
    )
    return _documents(session, query)


def list_of_appointment(session: Session, appointment: UUID) -> list[Document]:
    """Those that were made in an appointment, collected or not."""
    query = (
        _whole()
        .where(ServiceRendered.appointment_id == appointment)
        .order_by(ReadyDocument.ready_at, ReadyDocument.id)
    )
    return _documents(session, query)


def list_of_services(session: Session, rendered: Collection[UUID]) -> dict[UUID, ReadyDocument]:
    """By the service that each was made in; what isn't ready is missing."""
    if not rendered:
        return {}
    rows = session.scalars(select(ReadyDocument).where(ReadyDocument.rendered_id.in_(rendered)))
    return {row.rendered_id: row for row in rows}


def find_collector(document: Document, vault: Vault) -> str | None:
    """The name of whoever collected it, where that isn't the person; None also once it can't be
    opened."""
    key = find_key(document.person, vault)
    sealed = document.row.collector_sealed
    if key is None or sealed is None:
        return None
    return key.open(sealed, place=COLLECTOR_PLACE, row=document.row.id)


def _documents(session: Session, query: Select[Any]) -> list[Document]:
    return [Document(*row) for row in session.execute(query)]


def _whole() -> Select[Any]:
    columns: Any = (
        select(ReadyDocument, ServiceRendered, Person)
        .join(ServiceRendered, ServiceRendered.id == ReadyDocument.rendered_id)
        .join(Person, Person.id == ServiceRendered.person_id)
    )
    return cast(Select[Any], columns)
