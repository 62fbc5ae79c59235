"""List who did what with a citizen's data, for the citizen."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from services.kernel.audit import AuditEntry
from services.kernel.tables import Page, fetch_page

# An incident between an agency and us, for staff to settle: nobody looked at anything, and what
# becomes of it the person is told by the thing itself.
INTERNAL = ("remittance.contradiction", "remittance.incident")


def list_accesses(
    session: Session, account: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> Page[AuditEntry, tuple[datetime, UUID]]:
    """Audit entries about the account's data, the newest first."""
    query = select(AuditEntry).where(
        AuditEntry.person_account_id == account,
        *(AuditEntry.action.not_like(f"{kind}%") for kind in INTERNAL),
    )
    if after:
        query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < after)
    ordered = query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    return fetch_page(session, ordered, limit=limit, place=lambda row: (row.at, row.id))
