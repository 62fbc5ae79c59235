"""Transfers: their ids are keys, batches whole, holds end once, customers aren't overdrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from migrations.support import definitions
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
from tests.servers import ROOT, DatabaseUrls

LATER = NOW + timedelta(hours=1)


def _transfer(
    amount: int, debit: str = "funding_clearing", credit: str = "fee_income", **more: Any
) -> Transfer:
    lines = [Line(debit, "USD", amount), Line(credit, "USD", -amount)]
    return Transfer(new_id(), "test", new_id(), lines, **more)


def _open(session: Session) -> str:
    code = f"customer:{new_id()}"
    open_customer_account(session, code, "USD")
    return code


@pytest.fixture
def customer(session: Session) -> str:
    """One with ten dollars."""
    code = _open(session)
    post(session, _transfer(10_00, credit=code), now=NOW)
    return code


def _row(session: Session, account: str) -> tuple[int, int]:
    query = select(LedgerBalance.posted, LedgerBalance.held)
    posted, held = session.execute(query.where(LedgerBalance.account_code == account)).one()
    return posted, held


def _refused(session: Session, error: type[DomainError], call: Callable[[], object]) -> None:
    with pytest.raises(error), session.begin_nested():
        call()


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


def test_the_order_of_its_lines_is_no_other_transfer(session: Session) -> None:
    for transfer in (_transfer(5), _transfer(5, credit=_open(session))):
        post(session, transfer, now=NOW)
        turned = replace(transfer, lines=transfer.lines[::-1])
        assert post(session, turned, _transfer(1), now=LATER) == [NOW, LATER]
        assert post(session, turned, now=LATER) == [NOW]


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


_LINES = text(
    "SELECT line, account_code, amount, layer FROM postings WHERE entry_id = :id ORDER BY line"
)
_ROWS = text("SELECT count(*) FROM journal_lines WHERE entry_id = :id")


@pytest.mark.parametrize("odd", ['a"b', "a\\b", "a,b", "{a}", " a ", "NULL", "ñ\n", "'", ""])
def test_whatever_a_name_has_in_it_a_batch_says_the_same(session: Session, odd: str) -> None:
    code = f"{odd}{new_id()}{odd}"
    open_customer_account(session, code, "USD")
    lines = [Line("funding_clearing", "USD", 5), Line(code, "USD", -5)]
    batch = [
        Transfer(new_id(), odd, new_id(), lines, linked=new_id()),
        Transfer(new_id(), odd, new_id(), lines, pending=True, expires_at=LATER),
    ]
    post(session, *batch, now=NOW)
    for transfer in batch:
        entry = session.get_one(JournalEntry, transfer.id)
        said = (entry.kind, entry.subject_id, entry.linked_id, entry.expires_at)
        assert said == (odd, transfer.subject, transfer.linked, transfer.expires_at)
    assert _row(session, code)[0] == 5


@pytest.mark.parametrize("state", [State.POSTED, State.VOIDED, State.EXPIRED])
@pytest.mark.parametrize("batch", [False, True])
def test_between_two_accounts_of_the_house_one_row_is_what_lines_are_with_a_customer(
    session: Session, state: State, batch: bool
) -> None:
    """Posted, held, and how the hold ends."""
    shown: list[list[list[tuple[int, str, int, str]]]] = []
    for credit in ("fee_income", _open(session)):
        plain = _transfer(5, credit=credit)
        hold = _transfer(7, credit=credit, pending=True, expires_at=LATER)
        for group in [[plain, hold]] if batch else [[plain], [hold]]:
            post(session, *group, now=NOW)
        ending, at = new_id(), LATER if state is State.EXPIRED else NOW
        assert end_hold(session, ending, hold.id, state, kind="test", now=at)
        ids = (plain.id, hold.id, ending)
        rows = [session.scalar(_ROWS, {"id": id_}) for id_ in ids]
        assert all(rows) == (credit != "fee_income")
        assert any(rows) == (credit != "fee_income")
        shown.append(
            [
                [
                    (line, account.replace(credit, "credit"), amount, layer)
                    for line, account, amount, layer in session.execute(_LINES, {"id": id_})
                ]
                for id_ in ids
            ]
        )
    assert shown[0] == shown[1]
    assert shown[0][0] == [
        (1, "funding_clearing", 5, "posted"),
        (2, "credit", -5, "posted"),
    ]
    assert len(shown[0][2]) == (4 if state is State.POSTED else 2)


_POST_ONE = text(
    "SELECT post_transfer_v1(:at, :id, 'test', :id, NULL, false, NULL, :debit, :credit,"
    " CAST(:currency AS text), CAST(:amount AS bigint))"
)


@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({"debit": "pocket"}, "ck_postings_account"),
        ({"credit": "pocket"}, "ck_postings_account"),
        ({"currency": "MXN"}, "ck_postings_account"),
        ({"currency": "EUR"}, "ck_postings_account"),
        ({"debit": "fx_mxn"}, "ck_postings_account"),
        ({"credit": "funding_clearing"}, "ck_postings_two_accounts"),
        ({"amount": 0}, "ck_journal_lines_amount"),
        ({"amount": None}, None),
        ({"currency": None}, None),
        ({"debit": None}, None),
    ],
    ids=str,
)
def test_what_is_no_transfer_between_two_accounts_is_refused_and_nothing_is_written(
    session: Session, given: dict[str, Any], constraint: str | None
) -> None:
    right = {"debit": "funding_clearing", "credit": "fee_income", "currency": "USD", "amount": 5}
    values = {"at": NOW, "id": new_id(), **right}
    with pytest.raises(IntegrityError) as refused, session.begin_nested():
        session.execute(_POST_ONE, values | given)
    assert violated_constraint(refused.value) == constraint
    assert session.scalars(select(JournalEntry.id)).all() == []
    session.execute(_POST_ONE, values)
    assert balance(session, "fee_income") == -5


_INSERT = """
    INSERT INTO journal_entries (id, state, kind, subject_id, at, hold_id, expires_at, debit_code,
        credit_code, amount_currency, amount_minor)
    VALUES (gen_random_uuid(), %(state)s, 'test', gen_random_uuid(), now(), %(hold)s, %(expires)s,
        'fx_usd', %(credit)s, 'USD', %(amount)s)
