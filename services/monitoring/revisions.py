"""Keep a figure that somebody wrote down: first or as a correction, never over another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.db import violated_constraint
from services.kernel.errors import Conflict
from services.kernel.ids import new_id
from services.monitoring.models import GroupEntry, Target

TAKEN = frozenset({"uq_group_entries_revision", "uq_indicator_targets_revision"})


def keep_revision(
    session: Session, row: GroupEntry | Target, kind: str, *, now: datetime, actor: Actor
) -> None:
    """Add the row, whose revision is one more than that of the figure whose place it takes.

    Raises Conflict: ``already_entered`` where there is a first one, ``corrected_meanwhile`` where
    another correction came before.
    """
    row.id, row.entered_by, row.entered_at = new_id(), actor.account_id, now
    first = row.revision == 1
    session.add(row)
    try:
        session.flush()
    except IntegrityError as refused:
        if violated_constraint(refused) not in TAKEN:
            raise
        if first:
            raise Conflict("already_entered") from refused
        raise Conflict("corrected_meanwhile") from refused
    action = f"{kind}.entered" if first else f"{kind}.corrected"
    audit.record(session, audit.Subject(kind, row.id), action=action, now=now, actor=actor)
