"""Figures that others published: brought into the table, and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.consulates.loading import read_rows, upsert
from services.monitoring.models import PublishedFigure

# A figure keeps its id as long as it speaks of the same thing; its value may be corrected.
_IDS = UUID("0a0f8f3e-0f0b-5c8e-8a55-6f9f2a1f7c22")
_IDENTITY = ("programme", "period", "metric", "source")


def load_reference(session: Session) -> dict[str, int]:
    """Enrolments, consular activity, remittances and the Commission's 11th session.

    Table -> rows. Raises `BadReferenceData`.
    """
    rows = read_rows("services.monitoring", "published.csv", _figure)
    return {"published_series": upsert(session, PublishedFigure, rows)}


def list_published(
    session: Session, *, programme: str | None = None, metric: str | None = None
) -> Sequence[PublishedFigure]:
    """Figures as printed, by programme, metric and period; unlike periods don't add up."""
    statement = select(PublishedFigure).order_by(
        PublishedFigure.programme, PublishedFigure.metric, PublishedFigure.period
    )
    if programme is not None:
        statement = statement.where(PublishedFigure.programme == programme)
    if metric is not None:
        statement = statement.where(PublishedFigure.metric == metric)
    return session.scalars(statement).all()


def _figure(row: Mapping[str, Any]) -> dict[str, Any]:
    identity = "|".join(row[name] or "" for name in _IDENTITY)
    return {**row, "id": uuid5(_IDS, identity)}
