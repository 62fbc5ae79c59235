"""Erase what folders hold of a person. That they consented, to what and when, stays as proof."""

from __future__ import annotations

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from services.citizens.erasing import Erased
from services.folders.models import Folder


def erase(session: Session, erased: Erased) -> None:
    """Delete answers, plans and the hash of the CURP."""
    session.execute(
        update(Folder)
        .where(or_(erased.owns(Folder.account_id), Folder.person_id.in_(erased.people)))
        .values(person_key=None, answers_sealed=None, wanted=[], starts_next=False)
        .execution_options(synchronize_session=False)
    )
