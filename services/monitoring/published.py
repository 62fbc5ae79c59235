"""Figures that others published: brought into the table, and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.consulates.loading import read_rows, upsert
from services.consulates.models import Consulate
from services.monitoring.models import PublishedFigure

# A figure keeps its id as long as it speaks of the same thing; its value may be corrected.
_IDS = UUID("0a0f8f3e-0f0b-5c8e-8a55-6f9f2a1f7c22")
_IDENTITY = ("programme", "period", "metric", "source")


def load_reference(session: Session) -> dict[str, int]:
    """Enrollments, consular activity, remittances and the Commission's 11th session.

    Table -> rows. Raises `BadReferenceData`.
    """
    rows = read_rows("services.monitoring", "published.csv", _figure)
    return {"published_series": upsert(session, PublishedFigure, rows)}


def keep_credential_requests(
    session: Session, cut_off: date, by_office: Mapping[str, int]
) -> list[str]:
    """Keep INE's counts of requests for the voter credential, one figure an office as of its newest
    day. Returns the codes of offices that aren't ours, which are left out."""
    names = {
        office.code: office
        for office in session.scalars(select(Consulate).where(Consulate.code.in_(by_office)))
    }
    rows = [_credential_requests(names[code], cut_off, by_office[code]) for code in sorted(names)]
    if rows:
        statement = insert(PublishedFigure).values(rows)
        newest = {name: statement.excluded[name] for name in ("period", "day", "value")}
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[PublishedFigure.id],
                set_=newest,
                where=statement.excluded.day >= PublishedFigure.day,
            )
        )
    return sorted(set(by_office) - set(names))


def _credential_requests(office: Consulate, cut_off: date, count: int) -> dict[str, Any]:
    return {
        "id": uuid5(_IDS, f"INE|credential_requests|{office.code}"),
        "programme": "INE",
        "period": cut_off.isoformat(),
        "day": cut_off,
        "metric": "credential_requests",
        "label_es": f"Solicitudes de credencial para votar, {office.name_es}",
        "label_en": f"Requests for the voter credential, {office.name_en}",
        "value": count,
        "unit": "requests",
        "note": "cumulative since 2016-02-08, as INE tells every day",
        "note_es": "acumulado desde el 2016-02-08, como lo dice el INE cada día",
        "source": "INE",
    }


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
