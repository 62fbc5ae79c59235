"""Does a statement on rows that belong to somebody say whose it wants? Read from its SQL.

`watch` holds every statement that a test makes in somebody's scope to it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import ORMExecuteState, Session

from services.kernel.db import NETWORK, Base, Owners, PartOf, Scope
from services.metadata import metadata

# Tables whose rows are a browser's, an address's or an actor's rather than an office's or an
# account's, with the columns that a statement must name.
KEYED: Mapping[str, tuple[str, ...]] = {
    "idempotency_keys": ("account_id",),
    "drafts": ("owner",),
    "form_submissions": ("owner",),
    "web_sessions": ("id_hash", "staff_id"),
    "attempts": ("subject",),
    "login_codes": ("destination_index",),
    "homonyms": ("person_key",),
}
# What a condition compares with: a parameter, of SQLAlchemy, text() or a database function.
_GIVEN = r"(?:%\(|:(?!:)|p_|v_|ANY\b|\()"
_TOKEN = re.compile(r"'(?:[^']|'')*'|--[^\n]*|[\w.]+|\S")
_ENDS_FROM = {"WHERE", "SET", "GROUP", "ORDER", "HAVING", "RETURNING", "LIMIT", "FOR", "UNION",
              "SELECT", "VALUES", "INTO", "LOOP", "WINDOW"}  # fmt: skip
_NO_ALIAS = _ENDS_FROM | {"JOIN", "CROSS", "LEFT", "INNER", "FULL", "RIGHT", "ON", "USING",
                          "AS", "NATURAL"}  # fmt: skip


@cache
def owned() -> Mapping[str, Owners | PartOf]:
    """Table -> whose its rows are, as its model says."""
    assert metadata.tables
    return {
        str(mapper.local_table.name): mapper.class_.owners
        for mapper in Base.registry.mappers
        if mapper.class_.owners
    }


@lru_cache(maxsize=4096)
def forgotten(sql: str) -> tuple[str, ...]:
    """Tables that the statement reads, changes or deletes from without saying whose rows."""
    sql = re.sub(r"--[^\n]*", "", sql)
    if sql.count("WHERE") == 1 and re.search(r"WHERE false(?! OR\b)", sql):
        return ()  # finds nothing
    used = list(_tables(sql))
    aliases = dict(map(reversed, used))
    return tuple(
        sorted(
            {
                table
                for (table, alias), times in Counter(used).items()
                if (table in owned() or table in KEYED)
                and len(_conditions(sql, table, alias, aliases)) < times
            }
        )
    )


def _conditions(sql: str, table: str, alias: str, aliases: Mapping[str, str]) -> list[Any]:
    owners = owned().get(table)
    of = rf"\b{alias}\." if alias != table else rf"(?<![\w.])(?:{alias}\.)?"
    if isinstance(owners, PartOf):
        wholes = [a for a, t in aliases.items() if t == owners.whole.__tablename__]
        whole = rf"(?:{'|'.join(wholes) or 'no'})\.id"
        key = rf"{of}{owners.column}"
        return re.findall(rf"{whole} = {key}\b|{key} = {whole}\b", sql)
    columns = KEYED.get(table) or _columns(owners)
    named = "|".join(columns)
    return re.findall(rf"{of}(?:{named}) (?:=|IN|IS NOT DISTINCT FROM) {_GIVEN}", sql)


def _columns(owners: Owners | None) -> tuple[str, ...]:
    return tuple(filter(None, (owners.office, owners.account))) if owners else ()


def _tables(sql: str) -> Iterator[tuple[str, str]]:
    """(table, alias) of each use; the alias is the table's own name where there is none."""
    tokens = _TOKEN.findall(sql)
    upper = [token.upper() for token in tokens]
    depths = [False]  # whether a comma separates tables, at each depth of parentheses
    for at, word in enumerate(upper):
        starts = _starts_table(upper, at, listed=depths[-1])
        if word == "(":
            depths.append(False)
        elif word == ")":
            depths = depths[:-1] or [False]
        elif word in _ENDS_FROM:
            depths[-1] = False
        if starts and at + 1 < len(tokens):
            depths[-1] = depths[-1] or word != "UPDATE"
            yield tokens[at + 1].lower(), _alias(tokens, upper, at + 1)


def _starts_table(upper: list[str], at: int, *, listed: bool) -> bool:
    """Whether a table's name follows."""
    word, before = upper[at], upper[at - 1] if at else ""
    if word == "FROM":
        return before != "DISTINCT"
    if word == "UPDATE":
        return before not in ("FOR", "DO", "KEY")
    return word == "JOIN" or (word == "," and listed)


def _alias(tokens: list[str], upper: list[str], at: int) -> str:
    after = at + 2 if upper[at + 1 : at + 2] == ["AS"] else at + 1
    if after < len(tokens) and re.fullmatch(r"[a-z_]\w*", tokens[after]):
        return tokens[after]
    return tokens[at].lower() if upper[after : after + 1] != ["AS"] else tokens[after]


def watch() -> None:
    """From now on a statement that is made in somebody's scope and forgets it is an error."""
    event.listen(Session, "do_orm_execute", _note_scope)
    event.listen(Engine, "before_cursor_execute", _refuse_forgetful)


def _note_scope(state: ORMExecuteState) -> None:
    scope: Scope | None = state.session.info.get("scope")
    if scope is not None and scope.consulate != NETWORK:
        state.update_execution_options(in_scope=True)


def _refuse_forgetful(
    _connection: Any, _cursor: Any, sql: str, _values: Any, context: Any, _many: bool
) -> None:
    if context is None or not context.execution_options.get("in_scope"):
        return
    tables = forgotten(sql)
    assert not tables, f"Nothing says whose rows of {', '.join(tables)}: {sql}"
