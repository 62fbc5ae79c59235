"""Erase what folders hold of a person. That they consented, to what and when, stays as proof."""

from __future__ import annotations

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from services.citizens.erasing import Erased
from services.folders.models import Document, Folder


def erase(session: Session, erased: Erased) -> None:
    """Delete documents, answers, plans and the hash of the CURP."""
    theirs = or_(erased.owns(Folder.account_id), Folder.person_id.in_(erased.people))
    session.execute(
        delete(Document)
        .where(Document.folder_id.in_(select(Folder.id).where(theirs)))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Folder)
        .where(theirs)
        .values(person_key=None, answers_sealed=None, wanted=[], starts_next=False)
        .execution_options(synchronize_session=False)
    )
