"""An entry of the audit for each look of staff at a person's file, which the person can list."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from consular.auth import actor, now
from services.kernel import audit


def record_look(session: Session, kind: str, found: Any) -> None:
    """``found`` is an appointment or an enrolment. One's own look is no entry."""
    asking = actor()
    if not asking.is_citizen:
        audit.record(
            session,
            actor=asking,
            action=f"{kind}.read",
            subject_kind=kind,
            subject_id=found.id,
            now=now(),
            person_account_id=found.account_id,
            consulate=found.consulate_code,
        )
