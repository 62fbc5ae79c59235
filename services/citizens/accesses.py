"""Who did what with a citizen's data: theirs to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from services.kernel.audit import AuditEntry

# An incident between an agency and us, for staff to settle: nobody looked at anything, and what
# becomes of it the person is told by the thing itself.
INTERNAL = ("remittance.contradiction", "remittance.incident")


def list_accesses(
    session: Session, account: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> tuple[Sequence[AuditEntry], tuple[datetime, UUID] | None]:
    """Audit entries about the account's data, the newest first, and where the next ones begin."""
    query = select(AuditEntry).where(
        AuditEntry.person_account_id == account,
        *(AuditEntry.action.not_like(f"{kind}%") for kind in INTERNAL),
    )
    if after:
        query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < after)
    ordered = query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    rows = session.scalars(ordered.limit(limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (last.at, last.id) if last else None
