"""What tables of several slices have in common: types of columns, numbered rows, lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType

from services.kernel.db import Base
from services.kernel.errors import NotFound

Model = TypeVar("Model", bound=Base)
Row = TypeVar("Row")
Place = TypeVar("Place")


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "XID8"


def one_of(column: str, values: Iterable[StrEnum]) -> str:
    """The SQL condition of a column that has one of these values, for constraints and indexes.

    They are listed as their type declares them.
    """
    wanted = set(values)
    declared = type(next(iter(wanted)))
    listed = ", ".join(repr(value.value) for value in declared if value in wanted)
    return f"{column} IN ({listed})"


def get_row(
    session: Session,
    model: type[Model],
    key: object,
    *,
    field: str | None = None,
    lock: bool = False,
) -> Model:
    """The row with that primary key; with ``lock`` as it is now, held until the transaction ends.
    Raises NotFound, also for one that row security hides."""
    row = session.get(model, key, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound(field=field)
    return row


def append_numbered(
    session: Session,
    model: type[Base],
    columns: Mapping[str, Any],
    *,
    owner: str,
    number: str = "position",
) -> int:
    """Add a row whose ``number`` is one more than that of the last row with the same ``owner``.

    The owner is locked by the caller. Returns the number.
    """
    table: Any = model
    counted: Any = getattr(model, number)
    last = select(func.coalesce(func.max(counted), 0) + 1).where(
        getattr(model, owner) == columns[owner]
    )
    added = session.execute(
        insert(table).values({**columns, number: last.scalar_subquery()}).returning(counted)
    )
    return int(added.scalar_one())


def list_numbered(session: Session, model: type[Model], **owner: object) -> Sequence[Model]:
    """The rows that `append_numbered` added for an owner, the first one first."""
    position: Any = getattr(model, "position")  # noqa: B009  # each such model has it
    return session.scalars(select(model).filter_by(**owner).order_by(position)).all()


@dataclass(frozen=True)
class Page(Generic[Row, Place]):
    """A part of a list. ``next`` is the place of its last row, to go on after; None at the end."""

    items: Sequence[Row]
    next: Place | None


def fetch_page(
    session: Session, query: Select[Row], *, limit: int | None, place: Callable[[Row], Place]
) -> Page[Row, Place]:
    """The first ``limit`` rows of an ordered query, and whether there are more; or all of them."""
    rows: Sequence[Any] = session.scalars(query.limit(limit + 1) if limit else query).all()
    more = limit is not None and len(rows) > limit
    return Page(rows[:limit], place(rows[:limit][-1]) if more else None)