"""


@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({"state": "other"}, "ck_journal_entries_state"),
        ({"expires": NOW}, "ck_journal_entries_hold"),
        ({"state": "voided"}, "ck_journal_entries_hold"),
        ({"state": "expired"}, "ck_journal_entries_hold"),
        ({"state": "pending", "hold": "hold"}, "ck_journal_entries_hold"),
        ({"state": "voided", "hold": "hold", "expires": NOW}, "ck_journal_entries_hold"),
        ({"state": "voided", "hold": "posted"}, "ck_journal_entries_of_hold"),
        ({"hold": "nothing"}, "ck_journal_entries_of_hold"),
        ({"hold": "hold", "amount": 8}, "ck_journal_entries_of_hold"),
        ({"hold": "hold", "credit": "fee_income"}, "ck_journal_entries_of_hold"),
        ({"amount": 0}, "ck_journal_entries_pair"),
        ({"amount": -5}, "ck_journal_entries_pair"),
        ({"credit": "fx_usd"}, "ck_journal_entries_pair"),
    ],
    ids=str,
)
def test_not_even_the_owner_inserts_what_is_no_entry(
    database: DatabaseUrls, given: dict[str, Any], constraint: str
) -> None:
    hold, posted = _transfer(5, "fx_usd", "excise_payable", pending=True), _transfer(5)
    with database_of(database) as session:
        post(session, hold, now=NOW)
        post(session, posted, now=NOW)
    ids = {"hold": hold.id, "posted": posted.id, "nothing": new_id(), None: None}
    right = {"state": "posted", "hold": None, "expires": None, "credit": "excise_payable",
             "amount": 5}  # fmt: skip
    values = right | given
    with psycopg.connect(database.owner_url) as owner:
        with pytest.raises(errors.CheckViolation) as refused, owner.transaction():
            owner.execute(_INSERT, values | {"hold": ids[values["hold"]]})
        assert refused.value.diag.constraint_name == constraint
        owner.execute(_INSERT, right | {"hold": hold.id})
        # Lines beside what is whole without them.
        with pytest.raises(errors.CheckViolation) as refused:
            owner.execute(
                "INSERT INTO journal_lines SELECT id, n + 90, 'fx_usd', 'USD', n, at"
                " FROM journal_entries, (VALUES (1), (-1)) t (n) WHERE hold_id IS NOT NULL"
            )
        assert refused.value.diag.constraint_name == "ck_postings_written_once"


@contextmanager
def database_of(urls: DatabaseUrls) -> Iterator[Session]:
    db = Database(urls.worker_url, pool_size=1)
    with db.transaction(NETWORK_SCOPE) as session:
        yield session
    db.dispose()


def test_entries_are_written_by_four_functions_and_nobody_else() -> None:
    """No login may insert (`test_grants`); what these write is tested above."""
    writing = {name for name, text_ in definitions("ledger") if "INSERT INTO journal_" in text_}
    assert writing == {"post_transfer_v1", "post_transfers_v1", "end_hold_v1", "post_entry_v2"}
    for file in ROOT.glob("services/*/functions.sql"):
        if file.parent.name != "ledger":
            assert "INTO journal_" not in file.read_text(encoding="utf-8")


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
