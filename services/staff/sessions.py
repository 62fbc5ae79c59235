"""Signed-in browsers: a row here, a random secret in the cookie, nothing else."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.kernel.crypto import fingerprint
from services.kernel.db import READ_ONLY, sqlstate
from services.staff.models import SignInSession

# ASVS 5.0, V7.3: staff leave a shared counter, citizens a shared phone.
IDLE = timedelta(minutes=15)
CITIZEN_IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)


@dataclass(frozen=True)
class SignedIn:
    """The owner of a browser's session: a citizen's account or a staff account, never both."""

    account_id: UUID | None
    staff_id: UUID | None


def start_session(
    session: Session,
    *,
    now: datetime,
    account_id: UUID | None = None,
    staff_id: UUID | None = None,
) -> str:
    """A new secret for the cookie; always new at sign-in, so that none can be planted."""
    secret = secrets.token_urlsafe(32)
    session.execute(
        insert(SignInSession).values(
            id_hash=fingerprint(secret.encode()),
            account_id=account_id,
            staff_id=staff_id,
            created_at=now,
            last_seen_at=now,
        )
    )
    return secret


_ALIVE = """
    WHERE id_hash = :hash AND ended_at IS NULL AND created_at > :born
      AND last_seen_at > CASE WHEN staff_id IS NULL THEN :citizen ELSE :staff END
"""
_NOTE = "UPDATE web_sessions SET last_seen_at = greatest(last_seen_at, :now)"
_SEEN = text(f"{_NOTE} {_ALIVE} RETURNING account_id, staff_id")
_READ = text(f"SELECT account_id, staff_id FROM web_sessions {_ALIVE}")  # noqa: S608 - our own text


def find_session(session: Session, secret: str, *, now: datetime) -> SignedIn | None:
    """The owner of this cookie, unless its session was ended, left idle, or is eight hours old.

    On a replica, which can't note that it was used, it is only read.
    """
    values = {
        "hash": fingerprint(secret.encode()),
        "now": now,
        "born": now - ABSOLUTE,
        "citizen": now - CITIZEN_IDLE,
        "staff": now - IDLE,
    }
    try:
        row = session.execute(_SEEN, values).first()
    except DBAPIError as error:
        if sqlstate(error) != READ_ONLY:
            raise
        row = session.execute(_READ, values).first()
    return SignedIn(row.account_id, row.staff_id) if row else None


def last_signed_in(session: Session, secret: str) -> SignedIn | None:
    """Whose cookie this was, also after the session ended: it proves nothing any more, but tells
    for whom to keep what was typed."""
    row = session.get(SignInSession, fingerprint(secret.encode()))
    return SignedIn(row.account_id, row.staff_id) if row else None


def end_session(session: Session, secret: str, *, now: datetime) -> None:
    """Sign out, at once and for good."""
    session.execute(
        update(SignInSession)
        .where(SignInSession.id_hash == fingerprint(secret.encode()))
        .values(ended_at=now)
    )


def drop_sessions(session: Session, account: UUID) -> None:
    """Sign a citizen out everywhere. Needs the workers' login."""
    session.execute(delete(SignInSession).where(SignInSession.account_id == account))
