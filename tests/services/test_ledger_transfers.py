"""Transfers: their ids are keys, batches whole, holds end once, customers aren't overdrawn."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from services.kernel.db import NETWORK_SCOPE, Database, violated_constraint
from services.kernel.errors import DomainError
from services.kernel.ids import new_id
from services.ledger.errors import (
    AccountDiffers,
    AlreadyPosted,
    HoldEnded,
    HoldLapsed,
    HoldNotLapsed,
    NotEnoughMoney,
    TransferRepeated,
)
from services.ledger.models import JournalEntry, LedgerBalance
from services.ledger.posting import Line, Transfer, end_hold, open_customer_account, post
from services.ledger.queries import balance, trial_balance
from services.ledger.rules import State
from tests.factories.remittances import NOW
from tests.servers import DatabaseUrls

LATER = NOW + timedelta(hours=1)


def _transfer(
    amount: int, debit: str = "funding_clearing", credit: str = "fee_income", **more: Any
) -> Transfer:
    lines = [Line(debit, "USD", amount), Line(credit, "USD", -amount)]
    return Transfer(new_id(), "test", new_id(), lines, **more)


@pytest.fixture
def customer(session: Session) -> str:
    """One with ten dollars."""
    code = f"customer:{new_id()}"
    open_customer_account(session, code, "USD")
    post(session, _transfer(10_00, credit=code), now=NOW)
    return code


def _row(session: Session, account: str) -> tuple[int, int]:
    query = select(LedgerBalance.posted, LedgerBalance.held)
    posted, held = session.execute(query.where(LedgerBalance.account_code == account)).one()
    return posted, held


def _refused(session: Session, error: type[DomainError], deed: Callable[[], object]) -> None:
    with pytest.raises(error), session.begin_nested():
        deed()


def _end(session: Session, hold: UUID, state: State, *, at: Any = NOW) -> bool:
    return end_hold(session, new_id(), hold, state, kind="test", now=at)


def test_the_same_transfer_again_is_the_same_one(session: Session) -> None:
    transfer = _transfer(5)
    assert post(session, transfer, now=NOW) == [NOW]
    assert post(session, transfer, now=LATER) == [NOW]
    assert balance(session, "fee_income") == -5


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "other"},
        {"subject": UUID(int=1)},
        {"linked": UUID(int=1)},
        {"pending": True},
        {"lines": [Line("funding_clearing", "USD", 6), Line("fee_income", "USD", -6)]},
        {"lines": [Line("funding_clearing", "USD", 5), Line("fx_usd", "USD", -5)]},
    ],
    ids=str,
)
def test_another_transfer_with_that_id_is_refused(session: Session, other: dict[str, Any]) -> None:
    transfer = _transfer(5)
    post(session, transfer, now=NOW)
    _refused(session, AlreadyPosted, lambda: post(session, replace(transfer, **other), now=NOW))
    assert balance(session, "fee_income") == -5


def test_a_batch_is_posted_whole_in_one_call_and_what_was_there_is_left(session: Session) -> None:
    before = _transfer(1)
    post(session, before, now=NOW)
    batch = [_transfer(2), before, _transfer(4, pending=True), _transfer(8)]
    assert post(session, *batch, now=LATER) == [LATER, NOW, LATER, LATER]
    assert balance(session, "fee_income") == -11
    _refused(session, TransferRepeated, lambda: post(session, batch[0], batch[0], now=NOW))
    wrong = replace(before, kind="other")
    _refused(session, AlreadyPosted, lambda: post(session, _transfer(16), wrong, now=NOW))
    assert balance(session, "fee_income") == -11


@pytest.mark.parametrize("lines", [[], [Line("fee_income", "USD", 5)]])
def test_none_of_a_batch_may_lack_lines(session: Session, lines: list[Line]) -> None:
    with pytest.raises(IntegrityError) as refused:
        post(session, _transfer(1), replace(_transfer(1), lines=lines), _transfer(2), now=NOW)
    assert violated_constraint(refused.value) == "ck_postings_balanced"


def test_no_account_pays_itself(session: Session) -> None:
    with pytest.raises(IntegrityError) as refused:
        post(session, _transfer(5, "fx_usd", "fx_usd"), now=NOW)
    assert violated_constraint(refused.value) == "ck_postings_two_accounts"


def test_a_hold_counts_in_what_is_available_and_not_in_the_balance(
    session: Session, customer: str
) -> None:
    hold = _transfer(7_00, debit=customer, pending=True)
    post(session, hold, now=NOW)
    assert _row(session, customer) == (10_00, 7_00)
    assert balance(session, customer) == -10_00
    _refused(
        session, NotEnoughMoney, lambda: post(session, _transfer(3_01, debit=customer), now=NOW)
    )
    # What is to come isn't there yet.
    post(session, _transfer(50_00, credit=customer, pending=True), now=NOW)
    assert _row(session, customer) == (10_00, 7_00)
    assert _end(session, hold.id, State.POSTED)
    assert _row(session, customer) == (3_00, 0)
    assert balance(session, customer) == -3_00
    assert trial_balance(session).differences == {}


@pytest.mark.parametrize("first", [State.POSTED, State.VOIDED])
@pytest.mark.parametrize("then", [State.POSTED, State.VOIDED])
def test_a_hold_ends_once(session: Session, customer: str, first: State, then: State) -> None:
    hold, ending = _transfer(7_00, debit=customer, pending=True), new_id()
    post(session, hold, now=NOW)
    for _ in range(2):
        assert end_hold(session, ending, hold.id, first, kind="test", now=NOW)
    _refused(session, HoldEnded, lambda: _end(session, hold.id, then))
    assert _row(session, customer) == (3_00 if first is State.POSTED else 10_00, 0)
    other = State.VOIDED if first is State.POSTED else State.POSTED
    again = lambda: end_hold(session, ending, hold.id, other, kind="test", now=NOW)  # noqa: E731
    _refused(session, AlreadyPosted, again)


def test_a_hold_expires_when_its_time_is_over_and_not_before(
    session: Session, customer: str
) -> None:
    hold = _transfer(7_00, debit=customer, pending=True, expires_at=LATER)
    post(session, hold, now=NOW)
    _refused(session, HoldNotLapsed, lambda: _end(session, hold.id, State.EXPIRED))
    _refused(session, HoldLapsed, lambda: _end(session, hold.id, State.POSTED, at=LATER))
    assert _end(session, hold.id, State.EXPIRED, at=LATER)
    _refused(session, HoldEnded, lambda: _end(session, hold.id, State.POSTED))
    assert _row(session, customer) == (10_00, 0)


def test_what_is_no_hold_cannot_be_ended(session: Session) -> None:
    transfer = _transfer(5)
    post(session, transfer, now=NOW)
    assert not _end(session, transfer.id, State.VOIDED)
    assert not _end(session, new_id(), State.VOIDED)


def test_a_customer_has_one_account_of_a_name(session: Session, customer: str) -> None:
    open_customer_account(session, customer, "USD")
    assert _row(session, customer) == (10_00, 0)
    for code, currency in ((customer, "MXN"), ("fx_usd", "USD")):
        with pytest.raises(AccountDiffers), session.begin_nested():
            open_customer_account(session, code, currency)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_balances SET posted = posted + 1",
        "DELETE FROM ledger_balances",
        "INSERT INTO ledger_balances (account_code) VALUES ('fx_usd')",
        "UPDATE journal_entries SET state = 'posted'",
    ],
)
def test_no_login_touches_balances_or_states(session: Session, statement: str) -> None:
    with pytest.raises(DBAPIError) as refused:
        session.execute(text(statement))
    assert isinstance(refused.value.orig, errors.InsufficientPrivilege)


def test_nobody_is_overdrawn_by_many_at_once_nor_do_they_wait_for_each_other_in_a_ring(
    database: DatabaseUrls,
) -> None:
    """Each wants a dollar from both customers, in either order; ten of them can have it."""
    db = Database(database.worker_url, pool_size=6)
    codes = [f"customer:{n}" for n in (1, 2)]
    with db.transaction(NETWORK_SCOPE) as session:
        for code in codes:
            open_customer_account(session, code, "USD")
            post(session, _transfer(10_00, credit=code), now=NOW)

    def take(number: int) -> bool:
        debits = codes if number % 2 else codes[::-1]
        lines = [*(Line(code, "USD", 1_00) for code in debits), Line("fee_income", "USD", -2_00)]
        try:
            with db.transaction(NETWORK_SCOPE) as session:
                post(session, replace(_transfer(1), lines=lines), now=NOW)
        except NotEnoughMoney:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(take, range(24)))
    with db.transaction(NETWORK_SCOPE) as session:
        assert [_row(session, code) for code in codes] == [(0, 0), (0, 0)]
    db.dispose()
    assert sum(taken) == 10


def test_the_same_id_at_the_same_time_is_posted_once(database: DatabaseUrls) -> None:
    db = Database(database.worker_url, pool_size=6)
    transfer = _transfer(5)

    def send(_: int) -> int:
        with db.transaction(NETWORK_SCOPE) as session:
            return len(post(session, transfer, now=NOW))

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(send, range(12))) == [1] * 12
    with db.transaction(NETWORK_SCOPE) as session:
        assert balance(session, "fee_income") == -5
        assert session.scalars(select(JournalEntry.id)).all() == [transfer.id]
    db.dispose()
