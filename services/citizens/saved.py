"""Lists that an account's holder keeps to fill in forms with, each row sealed under a key of its
own: nobody can search them, and what is removed is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.citizens.models import Account, SavedRow
from services.kernel.crypto import Vault
from services.kernel.errors import Conflict, NotFound
from services.kernel.ids import new_id

Content = Mapping[str, Any]


@dataclass(frozen=True)
class SavedList:
    """The rows of one table, sealed for ``place``; an account has ``most``, as the table holds it,
    and ``full`` is raised for one more."""

    model: type[SavedRow]
    place: str
    most: int
    full: type[Conflict]

    def all(self, session: Session, account: UUID, vault: Vault) -> list[tuple[UUID, Content]]:
        """Ids and contents of an account's rows, in the order in which they were saved."""
        query = select(self.model).where(self.model.account_id == account)
        rows = session.scalars(query.order_by(self.model.position))
        return [(row.id, self._open(row, vault)) for row in rows]

    def get(self, session: Session, account: UUID, row: UUID, vault: Vault) -> Content:
        """The content of one row. Raises NotFound, also for another account's."""
        return self._open(self._row(session, account, row), vault)

    def add(
        self, session: Session, account: UUID, content: Content, *, now: datetime, vault: Vault
    ) -> UUID:
        """Save one more and return its id. Raises what ``full`` says."""
        # Two at once follow one another.
        session.execute(select(Account.id).where(Account.id == account).with_for_update())
        taken = session.scalars(select(self.model.position).where(self.model.account_id == account))
        free = set(range(1, self.most + 1)) - set(taken)
        if not free:
            raise self.full()
        key = vault.new_key(row := new_id())
        session.add(
            self.model(
                id=row,
                account_id=account,
                position=min(free),
                content_sealed=key.seal(json.dumps(content), place=self.place, row=row),
                data_key=key.wrapped,
                created_at=now,
            )
        )
        session.flush()
        return row

    def change(
        self, session: Session, account: UUID, row_id: UUID, content: Content, *, vault: Vault
    ) -> None:
        """Replace what was saved. Raises NotFound."""
        row = self._row(session, account, row_id)
        key = vault.unwrap(row.data_key, row.id)
        row.content_sealed = key.seal(json.dumps(content), place=self.place, row=row.id)
        session.flush()

    def remove(self, session: Session, account: UUID, row: UUID) -> None:
        """Forget one. Raises NotFound."""
        saved = self._row(session, account, row)
        session.execute(delete(self.model).where(self.model.id == saved.id))

    def _row(self, session: Session, account: UUID, row: UUID) -> SavedRow:
        saved = session.scalar(
            select(self.model).where(self.model.id == row, self.model.account_id == account)
        )
        if saved is None:
            raise NotFound()
        return saved

    def _open(self, row: SavedRow, vault: Vault) -> Content:
        key = vault.unwrap(row.data_key, row.id)
        content: Content = json.loads(key.open(row.content_sealed, place=self.place, row=row.id))
        return content
