"""Writes of which nobody reads anything back, sent together: one round trip for all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session, make_transient_to_detached

from services.kernel.db import Base, Statement, text

_NAME = re.compile(r"(?<!:):(\w+)")


@dataclass(frozen=True)
class Write:
    """An INSERT, UPDATE or DELETE; ``sql`` names its ``values`` with colons."""

    sql: str
    values: Mapping[str, Any]


def write(session: Session, *writes: Write) -> None:
    """Send them as one statement: none sees what another writes, and all of them are done or none.

    What the session holds unwritten goes before.
    """
    if not writes:
        return
    session.flush()
    named = {
        f"{name}_{number}": value
        for number, each in enumerate(writes)
        for name, value in each.values.items()
    }
    session.execute(_together(tuple(each.sql for each in writes)), named)


@cache
def _together(statements: tuple[str, ...]) -> Statement:
    if len(statements) == 1:
        return text(_numbered(statements[0], 0))
    parts = (f"write_{n} AS ({_numbered(sql, n)})" for n, sql in enumerate(statements))
    return text(f"WITH {', '.join(parts)} SELECT 1")


def _numbered(sql: str, number: int) -> str:
    return _NAME.sub(rf":\1_{number}", sql)


def insert_together(session: Session, *rows: Base) -> None:
    """Insert new rows in one round trip, where a flush takes one for each table and as much again
    to find out which. The session knows them from then on."""
    write(session, *(_insertion(row) for row in rows))
    for row in rows:
        for column in _without_default(type(row)) - row.__dict__.keys():
            setattr(row, column, None)
        make_transient_to_detached(row)
    session.add_all(rows)


def _insertion(row: Base) -> Write:
    given = {name: row.__dict__[name] for name in _columns(type(row)) if name in row.__dict__}
    return Write(_insert(row.__tablename__, tuple(given)), given)


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    values = ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608


@cache
def _columns(model: type[Base]) -> tuple[str, ...]:
    return tuple(each.key for each in inspect(model).column_attrs)


@cache
def _without_default(model: type[Base]) -> frozenset[str]:
    columns = inspect(model).column_attrs
    return frozenset(each.key for each in columns if each.columns[0].server_default is None)
