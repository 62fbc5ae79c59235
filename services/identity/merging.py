"""Two rows of people, written differently, are one person: merge them, and take that back.

A merge is a pointer, so that it can be undone and nothing that was booked, given or sent is
rewritten. Needs the scope of the network: identities are checked at any office. The people are of
the officer's own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from uuid import UUID

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.identity.errors import IdentitiesDiffer
from services.identity.homonyms import own_keys
from services.identity.models import Homonym, IdentityCheck, MergedKey, PersonMerge
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound, WrongState
from services.kernel.ids import new_id


@dataclass(frozen=True)
class MergePeople:
    """``duplicate`` is ``person``, by the ``document`` that was seen; the names of ``person`` are
    right."""

    person: UUID
    duplicate: UUID
    document: str


def merge(
    session: Session, command: MergePeople, *, now: datetime, actor: Actor, vault: Vault
) -> UUID:
    """Every row of the office with the duplicate's name and birth date points to the person from
    now on; whoever books under one of these names claims all. Returns the merge.

    Raises NotFound, `WrongState` when they are merged already, `IdentitiesDiffer`.
    """
    person, duplicate = _hold(session, command, actor)
    root = session.get_one(Person, _root(session, person.id))
    if root.id == _root(session, duplicate.id):
        raise WrongState(state="merged")
    _refuse_two_identities(session, root, duplicate)
    merge, rows = new_id(), _alike(session, session.get_one(Person, _root(session, duplicate.id)))
    for row in rows:
        session.add(
            PersonMerge(
                id=merge,
                merged_id=row.id,
                person_id=root.id,
                consulate_code=actor.consulate,
                document=command.document,
                merged_by=actor.account_id,
                merged_at=now,
            )
        )
    session.flush()
    keys = {key for row in (root, *rows) for key in own_keys(session, vault, row)}
    held = [{"person_key": key, "merge_id": merge} for key in sorted(keys)]
    session.execute(insert(MergedKey), held)
    _note(session, merge, [root, *rows], "merge", now=now, actor=actor)
    return merge


def unmerge(session: Session, merge: UUID, *, now: datetime, actor: Actor) -> UUID:
    """They are two people after all; returns whose rows were kept. Raises NotFound, `WrongState`
    when it was undone."""
    rows = session.scalars(
        select(PersonMerge)
        .where(PersonMerge.id == merge, PersonMerge.consulate_code == actor.consulate)
        .order_by(PersonMerge.merged_id)
        .with_for_update()
    ).all()
    if not rows:
        raise NotFound()
    if rows[0].unmerged_at is not None:
        raise WrongState(state="unmerged")
    for row in rows:
        row.unmerged_by, row.unmerged_at = actor.account_id, now
    session.flush()
    session.execute(delete(MergedKey).where(MergedKey.merge_id == merge))
    ids = [rows[0].person_id, *(row.merged_id for row in rows)]
    people = session.scalars(select(Person).where(Person.id.in_(ids))).all()
    _note(session, merge, people, "unmerge", now=now, actor=actor)
    return rows[0].person_id


def list_keys(session: Session, merge: UUID) -> Sequence[bytes]:
    """The keys of all spellings that a merge which stands made one."""
    return session.scalars(select(MergedKey.person_key).where(MergedKey.merge_id == merge)).all()


def get_merge(session: Session, merge: UUID) -> Sequence[PersonMerge]:
    """The rows of one merge, also of one that was undone."""
    rows = select(PersonMerge).where(PersonMerge.id == merge).order_by(PersonMerge.merged_id)
    return session.scalars(rows).all()


def list_merges(session: Session, people: Collection[UUID]) -> Sequence[PersonMerge]:
    """Merges that stand and that these rows are part of."""
    query = select(PersonMerge).where(
        PersonMerge.unmerged_at.is_(None),
        or_(PersonMerge.person_id.in_(people), PersonMerge.merged_id.in_(people)),
    )
    return session.scalars(query.order_by(PersonMerge.merged_at, PersonMerge.merged_id)).all()


def list_same(session: Session, people: Collection[UUID]) -> set[UUID]:
    """These rows and all that are the same person by merges that stand."""
    known: set[UUID] = set()
    same = set(people)
    while same - known:
        known |= same
        same = {id for row in list_merges(session, known) for id in (row.person_id, row.merged_id)}
    return known


def list_merged(session: Session, people: Collection[UUID]) -> Sequence[Person]:
    """Other rows that are the same people as these by merges; no other account's holder, and
    nobody who was erased."""
    others = list_same(session, people) - set(people)
    query = select(Person).where(
        Person.id.in_(others), Person.erased_at.is_(None), Person.holder.is_(False)
    )
    return session.scalars(query.order_by(Person.created_at, Person.id)).all()


def _hold(session: Session, command: MergePeople, actor: Actor) -> tuple[Person, Person]:
    """Both, locked in one order with those that they point to, so that two merges of the same
    people follow one another."""
    wanted = {command.person, command.duplicate}
    roots = {_root(session, person) for person in wanted}
    rows = session.scalars(
        select(Person)
        .where(
            Person.id.in_(wanted | roots),
            Person.consulate_code == actor.consulate,
            Person.erased_at.is_(None),
        )
        .order_by(Person.id)
        .with_for_update()
    ).all()
    by_id = {row.id: row for row in rows}
    if not wanted <= set(by_id):
        raise NotFound()
    return by_id[command.person], by_id[command.duplicate]


def _root(session: Session, person: UUID) -> UUID:
    """To which row that one points in the end."""
    pointer = select(PersonMerge.person_id).where(PersonMerge.unmerged_at.is_(None))
    seen = {person}
    while (after := session.scalar(pointer.where(PersonMerge.merged_id == person))) not in seen:
        if after is None:
            return person
        seen.add(after)
        person = after
    return person


def _alike(session: Session, person: Person) -> Sequence[Person]:
    """The rows of their office that are the same by name and birth date, and by CURP where two
    have one; those that point elsewhere stay as they are."""
    pointing = select(PersonMerge.merged_id).where(PersonMerge.unmerged_at.is_(None))
    rows = session.scalars(
        select(Person)
        .where(
            Person.consulate_code == person.consulate_code,
            Person.name_index == person.name_index,
            Person.id.not_in(pointing),
        )
        .order_by(Person.id)
    ).all()
    return [row for row in rows if row.curp_index in (None, person.curp_index) or row is person]


def _refuse_two_identities(session: Session, one: Person, other: Person) -> None:
    """Different CURPs, people who were told apart, or accounts of which each proved to be somebody
    else, among all that either of them is by merges that stand."""
    ones, others = (
        session.scalars(select(Person).where(Person.id.in_(list_same(session, [row.id])))).all()
        for row in (one, other)
    )
    curps = {row.curp_index for row in (*ones, *others)} - {None}
    if len(curps) > 1 or any(_are_two(session, *pair) for pair in product(ones, others)):
        raise IdentitiesDiffer()


def _are_two(session: Session, one: Person, other: Person) -> bool:
    proved = [_proved(session, row.account_id) for row in (one, other)]
    two_accounts = one.account_id != other.account_id and all(proved)
    apart = select(Homonym.own_key).where(
        Homonym.person_key.in_([one.name_index, other.name_index]),
        Homonym.account_id.in_([row.account_id for row in (one, other) if row.account_id]),
    )
    told_apart = one.name_index == other.name_index and session.scalars(apart).first() is not None
    return told_apart or (two_accounts and proved[0].isdisjoint(proved[1]))


def _proved(session: Session, account: UUID | None) -> set[bytes]:
    """Under which keys somebody proved who the account's person is: at a window, or by the first
    money that was sent."""
    if account is None:
        return set()
    checked = session.scalars(
        select(IdentityCheck.person_keys).where(
            IdentityCheck.account_id == account, IdentityCheck.checked_at.is_not(None)
        )
    )
    bound = session.scalars(
        select(Person.name_index).where(
            Person.account_id == account, Person.identity_bound_at.is_not(None)
        )
    )
    return {key for keys in checked for key in keys} | set(bound)


def _note(
    session: Session,
    merge: UUID,
    people: Sequence[Person],
    what: str,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """One entry for each account whose person it is, or one of nobody's."""
    accounts = sorted({row.account_id for row in people if row.account_id})
    subjects = [audit.Subject("person_merge", merge, account) for account in accounts or (None,)]
    audit.record(session, *subjects, action=f"person.{what}", now=now, actor=actor)
