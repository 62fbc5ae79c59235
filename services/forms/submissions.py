"""A form that is sent twice has one effect, and both answers lead to the same page.

Whoever comes first writes a row and does what the form asks; the second waits until the row says
where that led. The row is committed before and after, never held open in between: no connection is
kept waiting. A row whose process died is taken over after a lease; what must not happen twice even
then (a booking, a payment) has a key of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, delete, literal_column, select, text
from sqlalchemy.orm import Session

from services.forms.models import FormSubmission
from services.forms.owners import see_as
from services.kernel.crypto import DataKey, Vault

_PLACE = "form_submissions.session"
_BEGIN = text(
    """
    INSERT INTO form_submissions AS f (digest, owner) VALUES (:digest, :owner)
    ON CONFLICT (digest) DO UPDATE SET begun_at = clock_timestamp()
        WHERE f.owner = :owner AND f.location IS NULL
            AND f.begun_at < clock_timestamp() - interval '60 seconds'
    RETURNING f.digest
    """
)
_FINISH = text(
    """
    UPDATE form_submissions SET location = :location, finished_at = clock_timestamp(),
        session_sealed = :sealed, data_key = :key
    WHERE digest = :digest AND owner = :owner
    """
)
_UNDER_WAY = text(
    """
    SELECT EXISTS (SELECT FROM form_submissions WHERE digest = :digest AND owner = :owner
        AND location IS NULL AND begun_at >= clock_timestamp() - interval '60 seconds')
    """
)
# A sign-in is handed out again to a second press of the same button only.
_FRESH: ColumnElement[bool] = literal_column(
    "finished_at > clock_timestamp() - interval '60 seconds'"
).label("fresh")


@dataclass(frozen=True)
class Outcome:
    """Where a form led, and the secret of the sign-in session that it began, if any."""

    location: str
    session_secret: str | None


def begin_submission(session: Session, digest: bytes, *, owner: str) -> bool:
    """True: go on and do it. False: another request has, or is at it."""
    see_as(session, [owner])
    return session.execute(_BEGIN, {"digest": digest, "owner": owner}).first() is not None


def finish_submission(
    session: Session, digest: bytes, outcome: Outcome, *, owner: str, vault: Vault
) -> None:
    """Record where the form led, for requests waiting on it."""
    see_as(session, [owner])
    key: DataKey | None = None
    sealed = None
    if outcome.session_secret:
        key = vault.new_key(_row(digest))
        sealed = key.seal(outcome.session_secret, place=_PLACE, row=_row(digest))
    session.execute(
        _FINISH,
        {
            "digest": digest,
            "owner": owner,
            "location": outcome.location,
            "sealed": sealed,
            "key": key.wrapped if key else None,
        },
    )


def drop_submission(session: Session, digest: bytes, *, owner: str) -> None:
    """Delete the submission, so that the same form may be sent again."""
    see_as(session, [owner])
    session.execute(
        delete(FormSubmission).where(
            FormSubmission.digest == digest,
            FormSubmission.owner == owner,
            FormSubmission.location.is_(None),
        )
    )


def find_outcome(session: Session, digest: bytes, *, owner: str, vault: Vault) -> Outcome | None:
    """Where the form led; None while somebody is at it, or after they gave up."""
    see_as(session, [owner])
    row = session.execute(
        select(FormSubmission, _FRESH).where(
            FormSubmission.digest == digest, FormSubmission.owner == owner
        )
    ).first()
    if row is None or row[0].location is None:
        return None
    submission: FormSubmission = row[0]
    if not (row.fresh and submission.session_sealed and submission.data_key):
        return Outcome(submission.location or "", None)
    key = vault.unwrap(submission.data_key, _row(digest))
    return Outcome(
        submission.location or "",
        key.open(submission.session_sealed, place=_PLACE, row=_row(digest)),
    )


def is_under_way(session: Session, digest: bytes, *, owner: str) -> bool:
    """Whether another request is at it; False once it ended, gave up or outlived its lease."""
    see_as(session, [owner])
    values = {"digest": digest, "owner": owner}
    return bool(session.scalar(_UNDER_WAY, values))


def _row(digest: bytes) -> UUID:
    """The digest stands in for a row's id where a sealed value is bound to its row."""
    return UUID(bytes=digest[:16])
