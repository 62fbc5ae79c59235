"""Figures that others published: brought into the table, and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Select, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from services.consulates.loading import read_rows, upsert
from services.consulates.models import Consulate
from services.monitoring.indicators import Series
from services.monitoring.models import (
    GroupEntry,
    GroupIndicator,
    PublishedFigure,
    PublishedRevision,
)
from services.monitoring.rules import GROUPS, ReportedUnit

# A figure keeps its id as long as it speaks of the same thing; its value may be corrected, of which
# the database keeps every revision.
_IDS = UUID("0a0f8f3e-0f0b-5c8e-8a55-6f9f2a1f7c22")
_IDENTITY = ("programme", "period", "metric", "source")
# The Commission's working groups, by number: CIAIMM-3; and the sessions they reported at.
_GROUP = "CIAIMM-"
_SESSIONS = {"11th session": 11}


def load_reference(session: Session) -> dict[str, int]:
    """Enrollments, consular activity, remittances and the Commission's 11th session, whose figures
    are also the first revision of what its working groups reported.

    Table -> rows. Raises `BadReferenceData`.
    """
    rows = read_rows("services.monitoring", "published.csv", _figure)
    reported = [row for row in rows if row["programme"].startswith(_GROUP)]
    entries = [_entry(row) for row in reported]
    loaded = {
        "published_series": upsert(session, PublishedFigure, rows),
        "group_indicators": upsert(session, GroupIndicator, [_indicator(row) for row in reported]),
        "group_entries": len(entries),
    }
    session.execute(insert(GroupEntry).values(entries).on_conflict_do_nothing())
    return loaded


def keep_credential_requests(
    session: Session, cut_off: date, by_office: Mapping[str, int]
) -> list[str]:
    """Keep INE's counts of requests for the voter credential, one figure an office as of its newest
    day; those before stay among its revisions.

    Returns the codes of offices that aren't ours, which are left out.
    """
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
    session: Session,
    *,
    programme: str | None = None,
    metric: str | None = None,
    as_of: datetime | None = None,
) -> Sequence[PublishedRevision]:
    """Figures as printed, now or at a moment, by programme, metric and period; unlike periods don't
    add up."""
    statement, printed = _as_printed(as_of)
    if programme is not None:
        statement = statement.where(PublishedFigure.programme == programme)
    if metric is not None:
        statement = statement.where(PublishedFigure.metric == metric)
    place = (printed.programme, printed.metric, printed.period)
    return session.scalars(statement.order_by(*place)).all()


def list_series(
    session: Session, series: Sequence[Series], as_of: datetime | None = None
) -> Sequence[PublishedRevision]:
    """The figures of these series as `list_published` gives them, in the order of the series."""
    names = [(each.programme, each.metric) for each in series]
    statement, printed = _as_printed(as_of)
    rows = session.scalars(
        statement.where(
            tuple_(PublishedFigure.programme, PublishedFigure.metric).in_(names)
        ).order_by(printed.period, printed.value)
    ).all()
    return sorted(rows, key=lambda row: names.index((row.programme, row.metric)))


def _as_printed(
    as_of: datetime | None,
) -> tuple[Select[PublishedRevision], type[PublishedRevision]]:
    """Of each figure the newest revision that was kept by then."""
    kept = select(PublishedRevision).where(PublishedRevision.figure_id == PublishedFigure.id)
    if as_of is not None:
        known = PublishedRevision.kept_at
        kept = kept.where(or_(known.is_(None), known <= as_of))
    newest = kept.order_by(PublishedRevision.revision.desc()).limit(1).lateral()
    printed = aliased(PublishedRevision, newest)
    return select(printed).select_from(PublishedFigure).join(printed, true()), printed


def _figure(row: Mapping[str, Any]) -> dict[str, Any]:
    identity = "|".join(row[name] or "" for name in _IDENTITY)
    return {**row, "unit": ReportedUnit(row["unit"]), "id": uuid5(_IDS, identity)}


def _indicator(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "group_number": _group(row),
        "code": row["metric"],
        "name_es": row["label_es"],
        "name_en": row["label_en"],
        "unit": row["unit"],
        "source": row["source"],
    }


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """The figure as the first revision of what its group reported; a later one stays."""
    said = {name: row[name] for name in ("id", "note", "note_es", "source", "source_es")}
    return {
        **said,
        "value": Decimal(row["value"]),
        "code": row["metric"],
        "session_number": _SESSIONS[row["period"]],
        "cut_off": row["day"],
        "revision": 1,
    }


def _group(row: Mapping[str, Any]) -> int:
    return GROUPS[int(row["programme"].removeprefix(_GROUP)) - 1]
