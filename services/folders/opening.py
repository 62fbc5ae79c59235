"""Find the folder of a person, or open one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.folders.models import Folder
from services.kernel.errors import Conflict
from services.kernel.ids import new_id


def open_folder(session: Session, person: Person, *, now: datetime) -> Folder:
    """The folder of whoever ``person`` names, held until the transaction ends.

    Opened when the account, or the office where somebody without one files, has none for that CURP.
    Two at once get the same. ``person`` has a CURP.
    """
    opened = session.scalars(
        insert(Folder)
        .values(
            id=new_id(),
            account_id=person.account_id,
            consulate_code=person.consulate_code,
            person_id=person.id,
            person_key=person.curp_index,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Folder)
    ).one_or_none()
    folder = opened or _hold(session, person)
    if person.consulate_code:
        folder.consulate_code = person.consulate_code
    return folder


def _hold(session: Session, person: Person) -> Folder:
    whose = (
        Folder.account_id == person.account_id
        if person.account_id
        else Folder.account_id.is_(None)
        & Folder.consulate_code.is_not_distinct_from(person.consulate_code)
    )
    return session.execute(
        select(Folder)
        .where(whose, Folder.person_key == person.curp_index)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()


def follow_correction(session: Session, folder: Folder, person: Person) -> None:
    """Know the folder, which is held, by the corrected CURP of ``person``, unless there is another
    for that already. Raises Conflict ``request_in_progress`` when one is being opened."""
    other = select(Folder.id).where(
        Folder.account_id == folder.account_id, Folder.person_key == person.curp_index
    )
    if session.scalars(other.limit(1)).first() is None:
        folder.person_key = person.curp_index
        try:
            session.flush()
        except IntegrityError:
            raise Conflict("request_in_progress") from None
