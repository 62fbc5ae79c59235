"""Bring the terms that travel with the code into their table, as often as one likes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.agencies.models import AgencyTerms
from services.consulates.loading import read_rows, upsert

_WHOLE = (
    "burst", "at_once", "failures_to_open", "window_seconds", "open_seconds",
    "longest_open_seconds", "probe_seconds",
)  # fmt: skip


def load_reference(session: Session) -> dict[str, int]:
    """Rates, limits and what opens a breaker. Raises `BadReferenceData`."""
    rows = read_rows("services.agencies", "terms.csv", _terms)
    return {"agency_terms": upsert(session, AgencyTerms, rows)}


def _terms(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        **{name: int(row[name]) for name in _WHOLE},
        "valid_from": date.fromisoformat(row["valid_from"]),
        "calls_per_second": float(row["calls_per_second"]),
    }
