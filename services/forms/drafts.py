"""Keep the answers of a form for a few hours, so that its pages can be left and reopened."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.forms.models import Draft
from services.forms.owners import account_owner, see_as
from services.kernel.crypto import SealBroken, Vault

LIFETIME = timedelta(hours=4)
# Of one owner; the oldest go first.
MOST_DRAFTS = 20
_PLACE = "drafts.content"


def save_draft(
    session: Session,
    id: UUID,
    content: Mapping[str, Any],
    *,
    owner: str,
    owners: Sequence[str],
    now: datetime,
    vault: Vault,
) -> None:
    """Make or replace a draft, which is ``owner``'s from then on. ``owners``: who the reader is
    besides, so that what was begun before signing in goes over to the account."""
    see_as(session, [owner, *owners])
    key = vault.new_key(id)
    values = {
        "owner": owner,
        "content_sealed": key.seal(json.dumps(content), place=_PLACE, row=id),
        "data_key": key.wrapped,
        "expires_at": now + LIFETIME,
    }
    session.execute(
        insert(Draft)
        .values(id=id, created_at=now, **values)
        .on_conflict_do_update(
            index_elements=[Draft.id], set_=values, where=Draft.owner.in_([owner, *owners])
        )
    )
    _drop_oldest(session, owner)


def find_draft(
    session: Session, id: UUID, *, owners: Sequence[str], now: datetime, vault: Vault
) -> dict[str, Any] | None:
    """The content of a draft that one of ``owners`` may see; None when there is none (any more)."""
    see_as(session, owners)
    row = session.execute(
        select(Draft).where(Draft.id == id, Draft.owner.in_(owners), Draft.expires_at > now)
    ).scalar_one_or_none()
    if row is None:
        return None
    try:
        key = vault.unwrap(row.data_key, id)
        content: dict[str, Any] = json.loads(key.open(row.content_sealed, place=_PLACE, row=id))
    except SealBroken:
        return None
    return content


def drop_draft(session: Session, id: UUID, *, owners: Sequence[str]) -> None:
    """Forget a draft whose form is finished."""
    see_as(session, owners)
    session.execute(delete(Draft).where(Draft.id == id, Draft.owner.in_(owners)))


def drop_drafts(session: Session, account: UUID, *, vault: Vault) -> None:
    """Forget every draft of an account."""
    owner = account_owner(account, vault)
    see_as(session, [owner])
    session.execute(delete(Draft).where(Draft.owner == owner))


def _drop_oldest(session: Session, owner: str) -> None:
    session.execute(
        text(
            "DELETE FROM drafts WHERE owner = :owner AND id IN ("
            "SELECT id FROM drafts WHERE owner = :owner"
            " ORDER BY created_at DESC, id DESC OFFSET :most)"
        ),
        {"owner": owner, "most": MOST_DRAFTS},
    )
