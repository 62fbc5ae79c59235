"""Try transfers and ends of holds: what they would do to each account, without writing anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.kernel.db import savepoint, text, violated_constraint
from services.kernel.errors import DomainError, NotFound
from services.kernel.ids import new_id
from services.ledger.posting import Transfer, end_hold, post
from services.ledger.queries import balance
from services.ledger.rules import Layer, State

KIND = "trial"
_ACCOUNTS = text("SELECT DISTINCT account_code FROM postings WHERE entry_id = :hold")


@dataclass(frozen=True)
class Trial:
    """``refusal`` is the code or the constraint by which they would be refused; else ``balances``
    has each account before and after, and ``held`` what is held on it, where that would change."""

    refusal: str | None
    balances: Mapping[str, tuple[int, int]]
    held: Mapping[str, tuple[int, int]] = field(default_factory=dict)


class _TakenBack(Exception):
    """Ends the trial."""


def try_transfers(session: Session, *transfers: Transfer, now: datetime) -> Trial:
    """Post or hold them by the same function, look, and take them back."""
    accounts = {line.account for transfer in transfers for line in transfer.lines}
    return _try(session, accounts, lambda: post(session, *transfers, now=now))


def try_end(session: Session, hold: UUID, state: State, *, now: datetime) -> Trial:
    """Post a hold, void it, or let it expire, look, and take that back."""

    def end() -> None:
        if not end_hold(session, new_id(), hold, state, kind=KIND, now=now):
            raise NotFound()

    accounts = session.execute(_ACCOUNTS, {"hold": hold}).scalars().all()
    return _try(session, accounts, end)


def _try(session: Session, accounts: Collection[str], do: Callable[[], object]) -> Trial:
    before, after = _look(session, accounts), {}
    try:
        with savepoint(session):
            do()
            after = _look(session, accounts)
            raise _TakenBack
    except DomainError as error:
        return Trial(error.code, {})
    except IntegrityError as error:
        return Trial(violated_constraint(error), {})
    except _TakenBack:
        both = {account: (before[account], after[account]) for account in sorted(accounts)}
    return Trial(
        None,
        {account: (old[0], new[0]) for account, (old, new) in both.items()},
        {account: (old[1], new[1]) for account, (old, new) in both.items() if old[1] != new[1]},
    )


def _look(session: Session, accounts: Collection[str]) -> dict[str, tuple[int, int]]:
    """Of each account what it has, and what is held on it: to be added less to be taken."""
    layers = (Layer.DEBIT_PENDING, Layer.CREDIT_PENDING)
    return {
        account: (
            balance(session, account),
            sum(balance(session, account, layer=layer) for layer in layers),
        )
        for account in accounts
    }
