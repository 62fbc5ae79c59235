"""Who reported and settled a vote count, the same way by API and page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.staff.accounts import find_name


def names_of(session: Session, count: Any) -> dict[str, str | None]:
    """Names by what they did; None for nobody, and for staff whom the reader's office can't see."""

    def name(staff: UUID | None) -> str | None:
        return find_name(session, staff) if staff else None

    return {
        "reported_by": name(count.reported_by),
        "approved_by": name(count.approved_by),
        "rejected_by": name(count.rejected_by),
    }
