"""Double entry: every movement of money as lines that sum to zero in each currency.

One call of the database's ``post_entry_v2`` writes an entry; the database refuses what doesn't
balance, a key that was used, and any change afterwards. A debit is positive. What a movement means,
and on which accounts, its slice says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.kernel.db import violated_constraint
from services.kernel.ids import new_id
from services.ledger.errors import AlreadyPosted


@dataclass(frozen=True)
class Line:
    """``amount`` in minor units of the account's currency, debit positive."""

    account: str
    currency: str
    amount: int


_POST = text("SELECT post_entry_v2(:id, :key, :kind, :subject, :at, CAST(:lines AS jsonb))")


def post(
    session: Session, key: str, lines: Sequence[Line], *, kind: str, subject: UUID, now: datetime
) -> None:
    """Write these lines as the one entry of that ``key``, in the current transaction.

    ``subject`` is the thing that the entry is about, ``kind`` what happened to it. Raises
    `AlreadyPosted`.
    """
    values = {
        "id": new_id(),
        "key": key,
        "kind": kind,
        "subject": subject,
        "at": now,
        "lines": json.dumps([asdict(line) for line in lines]),
    }
    try:
        session.execute(_POST, values)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_journal_entries_key":
            raise AlreadyPosted() from error
        raise
