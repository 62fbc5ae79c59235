"""Where somebody stands in the queue, for themselves to see from elsewhere, and the message when
they are next.

Whoever has the link of a turn sees the end of its folio, how many are called before, and to which
desk they are called: no name, no service. The link follows from the turn; nothing is kept of it.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, datetime
from hmac import compare_digest
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, Member, Visit
from services.appointments.rules import AT_THE_OFFICE, Status
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound, WrongState
from services.outbox.delivery import enqueue

# `rules.queue_place` in SQL.
IN_ORDER = (Visit.priority.desc(), Visit.due_at, Visit.arrived_at, Member.folio)
# Of the keyed hash: nobody tries 96 bits.
_BYTES = 12


@dataclass(frozen=True)
class Turn:
    """``ahead``: how many are called before; none for who isn't waiting. ``wants_message``: when
    they are next."""

    appointment_id: UUID
    n: int
    consulate: str
    day: date
    status: str
    desk: str | None
    parked: bool
    wants_message: bool
    ahead: int | None
    walk_in: bool

    @property
    def here(self) -> bool:
        """Whether they wait or are being served."""
        return Status(self.status) in AT_THE_OFFICE

    @property
    def waits(self) -> bool:
        """Whether they are still to be called, parked or not."""
        return self.status == Status.CHECKED_IN


def turn_key(folio: str, vault: Vault) -> str:
    """What stands in the link of a turn beside its folio."""
    digest = vault.blind_index("queue.turn", folio)[:_BYTES]
    return urlsafe_b64encode(digest).decode()


def get_turn(session: Session, folio: str, key: str, *, today: date, vault: Vault) -> Turn:
    """Raises NotFound, also for another key and for a turn of another day."""
    if not compare_digest(turn_key(folio, vault).encode(), key.encode()):
        raise NotFound()
    row = session.execute(
        select(Visit, Member, Appointment.walk_in)
        .join(Member, _OF_VISIT)
        .join(Appointment, Appointment.id == Visit.appointment_id)
        .where(Member.folio == folio)
    ).one_or_none()
    if row is None or row.Visit.day != today:
        raise NotFound()
    visit, member = row.Visit, row.Member
    return Turn(
        appointment_id=visit.appointment_id,
        n=visit.n,
        consulate=visit.consulate_code,
        day=visit.day,
        status=member.status,
        desk=member.desk,
        parked=visit.parked_at is not None,
        wants_message=visit.wants_message,
        ahead=_ahead(session, visit, folio) if _waits(visit, member) else None,
        walk_in=row.walk_in,
    )


def ask_for_message(session: Session, turn: Turn, *, wanted: bool, now: datetime) -> None:
    """Tell the person when they are next, or no longer. Raises `WrongState` for who is gone."""
    if not turn.here:
        raise WrongState(state=turn.status)
    visit = session.get_one(Visit, (turn.appointment_id, turn.n), with_for_update=True)
    visit.wants_message = wanted
    session.flush()
    if wanted:
        tell_next(session, turn.consulate, turn.day, now=now)


def tell_next(session: Session, consulate: str, day: date, *, now: datetime) -> None:
    """Ask for the message to whoever is next by now, if they want one, once a visit.

    A row that another transaction holds is left to the step after: waiting for it, two desks could
    wait for one another.
    """
    first = _waiting(consulate, day).limit(1)
    row = session.execute(first).first()
    if row is None or not row.wants_message or row.notified_at is not None:
        return
    visit = session.scalars(
        select(Visit)
        .where(
            Visit.appointment_id == row.appointment_id,
            Visit.n == row.n,
            Visit.notified_at.is_(None),
        )
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    if visit is not None:
        visit.notified_at = now
        session.flush()
        enqueue(session, "appointments.next_in_queue", row.person_id)


def find_call(session: Session, person: UUID) -> tuple[str, datetime] | None:
    """The folio of somebody who wants to know that they are next, and since when they are; None
    for everybody else."""
    visit = session.scalars(
        select(Visit).join(Member, _OF_VISIT).where(Member.person_id == person)
    ).first()
    if visit is None or not visit.wants_message or visit.notified_at is None:
        return None
    first = session.execute(_waiting(visit.consulate_code, visit.day).limit(1)).first()
    if first is None or first.person_id != person:
        return None
    return first.folio, visit.notified_at


_OF_VISIT = and_(Member.appointment_id == Visit.appointment_id, Member.n == Visit.n)


def _waits(visit: Visit, member: Member) -> bool:
    return member.status == Status.CHECKED_IN and visit.parked_at is None


def _waiting(consulate: str, day: date) -> Select[Any]:
    columns: Any = (
        select(
            Visit.appointment_id,
            Visit.n,
            Visit.wants_message,
            Visit.notified_at,
            Member.person_id,
            Member.folio,
        )
        .join(Member, _OF_VISIT)
        .where(
            Visit.consulate_code == consulate,
            Visit.day == day,
            Visit.parked_at.is_(None),
            Member.status == Status.CHECKED_IN,
        )
        .order_by(*IN_ORDER)
    )
    return cast(Select[Any], columns)


def _ahead(session: Session, visit: Visit, folio: str) -> int:
    waiting = session.execute(_waiting(visit.consulate_code, visit.day))
    return [row.folio for row in waiting].index(folio)
