"""Bring the reference data that travels with the code into the tables, as often as one likes.

A row that a file no longer has stays, for others may point at it; what to bring for a service is
replaced as a whole. ``minutes`` is configuration: it is taken from the file for a new service
and left alone afterwards.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Text, cast, delete, func, inspect, literal, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from services.consulates import models
from services.consulates.rules import CLOSED_DAY_RULES
from services.kernel.db import Base
from services.kernel.money import Money

_PACKAGE = "services.consulates"
CALENDAR_YEARS = range(2025, 2031)

Row = dict[str, Any]


class BadReferenceData(Exception):
    """A row of a data file can't be used; the message names the file, the line and why."""


def load_reference(session: Session) -> dict[str, int]:
    """Offices, services, what to bring, fees, states and closed days; table -> rows in it now.

    One statement a table (two where rows are replaced). Raises `BadReferenceData`.
    """
    requirements = read_rows(_PACKAGE, "requirements.csv", _requirement)
    counts = {
        "consulates": upsert(
            session, models.Consulate, read_rows(_PACKAGE, "consulates.csv", _office)
        ),
        "services": upsert(
            session,
            models.Service,
            read_rows(_PACKAGE, "services.csv", _service),
            keep=("minutes",),
        ),
        "service_requirements": upsert(session, models.ServiceRequirement, requirements),
        "fees": upsert(session, models.ServiceFee, read_rows(_PACKAGE, "fees.csv", _fee)),
        "states": upsert(session, models.State, read_rows(_PACKAGE, "states.csv", dict)),
        "non_working_days": upsert(session, models.NonWorkingDay, closed_day_rows(CALENDAR_YEARS)),
    }
    _forget_other_requirements(session, requirements)
    return counts


def closed_day_rows(years: Iterable[int]) -> list[Row]:
    """Closed days of every country whose rules are known."""
    return [
        asdict(day) for year in years for rule in CLOSED_DAY_RULES.values() for day in rule(year)
    ]


def read_rows(package: str, name: str, parse: Callable[[Mapping[str, Any]], Row]) -> list[Row]:
    """The rows of ``data/<name>`` in ``package``, empty cells as None, each passed to ``parse``.

    ``parse`` raises ValueError for a row that can't be used; it is raised again as
    `BadReferenceData` with the line.
    """
    text = files(package).joinpath("data", name).read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines(keepends=True))
    rows = []
    for raw in reader:
        try:
            rows.append(parse({field: cell or None for field, cell in raw.items()}))
        except (ValueError, TypeError) as wrong:
            raise BadReferenceData(f"{package} {name}, line {reader.line_num}: {wrong}") from wrong
    return rows


def read_by_service(
    package: str, name: str, parse: Callable[[Mapping[str, Any]], Row], services: str, column: str
) -> Mapping[str, tuple[Any, ...]]:
    """What ``data/<services>`` names in ``column`` for each service, in that order: things that
    ``parse`` made, by their name, of the rows of ``data/<name>``. Raises `BadReferenceData`."""
    known: Row = {}
    for row in read_rows(package, name, parse):
        known |= row
    named = {
        row["service_code"]: tuple(known[each] for each in (row[column] or "").split())
        for row in read_rows(package, services, dict)
    }
    return MappingProxyType(named)


def upsert(
    session: Session, model: type[Base], rows: Sequence[Row], *, keep: Sequence[str] = ()
) -> int:
    """Insert or bring up to date by primary key; columns in ``keep`` are only ever inserted.

    The rows travel as one JSON value: a statement with thousands of parameters takes ten times
    as long to build as to run.
    """
    names, key = list(rows[0]), [column.name for column in inspect(model).primary_key]
    records = func.jsonb_populate_recordset(
        literal_column(f"NULL::{model.__tablename__}"),
        cast(literal(json.dumps(rows, default=str), Text), JSONB),
    ).table_valued(*names)
    statement = insert(model).from_select(names, select(records))
    changed = {name: statement.excluded[name] for name in names if name not in (*key, *keep)}
    session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))
    return len(rows)


def _forget_other_requirements(session: Session, rows: Sequence[Row]) -> None:
    key = tuple_(models.ServiceRequirement.service_code, models.ServiceRequirement.position)
    kept = [(row["service_code"], row["position"]) for row in rows]
    session.execute(delete(models.ServiceRequirement).where(key.not_in(kept)))


def _office(row: Mapping[str, Any]) -> Row:
    return {
        **row,
        "time_zone": checked_zone(row["code"], row["time_zone"]),
        "in_person_vote": _flag(row["in_person_vote"]),
        "assumed": _flag(row["assumed"]),
    }


def checked_zone(code: str, zone: str) -> str:
    """``zone`` when the zone database has it. Raises ValueError that names the office."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError, TypeError):
        raise ValueError(f"office {code} has no usable time zone: {zone!r}") from None
    return zone


def _service(row: Mapping[str, Any]) -> Row:
    return {
        **row,
        "minutes": int(row["minutes"]),
        "curp_required": _flag(row["curp_required"]),
        "bookable": _flag(row["bookable"]),
        "free": _flag(row["free"]),
    }


def _requirement(row: Mapping[str, Any]) -> Row:
    return {**row, "position": int(row["position"])}


def _fee(row: Mapping[str, Any]) -> Row:
    return {
        "service_code": row["service_code"],
        "year": int(row["year"]),
        "currency": row["currency"],
        "amount_minor": Money.parse(row["amount"], row["currency"]).minor,
        "note": row["note"],
        "source": row["source"],
    }


def _flag(cell: str | None) -> bool:
    if cell not in ("0", "1"):
        raise ValueError(f"{cell!r} is neither 0 nor 1")
    return cell == "1"
