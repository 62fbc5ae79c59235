"""Double entry: every movement of money as lines that sum to zero in each currency.

One call of a database function posts a transfer or a batch of them, all or none; the database
refuses what doesn't balance, what overdraws a customer, and any change afterwards. A debit is
positive. What a movement means, and on which accounts, its slice says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.kernel.db import Statement, raised_code, text, violated_constraint
from services.kernel.errors import DomainError
from services.ledger import errors
from services.ledger.rules import State

# Under which ids are made of words.
_MADE_OF_WORDS = UUID("7c3b6f52-1f0e-4d8a-9a37-5f2c0b7de814")


@dataclass(frozen=True)
class Line:
    """``amount`` in minor units of the account's currency, debit positive."""

    account: str
    currency: str
    amount: int


@dataclass(frozen=True)
class Transfer:
    """Lines that are posted together, or held when ``pending``.

    ``id`` is made before the call and kept: the same transfer again is the same one, another with
    that id is refused. ``subject`` is the thing that it is about, ``kind`` what happened to it;
    ``linked`` is the same for transfers that belong together. A hold is over at ``expires_at``.
    """

    id: UUID
    kind: str
    subject: UUID
    lines: Sequence[Line]
    linked: UUID | None = None
    pending: bool = False
    expires_at: datetime | None = None


_POST = text(
    """
    SELECT post_transfers_v1(
        :at, CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:subjects AS uuid[]),
        CAST(:linked AS uuid[]), CAST(:pending AS boolean[]), CAST(:expires AS timestamptz[]),
        CAST(:of AS integer[]), CAST(:lines AS smallint[]), CAST(:accounts AS text[]),
        CAST(:currencies AS text[]), CAST(:amounts AS bigint[]))
    """
)
# Most come alone, between two accounts: what an array for each column needs would be as much again.
_POST_ONE = text(
    """
    SELECT post_transfer_v1(:at, :id, :kind, :subject, CAST(:linked AS uuid), :pending,
        CAST(:expires AS timestamptz), :debit, :credit, :currency, :amount)
    """
)
_END = text("SELECT end_hold_v1(:at, :id, :hold, :state, :kind)")
_OPEN = text("SELECT open_customer_account_v1(:code, :currency)")
_REFUSED: dict[str | None, type[DomainError]] = {
    error.code: error
    for error in (
        errors.AccountDiffers,
        errors.AlreadyPosted,
        errors.HoldNotLapsed,
        errors.HoldLapsed,
        errors.TransferRepeated,
    )
}
_VIOLATED: dict[str | None, type[DomainError]] = {
    "uq_journal_entries_hold_id": errors.HoldEnded,
    "ck_ledger_balances_available": errors.NotEnoughMoney,
}


def id_of(key: str) -> UUID:
    """The id of the transfer that these words name, the same each time."""
    return uuid5(_MADE_OF_WORDS, key)


def post(session: Session, *transfers: Transfer, now: datetime) -> list[datetime]:
    """Post these transfers in the current transaction, all or none; returns when each was posted,
    which is before now for one that was there already.

    Raises `AlreadyPosted`, `TransferRepeated`, `NotEnoughMoney`.
    """
    if len(transfers) == 1 and (pair := _pair(transfers[0])):
        debit, credit = pair
        only = transfers[0]
        alone = {
            "at": now,
            "id": only.id,
            "kind": only.kind,
            "subject": only.subject,
            "linked": only.linked,
            "pending": only.pending,
            "expires": only.expires_at,
            "debit": debit.account,
            "credit": credit.account,
            "currency": debit.currency,
            "amount": debit.amount,
        }
        return [_call(session, _POST_ONE, alone)]
    lines = [
        (of, number, line)
        for of, transfer in enumerate(transfers, start=1)
        for number, line in enumerate(transfer.lines, start=1)
    ]
    values = {
        "at": now,
        "ids": _array(transfer.id.hex for transfer in transfers),
        "kinds": _array(_quoted(transfer.kind) for transfer in transfers),
        "subjects": _array(transfer.subject.hex for transfer in transfers),
        "linked": _array(transfer.linked and transfer.linked.hex for transfer in transfers),
        "pending": _array(transfer.pending for transfer in transfers),
        "expires": _array(transfer.expires_at for transfer in transfers),
        "of": _array(of for of, _, _ in lines),
        "lines": _array(number for _, number, _ in lines),
        "accounts": _array(_quoted(line.account) for _, _, line in lines),
        "currencies": _array(_quoted(line.currency) for _, _, line in lines),
        "amounts": _array(line.amount for _, _, line in lines),
    }
    posted: list[datetime] = _call(session, _POST, values)
    return posted


def _array(values: Iterable[object]) -> str:
    """As PostgreSQL reads an array. The driver would ask of each element how it is written, which
    took half of a batch's time in Python."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


@lru_cache(maxsize=1024)
def _quoted(value: str) -> str:
    """A text as an element of an array; most are kinds, currencies and accounts of the house."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def end_hold(
    session: Session, transfer: UUID, hold: UUID, state: State, *, kind: str, now: datetime
) -> bool:
    """Post a hold, void it, or let it expire; ``transfer`` is the id of the entry that does so.

    False when there is no such hold. Raises `HoldEnded`, `HoldLapsed`, `HoldNotLapsed`,
    `AlreadyPosted`.
    """
    values = {"at": now, "id": transfer, "hold": hold, "state": state.value, "kind": kind}
    return _call(session, _END, values) is not None


def open_customer_account(session: Session, code: str, currency: str) -> None:
    """Let a customer have an account that can't be overdrawn; nothing new when it is there.

    Raises `AccountDiffers`.
    """
    _call(session, _OPEN, {"code": code, "currency": currency})


def _pair(transfer: Transfer) -> tuple[Line, Line] | None:
    """What is debited and what is credited, of one that is nothing else."""
    if len(transfer.lines) != 2:
        return None
    credit, debit = sorted(transfer.lines, key=lambda line: line.amount)
    whole = debit.amount > 0 and credit == Line(credit.account, debit.currency, -debit.amount)
    return (debit, credit) if whole and debit.account != credit.account else None


def _call(session: Session, function: Statement, values: dict[str, Any]) -> Any:
    try:
        return session.execute(function, values).scalar_one()
    except DBAPIError as error:
        refused = _REFUSED.get(raised_code(error)) or _VIOLATED.get(violated_constraint(error))
        if refused is None:
            raise
        raise refused() from error
