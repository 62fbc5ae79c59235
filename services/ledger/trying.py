"""Try transfers: what they would do to each account, without writing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.kernel.db import savepoint, violated_constraint
from services.kernel.errors import DomainError
from services.ledger.posting import Transfer, post
from services.ledger.queries import balance


@dataclass(frozen=True)
class Trial:
    """``refusal`` is the code or the constraint by which they would be refused; else ``balances``
    has each account before and after."""

    refusal: str | None
    balances: Mapping[str, tuple[int, int]]


class _TakenBack(Exception):
    """Ends the trial."""


def try_transfers(session: Session, *transfers: Transfer, now: datetime) -> Trial:
    """Post them by the same function, look, and take them back."""
    accounts = sorted({line.account for transfer in transfers for line in transfer.lines})
    before = {account: balance(session, account) for account in accounts}
    after: dict[str, int] = {}
    try:
        with savepoint(session):
            post(session, *transfers, now=now)
            after = {account: balance(session, account) for account in accounts}
            raise _TakenBack
    except DomainError as error:
        return Trial(error.code, {})
    except IntegrityError as error:
        return Trial(violated_constraint(error), {})
    except _TakenBack:
        return Trial(None, {account: (before[account], after[account]) for account in accounts})
