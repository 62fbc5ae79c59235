"""Hold the ledger against its second book. A difference stops payouts and nothing else, until a
person has looked or the books agree again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.incidents.models import Incident
from services.incidents.reporting import Report, find_open, id_of_sums, recover, report
from services.incidents.rules import Kind, Resolution, Subject
from services.kernel.crypto import Vault
from services.kernel.db import text
from services.ledger.second_book import Comparison, compare, note_comparison, read_mark
from services.remittances.errors import PayoutsStopped

_STOP = text("SELECT id FROM incidents WHERE kind = :kind AND resolved_at IS NULL LIMIT 1")
_BOOKS = id_of_sums("ledger")
# As many as a person reads; `consular books check` prints all.
_NAMED = 20


def compare_books(
    session: Session, *, now: datetime, vault: Vault, whole: bool = True
) -> Comparison:
    """Compare, and open an incident that names what differs, or close it.

    Not the ``whole``: what was written since the books agreed last.
    """
    comparison = compare(session, vault, None if whole else read_mark(session))
    note_comparison(session, comparison, now=now)
    if comparison.differences:
        rows = "; ".join(str(each) for each in comparison.differences[:_NAMED])
        detail = {"differences": len(comparison.differences), "rows": rows}
        if not _explained(session, detail):
            report(session, Report(Kind.BOOKS_DIFFER, Subject.SUMS, _BOOKS, detail), now=now)
    else:
        incident = find_open(session, Kind.BOOKS_DIFFER, _BOOKS)
        recover(session, [incident] if incident else [], now=now)
    return comparison


def _explained(session: Session, detail: Mapping[str, object]) -> bool:
    """A person has looked at just this, and knows why it is so."""
    last = session.execute(
        select(Incident.resolution, Incident.detail)
        .where(Incident.kind == Kind.BOOKS_DIFFER, Incident.subject_id == _BOOKS)
        .order_by(Incident.opened_at.desc())
        .limit(1)
    ).first()
    return last is not None and (last.resolution, last.detail) == (Resolution.EXPLAINED, detail)


def refuse_when_stopped(session: Session) -> None:
    """Raise `PayoutsStopped` while the books differ."""
    if find_stop(session):
        raise PayoutsStopped()


def find_stop(session: Session) -> UUID | None:
    """The incident that stops payouts, if there is one."""
    return session.execute(_STOP, {"kind": Kind.BOOKS_DIFFER.value}).scalar()
