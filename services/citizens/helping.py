"""Links by which somebody's helper books one appointment for them, without their account, and moves
or cancels it.

Whoever makes one consents to that. Each step works once, for a few days, and can be taken back;
only the link's fingerprint is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from services.citizens.errors import TooManyAttempts
from services.citizens.models import HelperLink
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import fingerprint
from services.kernel.errors import NotFound
from services.kernel.ids import new_id

VALID = timedelta(days=3)
MOST_AT_ONCE = 3
MOST_LISTED = 10
_BYTES = 20


class Right(StrEnum):
    """What a helper can do with a link."""

    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Consent:
    """What a helper may do with the appointment that they book or, when it is given, with that
    one."""

    appointment: UUID | None = None
    may_move: bool = False
    may_cancel: bool = False


BOOKING = Consent()


def make_link(
    session: Session,
    account: UUID,
    consent: Consent = BOOKING,
    *,
    now: datetime,
    actor: Actor,
) -> str:
    """A new link's secret, which nobody can read again. Raises `TooManyAttempts` while as many as
    one may have are good."""
    mine = select(HelperLink).where(HelperLink.account_id == account, _in_force(now))
    if sum(bool(rights(link, now)) for link in session.scalars(mine)) >= MOST_AT_ONCE:
        raise TooManyAttempts(retry_after=int(VALID.total_seconds()))
    secret = secrets.token_hex(_BYTES)
    link = HelperLink(
        id=new_id(),
        account_id=account,
        secret_hash=fingerprint(secret.encode()),
        consented_at=now,
        expires_at=now + VALID,
        appointment_id=consent.appointment,
        used_at=now if consent.appointment else None,
        may_book=consent.appointment is None,
        may_move=consent.may_move,
        may_cancel=consent.may_cancel,
    )
    session.add(link)
    session.flush()
    _record(session, link, "helper.link", now=now, actor=actor)
    return secret


def list_links(session: Session, account: UUID) -> Sequence[HelperLink]:
    """The account's links, the newest first."""
    query = select(HelperLink).where(HelperLink.account_id == account)
    newest = query.order_by(HelperLink.consented_at.desc()).limit(MOST_LISTED)
    return session.scalars(newest).all()


def revoke_link(session: Session, link: UUID, *, now: datetime, actor: Actor) -> None:
    """Take it back; no effect on one with which nothing can be done. Raises NotFound."""
    row = session.get(HelperLink, link)
    if row is None:
        raise NotFound()
    if rights(row, now):
        row.revoked_at = now
        session.flush()
        _record(session, row, "helper.revoke", now=now, actor=actor)


def rights(link: HelperLink, now: datetime) -> frozenset[Right]:
    """What can be done with it now."""
    if link.revoked_at or link.cancelled_at or link.expires_at <= now:
        return frozenset()
    if link.appointment_id is None:
        return frozenset() if link.used_at else frozenset({Right.BOOK})
    move = {Right.MOVE} if link.may_move and not link.moved_at else set()
    return frozenset(move | ({Right.CANCEL} if link.may_cancel else set()))


def find_link(session: Session, secret: str, *, now: datetime) -> HelperLink | None:
    """A link with which something can be done now: opening it changes nothing."""
    link = session.scalars(select(HelperLink).where(_of(secret))).first()
    return link if link and rights(link, now) else None


def take_link(session: Session, secret: str, *, now: datetime) -> HelperLink:
    """Use it up, before what it is used for: of two at once one gets it. Raises NotFound."""
    row = session.scalars(
        update(HelperLink)
        .where(_of(secret), _in_force(now), HelperLink.used_at.is_(None))
        .values(used_at=now)
        .returning(HelperLink)
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound()
    return row


def give_link_back(session: Session, link: UUID) -> None:
    """Make a link good again: what it was used for couldn't be done."""
    session.execute(
        update(HelperLink)
        .where(HelperLink.id == link, HelperLink.appointment_id.is_(None))
        .values(used_at=None)
    )


def note_use(
    session: Session, link: HelperLink, appointment: UUID, *, now: datetime, actor: Actor
) -> None:
    """What the helper booked with it, for the person to see."""
    session.execute(
        update(HelperLink).where(HelperLink.id == link.id).values(appointment_id=appointment)
    )
    _record(session, link, "helper.book", now=now, actor=actor)


def use_right(session: Session, secret: str, right: Right, *, now: datetime, actor: Actor) -> UUID:
    """Use up the right to move or to cancel; returns of which appointment.

    For the transaction that does it: undone with it, and of two at once one gets it. Raises
    NotFound.
    """
    may, done = _ON_APPOINTMENT[right]
    link = session.scalars(
        update(HelperLink)
        .where(
            _of(secret),
            _in_force(now),
            may,
            done.is_(None),
            HelperLink.cancelled_at.is_(None),
            HelperLink.appointment_id.is_not(None),
        )
        .values({done: now})
        .returning(HelperLink)
        .execution_options(populate_existing=True)
    ).first()
    if link is None or link.appointment_id is None:
        raise NotFound()
    _record(session, link, f"helper.{right}", now=now, actor=actor)
    return link.appointment_id


_ON_APPOINTMENT = {
    Right.MOVE: (HelperLink.may_move, HelperLink.moved_at),
    Right.CANCEL: (HelperLink.may_cancel, HelperLink.cancelled_at),
}


def _of(secret: str) -> ColumnElement[bool]:
    return HelperLink.secret_hash == fingerprint(secret.encode())


def _in_force(now: datetime) -> ColumnElement[bool]:
    return and_(HelperLink.revoked_at.is_(None), HelperLink.expires_at > now)


def _record(
    session: Session, link: HelperLink, action: str, *, now: datetime, actor: Actor
) -> None:
    subject = audit.Subject("helper_link", link.id, link.account_id)
    audit.record(session, subject, action=action, now=now, actor=actor)
