"""One state machine for everything that has a status.

A slice says in its ``lifecycle.py`` which model moves, by which table, and what else a move writes:
its row of history, its fact, its item of the outbox. Each move is audited. A use case holds the row
with `Lifecycle.lock`, decides, and moves it with `Lifecycle.move`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.db import Base, PartOf, Statement, text
from services.kernel.errors import NotFound, WrongState
from services.kernel.writes import Write, as_sent, owner_of, take_unwritten, write

Thing = TypeVar("Thing", bound=Base)
Status = TypeVar("Status", bound=StrEnum)


@dataclass(frozen=True)
class Moved:
    """``actor`` brought ``thing`` from the status ``before``, None when it is new, to ``after``."""

    thing: Any
    before: str | None
    after: str
    now: datetime
    actor: Actor


# Writes by itself, or returns what is written together with the others' at the end.
Effect = Callable[[Session, Moved], Write | None]


@dataclass(frozen=True)
class Lifecycle(Generic[Thing, Status]):
    """How the rows of ``model`` go from status to status.

    ``kind`` names them in the audit. ``table`` has for each status those that may follow.
    ``stamps`` are columns that keep when the row came to a status; ``changed_at`` is kept for
    every one. ``effects`` write the rest, in their order, in the transaction of the move.
    """

    model: type[Thing]
    kind: str
    table: Mapping[Status, frozenset[Status]]
    effects: tuple[Effect, ...] = ()
    stamps: Mapping[Status, str] = field(default_factory=dict)

    def lock(self, session: Session, id: UUID) -> Thing:
        """The row as it is now, held until the transaction ends. Raises NotFound."""
        thing: Thing | None = session.execute(_locking(self.model), {"id": id}).scalar_one_or_none()
        if thing is None:
            raise NotFound()
        return thing

    def allows(self, before: str, after: Status) -> bool:
        """Whether the table has that step."""
        return after in self.table[before]  # type: ignore[index]  # a StrEnum is its text

    def move(
        self,
        session: Session,
        thing: Thing,
        after: Status,
        *,
        now: datetime,
        actor: Actor,
        action: str | None = None,
        **columns: Any,
    ) -> None:
        """Compare and swap on the status, then write what the move means.

        ``columns`` change with the status, as does what was set on ``thing`` and isn't written yet.
        ``action`` is what the audit calls it, e.g.
        "remittance.cancel"; else it is named after the status. Raises `WrongState` when the table
        doesn't have the step, or somebody else moved the row meanwhile.
        """
        before: str = thing.status  # type: ignore[attr-defined]
        if not self.allows(before, after):
            raise WrongState(state=before)
        self._swap(session, thing, before, {**self._stamped(after, now), **columns})
        self.record(session, thing, before=before, now=now, actor=actor, action=action)

    def _stamped(self, after: Status, now: datetime) -> dict[str, Any]:
        names = [name for name in ("changed_at", self.stamps.get(after)) if name]
        return {"status": after.value, **{n: now for n in names if hasattr(self.model, n)}}

    def _swap(
        self, session: Session, thing: Thing, before: str, columns: Mapping[str, Any]
    ) -> None:
        columns = {**take_unwritten(thing), **columns}
        session.flush()
        owner = owner_of(self.model)
        owner = None if owner in columns else owner
        swap = _swapping(self.model, tuple(sorted(columns)), owner)
        values = {f"new_{name}": as_sent(self.model, name, each) for name, each in columns.items()}
        whose = {"owner": getattr(thing, owner)} if owner else {}
        row = {"row": thing.id, "before": before}  # type: ignore[attr-defined]
        if session.execute(swap, {**values, **row, **whose}).first() is None:
            raise WrongState(state=before)
        for name, value in columns.items():
            set_committed_value(thing, name, value)

    def record(
        self,
        session: Session,
        thing: Any,
        *also: Write,
        before: str | None = None,
        now: datetime,
        actor: Actor,
        action: str | None = None,
    ) -> None:
        """Write what it means that ``thing`` has its status now; at first for a new row. ``also``
        is written in the same round trip."""
        moved = Moved(thing, before, thing.status, now, actor)
        write(session, *also, *self._meaning(session, moved, action))

    def begun(
        self, session: Session, thing: Any, *, now: datetime, actor: Actor, action: str
    ) -> list[Write]:
        """What `record` writes of a new row, to be written with that of others."""
        return self._meaning(session, Moved(thing, None, thing.status, now, actor), action)

    def _meaning(self, session: Session, moved: Moved, action: str | None) -> list[Write]:
        writes = [each for effect in self.effects if (each := effect(session, moved))]
        action = action or f"{self.kind}.{moved.after}"
        subject = audit.Subject.of(self.kind, moved.thing)
        return [*writes, audit.entry(subject, action=action, now=moved.now, actor=moved.actor)]


# Built once: to build a statement takes as long as to send it.
@cache
def _locking(model: Any) -> Select[Any]:
    return (
        select(model)
        .where(model.id == bindparam("id"))
        .with_for_update(key_share=True, of=model)
        # As it is under the lock, also when the transaction read it before.
        .execution_options(populate_existing=True)
    )


@cache
def _swapping(model: Any, columns: tuple[str, ...], owner: str | None) -> Statement:
    """Of the row that was locked, which still is whose it was."""
    new = ", ".join(f"{name} = :new_{name}" for name in columns)
    mine = f" AND {owner} IS NOT DISTINCT FROM :owner" if owner else ""
    return text(
        f"UPDATE {model.__tablename__} SET {new}"  # noqa: S608 - names of our own tables
        f" WHERE id = :row AND status = :before{mine} RETURNING id"
    )


def history(
    event: type[Base],
    *,
    of_move: Callable[[Moved], Mapping[str, Any]] | None = None,
    **columns: str,
) -> Effect:
    """Keep each status that a thing came to as a row of ``event``, numbered from 1.

    ``columns`` are the event's that are copied from the thing; the first one says whose it is.
    ``of_move`` returns further columns, the same ones each time.
    """

    def append(_session: Session, moved: Moved) -> Write:
        copied = {name: getattr(moved.thing, of) for name, of in columns.items()}
        further = of_move(moved) if of_move else {}
        row = {**copied, **further, "status": moved.after, "at": moved.now}
        owner = {"account": moved.thing.account_id}
        return Write(_append_numbered(event, tuple(row)), {**row, **owner})

    return append


@cache
def _append_numbered(event: type[Base], columns: tuple[str, ...]) -> str:
    """An INSERT of these columns, the first of which names the whole that it is part of."""
    table, whole, owners = event.__tablename__, columns[0], event.owners
    if isinstance(owners, PartOf):
        before = f"{table} e JOIN {owners.whole.__tablename__} w ON w.id = e.{whole}"
        whose = f"w.id = :{whole} AND w.account_id IS NOT DISTINCT FROM :account"
    else:
        before, whose = f"{table} e", f"e.{whole} = :{whole} AND e.account_id = :account"
    return f"""
        INSERT INTO {table} ({", ".join(columns)}, position)
        VALUES ({", ".join(f":{name}" for name in columns)},
            (SELECT coalesce(max(e.position), 0) + 1 FROM {before} WHERE {whose}))
    """  # noqa: S608 - names of our own tables
