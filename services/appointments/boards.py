"""Screens in the room: who is called to which desk, by the end of the folio and nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.models import BoardLink
from services.appointments.queueing import InQueue, list_queue
from services.appointments.rules import Status
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.errors import NotFound
from services.kernel.ids import new_id
from services.kernel.tables import get_row

# Enough to tell everybody in a room apart, too little to look an appointment up.
TAIL = 4


@dataclass(frozen=True)
class Board:
    """Folio ends: who is called, the newest first, with their desk; and who is next."""

    called: list[tuple[str, str]]
    waiting: list[str]


def read_board(session: Session, *, consulate: str, day: date) -> Board:
    """What a screen of the office shows now."""
    queue = list_queue(session, consulate=consulate, day=day)
    called = sorted(
        (each for each in queue if each.status == Status.CALLED and each.called_at),
        key=lambda each: str(each.called_at),
        reverse=True,
    )
    return Board(
        [(_tail(each), each.desk or "") for each in called],
        [_tail(each) for each in queue if each.place],
    )


def _tail(person: InQueue) -> str:
    return person.folio[-TAIL:]


def make_link(
    session: Session, consulate: str, name: str, *, now: datetime, actor: Actor
) -> tuple[BoardLink, str]:
    """A new address for one screen. Returns the link and its token, which is kept nowhere."""
    token = secrets.token_urlsafe(24)
    link = BoardLink(
        id=new_id(),
        consulate_code=consulate,
        name=name,
        token_hash=_hash(token),
        created_at=now,
        created_by=actor.account_id,
    )
    session.add(link)
    session.flush()
    audit.record(
        session, audit.Subject.of("board", link), action="board.link", now=now, actor=actor
    )
    return link, token


def list_links(session: Session, consulate: str) -> Sequence[BoardLink]:
    """Addresses of an office that still work, the newest first."""
    return session.scalars(
        select(BoardLink)
        .where(BoardLink.consulate_code == consulate, BoardLink.revoked_at.is_(None))
        .order_by(BoardLink.created_at.desc())
    ).all()


def revoke_link(session: Session, link: UUID, *, now: datetime, actor: Actor) -> None:
    """From now on it shows nothing. Raises NotFound."""
    row = get_row(session, BoardLink, link)
    if row.revoked_at is None:
        row.revoked_at = now
        session.flush()
        audit.record(
            session, audit.Subject.of("board", row), action="board.revoke", now=now, actor=actor
        )


def office_of(session: Session, token: str) -> str:
    """The office whose screen it is. Raises NotFound, also for a link that was revoked."""
    office = session.scalar(
        select(BoardLink.consulate_code).where(
            BoardLink.token_hash == _hash(token), BoardLink.revoked_at.is_(None)
        )
    )
    if office is None:
        raise NotFound()
    return office


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
