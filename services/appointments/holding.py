"""Hold places for some minutes while somebody signed in writes down who comes.

A hold takes places as a booking does; one at a time for each holder, prolonged once. Who books at
the held start has these places. One that isn't booked is kept from everybody until a moment drawn
by lot, a little after it ended: else it could be handed to whoever waits for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from services.appointments.booking import Hand, limits_as_json, translate
from services.appointments.errors import HoldOver, ShareNotAllowed, SlotNotOffered
from services.appointments.finding_seats import find_seats, hold_seats
from services.appointments.models import BookingHold
from services.appointments.reserves import may_use
from services.appointments.rules import HOLD_FOR, BookingLimits, free_after
from services.appointments.seating import Party
from services.kernel.audit import Actor
from services.kernel.db import driver_connection
from services.kernel.errors import NotFound
from services.kernel.ids import new_id

_LOTS = 1_000_000


@dataclass(frozen=True)
class HoldPlaces:
    """Places for so many people, each for all ``services``, from ``start``."""

    consulate: str
    services: tuple[str, ...]
    start: datetime
    people: int = 1
    skills: tuple[str, ...] = ()
    share: str = ""
    place: str = ""

    @property
    def party(self) -> Party:
        """As the search for seats knows it."""
        skills = frozenset(self.skills)
        return Party(self.start, self.services, self.people, skills, self.share, place=self.place)


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:holder AS text), 0))")
_REFUSE = "SELECT refuse_hoarding(%(account)s, %(people)s, %(limits)s, %(now)s)"


def hold_places(
    session: Session, command: HoldPlaces, *, now: datetime, actor: Actor, hand: Hand
) -> BookingHold:
    """Hold them, in place of what the same person held before; at the same start they keep the
    time that they had left.

    Raises `SlotTaken`, `SlotNotOffered`, `ShareNotAllowed`, `BookingLimit`,
    `TooManyAttempts`: limits are those of a
    booking for so many people.
    """
    holder = _holder(actor)
    session.execute(_LOCK, {"holder": holder})
    if not may_use(command.share, actor.role):
        raise ShareNotAllowed()
    if command.start <= now:
        raise SlotNotOffered(field="start")
    before = find_hold(session, actor, now=now)
    connection = driver_connection(session)
    _refuse_hoarding(connection, command, now=now, actor=actor, hand=hand)
    plan = find_seats(connection, command.consulate, command.party, holder=holder, now=now)
    frees_at = _freed(hand.limits, command.start, now + HOLD_FOR)
    hold = BookingHold(
        id=new_id(),
        holder_id=holder,
        consulate_code=command.consulate,
        services=list(command.services),
        people=command.people,
        starts_at=command.start,
        ends_at=max(each.ends_at for each in plan.seats),
        created_at=now,
        expires_at=now + HOLD_FOR,
        extended=False,
        frees_at=frees_at,
        address_index=hand.address if actor.is_citizen else None,
    )
    if before and (before.consulate_code, before.starts_at) == (command.consulate, command.start):
        hold.created_at, hold.expires_at = before.created_at, before.expires_at
        hold.extended, hold.frees_at = before.extended, before.frees_at
    elif before:
        _end(session, before, limits=hand.limits, now=now)
    session.add(hold)
    session.flush()
    hold_seats(connection, hold.id, plan, command.party)
    return hold


def find_hold(session: Session, actor: Actor, *, now: datetime) -> BookingHold | None:
    """What the person holds now, if anything."""
    return session.scalar(
        select(BookingHold).where(
            BookingHold.holder_id == actor.account_id, BookingHold.expires_at > now
        )
    )


def list_holds(session: Session, holder: UUID) -> Sequence[BookingHold]:
    """All that aren't free yet, for the copy of somebody's data."""
    query = select(BookingHold).where(BookingHold.holder_id == holder)
    return session.scalars(query.order_by(BookingHold.created_at)).all()


def extend_hold(
    session: Session, hold: UUID, *, now: datetime, actor: Actor, limits: BookingLimits
) -> BookingHold:
    """As many minutes again from now, once.

    Raises NotFound, also for somebody else's, `HoldOver` the second time and once it ran out.
    """
    row = _own(session, hold, actor)
    if row.extended or row.expires_at <= now:
        raise HoldOver()
    row.extended, row.expires_at = True, now + HOLD_FOR
    row.frees_at = _freed(limits, row.starts_at, row.expires_at)
    session.flush()
    return row


def release_hold(
    session: Session, hold: UUID, *, now: datetime, actor: Actor, limits: BookingLimits
) -> BookingHold:
    """Hold the places no longer; they are free for others a little later. Raises NotFound."""
    row = _own(session, hold, actor)
    _end(session, row, limits=limits, now=now)
    return row


def list_due(session: Session, *, now: datetime, most: int) -> Sequence[UUID]:
    """Holds whose places are free from now on: to be freed in a transaction each."""
    query = select(BookingHold.id).where(BookingHold.frees_at <= now)
    return session.scalars(query.order_by(BookingHold.frees_at).limit(most)).all()


def free_hold(session: Session, hold: UUID) -> None:
    """Count the places of one of `list_due` as free; nothing when somebody was faster."""
    session.execute(select(func.free_booking_holds(array([hold]))))


def _own(session: Session, hold: UUID, actor: Actor) -> BookingHold:
    row = session.scalar(
        select(BookingHold)
        .where(BookingHold.id == hold, BookingHold.holder_id == actor.account_id)
        .with_for_update()
    )
    if row is None:
        raise NotFound()
    return row


def _holder(actor: Actor) -> UUID:
    if actor.account_id is None:
        raise NotFound()
    return actor.account_id


def _refuse_hoarding(
    connection: psycopg.Connection[Any],
    command: HoldPlaces,
    *,
    now: datetime,
    actor: Actor,
    hand: Hand,
) -> None:
    values = {
        "account": actor.account_id if actor.is_citizen else None,
        "people": command.people,
        "limits": Jsonb(limits_as_json(hand, actor=actor, now=now)),
        "now": now,
    }
    try:
        # Counted across all offices.
        connection.execute(_REFUSE, values)
    except psycopg.Error as error:
        raise translate(error, hand, now) from error


def _end(session: Session, hold: BookingHold, *, limits: BookingLimits, now: datetime) -> None:
    """End it; others can have the places at a moment drawn by lot."""
    ends = max(hold.created_at, min(hold.expires_at, now))
    frees_at = _freed(limits, hold.starts_at, ends)
    hold.expires_at, hold.frees_at = ends, max(ends, min(hold.frees_at, frees_at))
    session.flush()


def _freed(limits: BookingLimits, starts_at: datetime, ends: datetime) -> datetime:
    span = replace(limits, free_after=limits.hold_free_after)
    share = secrets.randbelow(_LOTS) / _LOTS
    return ends + timedelta(seconds=free_after(span, starts_at, ends, share))
