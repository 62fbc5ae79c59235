"""Record that a person consents to a transfer of their data, or no longer does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from services.folders.models import Consent, Folder
from services.folders.rules import ConsentKind, Purpose
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import fingerprint
from services.kernel.ids import new_id
from services.kernel.writes import Write, write


@dataclass(frozen=True)
class GiveConsent:
    """``text`` is what was shown, in ``language``; ``data`` are names of fields."""

    program: str
    agency: str
    kind: ConsentKind
    data: tuple[str, ...]
    text: str
    language: str


def give_consents(
    session: Session,
    folder: Folder,
    consents: Iterable[GiveConsent],
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """Record what isn't consented to in the same words already. The folder is held."""
    whose = {"folder": folder.id, "account": folder.account_id}
    by = {"given_at": now, "role": actor.role.value, "given_by": actor.account_id}
    write(session, *(Write(_GIVE, {**whose, **by, **_given(each)}) for each in consents))


# Consents of a folder that is held: nobody else gives or withdraws one meanwhile.
_GIVE = """
    INSERT INTO consents (id, folder_id, program, agency, kind, purpose, data, text_version,
        language, given_at, given_by_role, given_by)
    SELECT :id, :folder, :program, :agency, :kind, :purpose, :data, :version, :language,
        :given_at, :role, :given_by
    WHERE NOT EXISTS (
        SELECT FROM consents c JOIN folders f ON f.id = c.folder_id
        WHERE f.id = :folder AND f.account_id IS NOT DISTINCT FROM :account
          AND c.program = :program AND c.kind = :kind AND c.text_version = :version
          AND c.withdrawn_at IS NULL)
"""


def _given(consent: GiveConsent) -> dict[str, Any]:
    return {
        "id": new_id(),
        "program": consent.program,
        "agency": consent.agency,
        "kind": consent.kind.value,
        "purpose": Purpose.ENROLLMENT.value,
        "data": list(consent.data),
        "version": fingerprint(consent.text.encode()).hex()[:12],
        "language": consent.language,
    }


def list_consented(session: Session, folder: UUID) -> dict[str, set[str]]:
    """The kinds of consent that hold now, by program."""
    kinds: dict[str, set[str]] = {}
    for consent in _list_live(session, folder):
        kinds.setdefault(consent.program, set()).add(consent.kind)
    return kinds


def consents_to_pass(session: Session, folder: UUID, program: str, data: str) -> bool:
    """Whether a consent to the program's transfer holds now that names ``data``."""
    live = (c for c in _list_live(session, folder) if c.program == program)
    return any(c.kind == ConsentKind.TRANSFER and data in c.data for c in live)


def withdraw_consents(
    session: Session, folder: Folder, program: str, *, now: datetime, actor: Actor
) -> None:
    """End every consent for the program. The folder is held."""
    ended = session.execute(
        update(Consent)
        .where(_is_live(folder.id), Consent.program == program)
        .values(withdrawn_at=now, withdrawn_by_role=actor.role.value, withdrawn_by=actor.account_id)
        .returning(Consent.id)
        .execution_options(synchronize_session=False)
    )
    subjects = [
        audit.Subject("consent", id, folder.account_id, folder.consulate_code)
        for id in ended.scalars()
    ]
    audit.record(session, *subjects, action="consent.withdraw", now=now, actor=actor)


def _list_live(session: Session, folder: UUID) -> Iterable[Consent]:
    return session.scalars(select(Consent).where(_is_live(folder)))


def _is_live(folder: UUID) -> ColumnElement[bool]:
    return and_(Consent.folder_id == folder, Consent.withdrawn_at.is_(None))
