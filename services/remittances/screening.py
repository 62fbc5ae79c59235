"""Compare who sends and who receives with the lists of names in force.

Names are compared word by word, whatever their order, accents and case. A name is like a listed one
when it has all of its words, unless both birth dates are known and differ; one with fewer words,
only with the same birth date. It is a likeness of names and nothing more: a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Subject
from services.kernel.db import text
from services.kernel.identifiers import normalise_name
from services.kernel.ids import new_id
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import Remittance, ScreeningHit, ScreeningList
from services.remittances.rules import FOR_A_PERSON, IN_PAYOUT, Party

# They join names, and are left out or not as one likes.
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "el", "y", "e", "da", "do", "dos", "van"})


@dataclass(frozen=True)
class Screened:
    """``listed``: there is a list to compare with. ``hits``: likenesses that nobody has decided."""

    listed: bool
    hits: int


def name_words(*parts: str | None) -> list[str]:
    """The words of a name as they are compared."""
    return sorted(set(normalise_name(*parts).split()) - _PARTICLES)


_MATCH = text(
    """
    SELECT l.name AS list_name, m.party, m.reference, m.name
    FROM screening_lists l LEFT JOIN LATERAL (
        SELECT p.party, e.reference, e.name
        FROM (VALUES ('sender', CAST(:sender AS text[]), CAST(:sender_born AS date)),
            ('recipient', CAST(:recipient AS text[]), CAST(:recipient_born AS date))
        ) p (party, words, born)
        JOIN screening_entries e ON e.list_id = l.id AND (
            (e.words <@ p.words AND coalesce(e.birth_date = p.born, true))
            OR (e.words @> p.words AND cardinality(p.words) > 1 AND e.birth_date = p.born))
    ) m ON true
    WHERE l.replaced_at IS NULL
    """
)
_KEEP = text(
    """
    INSERT INTO screening_hits (id, remittance_id, party, list_name, reference, name, found_at)
    VALUES (:id, :remittance, :party, :list_name, :reference, :name, :now)
    ON CONFLICT (remittance_id, party, list_name, reference) DO UPDATE
        SET decision = CASE WHEN :again THEN NULL ELSE screening_hits.decision END,
            decided_at = CASE WHEN :again THEN NULL ELSE screening_hits.decided_at END,
            decided_by = CASE WHEN :again THEN NULL ELSE screening_hits.decided_by END
    RETURNING decision
    """
)


def screen(
    session: Session, remittance: Remittance, *, now: datetime, corrected: bool = False
) -> Screened:
    """Compare the names of a locked remittance with the lists in force, and keep what is alike.

    What a person has decided about stays decided, unless the recipient's name was ``corrected``.
    """
    rows = session.execute(_MATCH, _compared(remittance)).all()
    hits = [row for row in rows if row.party is not None]
    undecided = sum(
        _keep_hit(session, remittance, hit, now, again=corrected and hit.party == Party.RECIPIENT)
        for hit in hits
    )
    remittance.screened_at = now if rows else None
    return Screened(bool(rows), undecided)


def _compared(remittance: Remittance) -> dict[str, Any]:
    sender, recipient = remittance.sender, remittance.payee
    return {
        "sender": _words_of(sender),
        "sender_born": sender.birth_date,
        "recipient": _words_of(recipient),
        "recipient_born": recipient.birth_date,
    }


def _words_of(person: Person) -> list[str]:
    return name_words(person.given_names, person.first_surname, person.second_surname)


def _keep_hit(
    session: Session, remittance: Remittance, hit: Any, now: datetime, *, again: bool
) -> bool:
    """Whether it is still to be decided."""
    values = {
        "id": new_id(),
        "remittance": remittance.id,
        "party": hit.party,
        "list_name": hit.list_name,
        "reference": hit.reference,
        "name": hit.name,
        "now": now,
        "again": again,
    }
    return session.execute(_KEEP, values).scalar_one() is None


def screen_again(
    session: Session, remittance_id: UUID, *, now: datetime, corrected: bool = False
) -> Screened | None:
    """Compare one that was compared before: a list has changed, or a name was ``corrected``.

    One that waits to be sent is compared when it is; one that is held stays so. Of one that is at
    the agency a likeness becomes an incident. None where nothing more can be stopped.
    """
    remittance = LIFECYCLE.lock(session, remittance_id)
    if not remittance.in_payout and remittance.status not in FOR_A_PERSON:
        return None
    screened = screen(session, remittance, now=now, corrected=corrected)
    session.flush()
    if screened.hits and remittance.in_payout:
        listed = Report(Kind.NAME_LISTED, Subject.REMITTANCE, remittance.id)
        report(session, listed, now=now)
    return screened


def list_outdated(session: Session, *, most: int) -> Sequence[UUID]:
    """Those at the agency that were compared before a list changed."""
    newest = select(func.max(ScreeningList.loaded_at)).scalar_subquery()
    return session.scalars(
        select(Remittance.id)
        .where(
            Remittance.status.in_(sorted(IN_PAYOUT | FOR_A_PERSON)),
            Remittance.funded_at.is_not(None),
            func.coalesce(Remittance.screened_at, Remittance.registered_at) < newest,
        )
        .order_by(Remittance.changed_at)
        .limit(most)
    ).all()


def is_undecided(session: Session, remittance: UUID) -> bool:
    """Whether a likeness waits for a person."""
    hit = select(ScreeningHit.id).where(
        ScreeningHit.remittance_id == remittance, ScreeningHit.decided_at.is_(None)
    )
    return bool(session.scalar(select(exists(hit))))


def decide(
    session: Session,
    remittance: UUID,
    decision: str,
    reason: str,
    *,
    now: datetime,
    by: UUID | None,
) -> None:
    """Write down what a person has decided about all that is undecided."""
    session.execute(
        update(ScreeningHit)
        .where(ScreeningHit.remittance_id == remittance, ScreeningHit.decided_at.is_(None))
        .values(decision=decision, reason=reason, decided_at=now, decided_by=by)
    )
