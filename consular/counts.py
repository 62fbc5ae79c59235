"""Who reported and settled a vote count, the same way by API and page."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.staff.accounts import find_name

STEPS = ("reported", "approved", "rejected")


def names_of(session: Session, count: Any) -> dict[str, str | None]:
    """``reported_by`` and so on -> a name; None for nobody, and for staff whom the reader's office
    can't see."""
    staff = {f"{step}_by": getattr(count, f"{step}_by") for step in STEPS}
    return {name: find_name(session, id) if id else None for name, id in staff.items()}
