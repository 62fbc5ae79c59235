"""Work out what is left out of a month, ahead of its preview where that takes long, and keep it.

At a million facts a month takes seconds. What is kept belongs to the numbers themselves, by a hash
of them: of other numbers, such as those that came late, it is worked out anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.open_data.models import DatasetMonth
from services.open_data.suppression import Cell, Table, list_unsafe, suppress
from services.outbox.delivery import enqueue
from services.outbox.models import OutboxItem

TOPIC = "open_data.prepare"


@dataclass(frozen=True)
class LeftOut:
    """The cells that aren't told, and how many small ones could be found all the same."""

    cells: Collection[Cell]
    unsafe: int


def work_out(table: Table, threshold: int) -> LeftOut:
    """Seconds, for a month of many small numbers."""
    cells = suppress(table, threshold)
    return LeftOut(cells, len(list_unsafe(table, cells, threshold)))


def find_left_out(session: Session, table: Table, threshold: int) -> LeftOut | None:
    """What was worked out for these numbers."""
    row = session.get(DatasetMonth, _hash(table, threshold))
    if row is None:
        return None
    cells = {(frozenset(offices), frozenset(categories)) for offices, categories in row.left_out}
    return LeftOut(cells, row.unsafe)


def keep_left_out(session: Session, table: Table, threshold: int, left_out: LeftOut) -> None:
    """For whoever previews these numbers."""
    values = {
        "counted": _hash(table, threshold),
        "left_out": [[sorted(part) for part in cell] for cell in left_out.cells],
        "unsafe": left_out.unsafe,
    }
    session.execute(insert(DatasetMonth).values(values).on_conflict_do_nothing())


def _hash(table: Table, threshold: int) -> str:
    counts = sorted((*place, count) for place, count in table.counts.items())
    countries = sorted((office, table.countries[office]) for office in table.offices)
    return sha256(json.dumps([threshold, counts, countries]).encode()).hexdigest()


def ref_of(dataset: str) -> UUID:
    """What an item of the outbox about a data set refers to."""
    return uuid5(NAMESPACE_URL, f"urn:consular:open-data:{dataset}")


def ask(session: Session, dataset: str) -> None:
    """Have the months that wait worked out, unless that is under way."""
    if not is_under_way(session, dataset):
        enqueue(session, TOPIC, ref_of(dataset))


def is_under_way(session: Session, dataset: str) -> bool:
    """Whether somebody asked for it and it isn't done."""
    same = (OutboxItem.topic == TOPIC, OutboxItem.ref == ref_of(dataset))
    return bool(session.scalar(select(exists().where(*same, OutboxItem.done_at.is_(None)))))
