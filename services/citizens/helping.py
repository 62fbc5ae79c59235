"""Links by which somebody's helper books one appointment for them, without their account.

Whoever makes one consents to that. It works once, for a few days, and can be taken back; only its
fingerprint is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
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


def make_link(session: Session, account: UUID, *, now: datetime, actor: Actor) -> str:
    """A new link's secret, which nobody can read again. Raises `TooManyAttempts` while as many as
    one may have are good."""
    good = session.scalars(
        select(HelperLink.id).where(HelperLink.account_id == account, _good(now))
    ).all()
    if len(good) >= MOST_AT_ONCE:
        raise TooManyAttempts(retry_after=int(VALID.total_seconds()))
    secret = secrets.token_hex(_BYTES)
    link = HelperLink(
        id=new_id(),
        account_id=account,
        secret_hash=fingerprint(secret.encode()),
        consented_at=now,
        expires_at=now + VALID,
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
    """Take it back; no effect on one that was used. Raises NotFound."""
    row = session.get(HelperLink, link)
    if row is None:
        raise NotFound()
    if row.used_at is None and row.revoked_at is None:
        row.revoked_at = now
        session.flush()
        _record(session, row, "helper.revoke", now=now, actor=actor)


def is_good(session: Session, secret: str, *, now: datetime) -> bool:
    """Whether a link can be used now: opening it changes nothing."""
    query = select(HelperLink.id).where(_of(secret), _good(now))
    return session.scalars(query).first() is not None


def take_link(session: Session, secret: str, *, now: datetime) -> HelperLink:
    """Use it up, before what it is used for: of two at once one gets it. Raises NotFound."""
    row = session.scalars(
        update(HelperLink)
        .where(_of(secret), _good(now))
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


def _of(secret: str) -> ColumnElement[bool]:
    return HelperLink.secret_hash == fingerprint(secret.encode())


def _good(now: datetime) -> ColumnElement[bool]:
    return and_(
        HelperLink.used_at.is_(None), HelperLink.revoked_at.is_(None), HelperLink.expires_at > now
    )


def _record(
    session: Session, link: HelperLink, action: str, *, now: datetime, actor: Actor
) -> None:
    subject = audit.Subject("helper_link", link.id, link.account_id)
    audit.record(session, subject, action=action, now=now, actor=actor)
