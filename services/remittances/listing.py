"""Load a list of names to screen against: the newest one of its name takes the place of the one
before, from the moment that it is loaded."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from importlib.resources import files
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from services.kernel.ids import new_id
from services.remittances.models import ScreeningEntry, ScreeningList
from services.remittances.screening import name_words

DEMONSTRATION = "demonstration"
# One word is everybody's.
FEWEST_WORDS = 2


class BadScreeningList(ValueError):
    """A row of the file can't be used; the message names the line and why."""


def load_list(
    session: Session,
    lines: Iterable[str],
    *,
    name: str,
    published_on: date,
    source: str,
    now: datetime,
) -> int:
    """Read a CSV with ``reference``, ``name`` and, where known, ``birth_date``; returns how many
    entries are in force. All or nothing: raises `BadScreeningList`."""
    rows = [_entry(number, row) for number, row in enumerate(csv.DictReader(lines), start=2)]
    if not rows:
        raise BadScreeningList("the file has no entries")
    before = select(ScreeningList.id).where(
        ScreeningList.name == name, ScreeningList.replaced_at.is_(None)
    )
    session.execute(delete(ScreeningEntry).where(ScreeningEntry.list_id.in_(before)))
    session.execute(
        update(ScreeningList)
        .where(ScreeningList.name == name, ScreeningList.replaced_at.is_(None))
        .values(replaced_at=now)
    )
    list_id = new_id()
    session.add(
        ScreeningList(
            id=list_id,
            name=name,
            published_on=published_on,
            source=source,
            entries=len(rows),
            loaded_at=now,
        )
    )
    session.flush()
    session.execute(insert(ScreeningEntry), [{**row, "list_id": list_id} for row in rows])
    return len(rows)


def load_demonstration(session: Session, *, now: datetime) -> int:
    """An invented list, for development and tests; nothing new where it is loaded."""
    loaded = session.scalars(
        select(ScreeningList.entries).where(
            ScreeningList.name == DEMONSTRATION, ScreeningList.replaced_at.is_(None)
        )
    ).first()
    if loaded is not None:
        return loaded
    file = files("services.remittances").joinpath("data", "demonstration_list.csv")
    return load_list(
        session,
        file.read_text("utf-8").splitlines(),
        name=DEMONSTRATION,
        published_on=date(2026, 11, 1),
        source="invented",
        now=now,
    )


def _entry(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    reference, name = (str(row.get(key) or "").strip() for key in ("reference", "name"))
    words = name_words(name)
    if not reference or len(words) < FEWEST_WORDS:
        raise BadScreeningList(f"line {number}: a reference and a name of two words are needed")
    try:
        born = date.fromisoformat(row["birth_date"]) if row.get("birth_date") else None
    except ValueError:
        raise BadScreeningList(f"line {number}: {row['birth_date']!r} is no date") from None
    return {"reference": reference, "name": name, "words": words, "birth_date": born}
