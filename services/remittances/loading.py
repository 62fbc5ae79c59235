"""Bring the rules that travel with the code into their table, as often as one likes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from services.consulates.loading import read_rows, upsert
from services.remittances.models import RemittanceRule


def load_reference(session: Session) -> dict[str, int]:
    """Fees, limits, taxes and times; table -> rows. Raises `BadReferenceData`."""
    rows = read_rows("services.remittances", "rules.csv", _rule)
    return {"remittance_rules": upsert(session, RemittanceRule, rows)}


def _rule(row: Mapping[str, Any]) -> dict[str, Any]:
    cell = row["value"] or ""
    if not cell.replace(".", "", 1).isdecimal():
        raise ValueError(f"{cell!r} is not a value")
    return {
        **row,
        "valid_from": date.fromisoformat(row["valid_from"]),
        "value": Decimal(cell),
    }
