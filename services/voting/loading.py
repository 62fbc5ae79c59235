"""Bring the published counts that travel with the code into the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from services.consulates.loading import read_rows, upsert
from services.voting.models import VoteCount
from services.voting.rules import Dimension, Mode, Status, Unit

# A row keeps its id as long as it speaks of the same thing; its value may be corrected.
_IDS = UUID("5b2b3f0e-6d0b-5f0f-9a47-0c1f6f3f9f11")
_IDENTITY = ("election", "metric", "mode", "dimension", "key", "period", "day", "unit", "source")


def load_reference(session: Session) -> dict[str, int]:
    """Votes abroad since 2006 and voter cards issued abroad; table -> rows.

    Needs the offices, and a transaction that works for the whole network. Raises
    `BadReferenceData`.
    """
    rows = read_rows("services.voting", "counts.csv", _published)
    return {"vote_counts": upsert(session, VoteCount, rows)}


def _published(row: Mapping[str, Any]) -> dict[str, Any]:
    Dimension(row["dimension"])
    Unit(row["unit"])
    if row["mode"]:
        Mode(row["mode"])
    return {
        **row,
        "id": uuid5(_IDS, "|".join(row[name] or "" for name in _IDENTITY)),
        "key": row["key"] or "",
        "status": Status.PUBLISHED.value,
    }
