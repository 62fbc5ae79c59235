"""Who did what with a citizen's data: theirs to read."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.kernel.audit import AuditEntry


def list_accesses(session: Session, account: UUID, *, most: int = 200) -> Sequence[AuditEntry]:
    """Audit entries about the account's data, the newest first."""
    return (
        session.execute(
            select(AuditEntry)
            .where(AuditEntry.person_account_id == account)
            .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
            .limit(most)
        )
        .scalars()
        .all()
    )
