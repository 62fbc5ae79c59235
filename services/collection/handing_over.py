"""Hand a document over to whoever may collect it, or take back that it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from services.citizens.people import get_key
from services.collection.errors import CollectorNameRequired, CollectorNotAllowed
from services.collection.marking import note
from services.collection.queries import COLLECTOR_PLACE, Document, get_document
from services.collection.rules import Collector, collectors
from services.consulates.queries import get_consulate
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.errors import WrongState


@dataclass(frozen=True)
class HandOver:
    """Who took the document and what they showed. ``name``: of whoever isn't the person;
    ``appointment``: the one that they came with, if any."""

    document: UUID
    collector: Collector
    shown: str
    name: str | None = None
    appointment: UUID | None = None


def hand_over(
    session: Session, command: HandOver, *, now: datetime, actor: Actor, vault: Vault
) -> Document:
    """Raises NotFound, `WrongState` once it was collected, `CollectorNotAllowed`,
    `CollectorNameRequired`."""
    document = get_document(session, command.document, lock=True)
    row = document.row
    if row.collected_at is not None:
        raise WrongState(state="collected")
    if command.collector not in may_collect(session, document, now=now):
        raise CollectorNotAllowed(field="collector")
    named = command.collector is not Collector.HOLDER
    if named and not command.name:
        raise CollectorNameRequired(field="name")
    row.collected_at, row.handed_by = now, actor.account_id
    row.collector, row.document = command.collector.value, command.shown
    row.appointment_id = command.appointment
    if named and command.name:
        key = get_key(document.person, vault)
        row.collector_sealed = key.seal(command.name, place=COLLECTOR_PLACE, row=row.id)
    session.flush()
    note(session, row, "collected", now=now, actor=actor)
    return document


def take_back(session: Session, id: UUID, *, now: datetime, actor: Actor) -> Document:
    """It was noted by mistake: the document lies at the office still. Raises NotFound, `WrongState`
    unless it was collected."""
    document = get_document(session, id, lock=True)
    row = document.row
    if row.collected_at is None:
        raise WrongState(state="ready")
    row.collected_at = row.handed_by = row.collector = row.document = None
    row.appointment_id = row.collector_sealed = None
    session.flush()
    note(session, row, "not_collected", now=now, actor=actor)
    return document


def may_collect(session: Session, document: Document, *, now: datetime) -> tuple[Collector, ...]:
    """Who may collect it today, by the calendar of its office."""
    zone = ZoneInfo(get_consulate(session, document.row.consulate_code).time_zone)
    return collectors(document.person.birth_date, now.astimezone(zone).date())
