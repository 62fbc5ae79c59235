"""Writes of which nobody reads anything back, sent together: one round trip for all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from services.kernel.db import Base, Owners, PartOf, Statement, text

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


def update_row(session: Session, row: Base, whole: Base | None = None) -> None:
    """Write what was set on a row that was read, if anything was, in one round trip; a flush spends
    more on finding out what. ``whole``: what it is a part of, which says whose it is. Raises
    StaleDataError where there is no such row."""
    values = take_unwritten(row)
    if not values:
        return
    model = type(row)
    sent = {name: as_sent(model, name, value) for name, value in values.items()}
    keys = {f"key_{key}": getattr(row, key) for key in _keys(model)}
    whose = whole or row
    owner = owner_of(type(whose))
    keys |= {"owner": getattr(whose, owner)} if owner else {}
    session.flush()
    if session.execute(_update(model, tuple(sorted(sent))), {**sent, **keys}).first() is None:
        raise StaleDataError(f"{model.__tablename__}: no row of that owner")


def take_unwritten(row: Base) -> dict[str, Any]:
    """What was changed on it and isn't written; it counts as written from here on, also where a
    savepoint is rolled back: who goes on after one reads the row again."""
    state = inspect(row)
    names = set(state.mapper.columns.keys()) - state.unmodified
    values = {name: getattr(row, name) for name in names if state.attrs[name].history.has_changes()}
    # What was set to what it was is unwritten to the session as well.
    for name in names & state.dict.keys():
        set_committed_value(row, name, state.dict[name])
    if state.session is not None and not state.committed_state:
        # Else it counts as changed, and every flush, one before each query, looks at it again.
        state._commit_all(state.dict, state.session.identity_map)
    return values


def as_sent(model: type[Base], column: str, value: Any) -> Any:
    """The value as the driver is given it."""
    return Jsonb(value) if value is not None and column in _json_columns(model) else value


@cache
def _json_columns(model: type[Base]) -> frozenset[str]:
    columns = inspect(model).columns.items()
    return frozenset(name for name, column in columns if isinstance(column.type, JSONB))


@cache
def _keys(model: type[Base]) -> tuple[str, ...]:
    return tuple(column.name for column in inspect(model).primary_key)


@cache
def owner_of(model: type[Base]) -> str | None:
    """The column that says whose a row is: an account's or, else, an office's."""
    owners = model.owners
    return (owners.account or owners.office) if isinstance(owners, Owners) else None


@cache
def _update(model: type[Base], columns: tuple[str, ...]) -> Statement:
    new = ", ".join(f"{name} = :{name}" for name in columns)
    where = " AND ".join(f"part.{key} = :key_{key}" for key in _keys(model))
    whole, whose = "", "part"
    if isinstance(model.owners, PartOf):
        whole = f" FROM {model.owners.whole.__tablename__} whole"
        where, whose = f"{where} AND whole.id = part.{model.owners.column}", "whole"
    owner = owner_of(model.owners.whole if isinstance(model.owners, PartOf) else model)
    mine = f" AND {whose}.{owner} IS NOT DISTINCT FROM :owner" if owner else ""
    return text(
        f"UPDATE {model.__tablename__} part SET {new}{whole}"  # noqa: S608 - names of our own tables
        f" WHERE {where}{mine} RETURNING 1"
    )
