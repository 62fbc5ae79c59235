"""Erase whose identity was checked: that a document was seen stays, of whom doesn't."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from services.citizens.erasing import Erased
from services.identity.merging import list_merged
from services.identity.models import Homonym, IdentityCheck, MergedKey, PersonMerge


def was_told_apart(session: Session, check: IdentityCheck) -> bool:
    """Whether another person has the same name and birth date."""
    homonyms = select(Homonym.own_key).where(Homonym.person_key.in_(check.person_keys))
    return session.scalars(homonyms.limit(1)).first() is not None


def with_merged(session: Session, erased: Erased) -> Erased:
    """Also the rows that an officer found to be the same person by their document; another
    account's holder never."""
    merged = (row.id for row in list_merged(session, erased.people))
    return replace(erased, people=sorted({*erased.people, *merged}))


def erase(session: Session, erased: Erased) -> None:
    """Keys of their own, checks that nobody made yet, and what the others say of the person."""
    theirs = or_(erased.owns(IdentityCheck.account_id), IdentityCheck.person_id.in_(erased.people))
    checks = session.scalars(select(IdentityCheck.id).where(theirs)).all()
    session.execute(
        delete(Homonym).where(
            or_(erased.owns(Homonym.account_id), Homonym.identity_check_id.in_(checks))
        )
    )
    merged = or_(PersonMerge.merged_id.in_(erased.people), PersonMerge.person_id.in_(erased.people))
    merges = session.scalars(select(PersonMerge.id).where(merged)).all()
    session.execute(delete(MergedKey).where(MergedKey.merge_id.in_(merges)))
    session.execute(
        update(PersonMerge)
        .where(merged)
        .values(document="")
        .execution_options(synchronize_session=False)
    )
    unused = IdentityCheck.id.in_(checks) & IdentityCheck.checked_at.is_(None)
    session.execute(delete(IdentityCheck).where(unused))
    session.execute(
        update(IdentityCheck)
        .where(IdentityCheck.id.in_(checks), IdentityCheck.checked_at.is_not(None))
        .values(person_keys=[], document="")
        .execution_options(synchronize_session=False)
    )
