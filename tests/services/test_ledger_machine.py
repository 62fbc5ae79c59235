"""Any transfers and holds in any order, with crashes between: the ledger is what a model says.

``--full`` runs at length.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.ledger import second_book
from services.ledger.errors import HoldEnded, HoldLapsed, NotEnoughMoney
from services.ledger.expiring import expire_holds
from services.ledger.models import LedgerBalance
from services.ledger.posting import Line, Transfer, end_hold, open_customer_account, post
from services.ledger.queries import balance, trial_balance
from services.ledger.rules import State
from services.ledger.settling import settle
from tests.factories.remittances import NOW, VAULT
from tests.servers import DatabaseUrls

EXAMPLES, STEPS = 6, 15
EXAMPLES_FULL, STEPS_FULL = 200, 60
CUSTOMERS = ("customer:a", "customer:b")
ACCOUNTS = (*CUSTOMERS, "funding_clearing", "fee_income")
accounts = st.sampled_from(ACCOUNTS)
amounts = st.integers(min_value=1, max_value=9)
crashes = st.sampled_from((False, False, False, True))


class _Crash(Exception):
    pass


@dataclass
class Hold:
    """One that the ledger took: it is open until ``ended``."""

    transfer: Transfer
    ended: State | None = None

    @property
    def debit(self) -> str:
        """The account that it takes from, by the order of its lines."""
        return self.transfer.lines[0].account


@dataclass
class Model:
    """What has to be: balances debit positive, and as of each moment before."""

    balances: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ACCOUNTS, 0))
    holds: list[Hold] = field(default_factory=list)
    past: list[tuple[datetime, dict[str, int]]] = field(default_factory=list)

    def held(self, account: str) -> int:
        """What open holds take from it."""
        lines = [h.transfer.lines[0].amount for h in self.holds if h.ended is None
                 and h.debit == account]  # fmt: skip
        return sum(lines)

    def move(self, transfer: Transfer) -> None:
        """Post it."""
        for line in transfer.lines:
            self.balances[line.account] += line.amount

    def overdrawn(self) -> bool:
        """Whether some customer has less than is held."""
        return any(-self.balances[code] - self.held(code) < 0 for code in CUSTOMERS)


class Ledger(RuleBasedStateMachine):
    """Over one database, whose accounts grow; each run begins where the one before ended."""

    database: ClassVar[Database]
    model: ClassVar[Model]
    clock: ClassVar[datetime]

    @rule(debit=accounts, credit=accounts, amount=amounts, crash=crashes, again=st.booleans())
    def post_one(self, debit: str, credit: str, amount: int, crash: bool, again: bool) -> None:
        """Twice, as somebody does who heard no answer."""
        if debit != credit:
            transfer = _transfer(debit, credit, amount)
            self._post([transfer], crash)
            if again and not self._would_overdraw([transfer]):
                self._post([transfer], False, known=not crash)

    @rule(pairs=st.lists(st.tuples(accounts, accounts, amounts), min_size=2, max_size=4),
          crash=crashes)  # fmt: skip
    def post_batch(self, pairs: list[tuple[str, str, int]], crash: bool) -> None:
        """All or none."""
        batch = [_transfer(*pair) for pair in pairs if pair[0] != pair[1]]
        if batch:
            self._post(batch, crash)

    @rule(debit=accounts, credit=accounts, amount=amounts, crash=crashes, lasts=st.integers(0, 5))
    def hold(self, debit: str, credit: str, amount: int, crash: bool, lasts: int) -> None:
        """For some minutes, or for ever."""
        if debit == credit:
            return
        until = self.clock + timedelta(minutes=lasts + 1) if lasts else None
        self._post([_transfer(debit, credit, amount, pending=True, expires_at=until)], crash)

    @rule(pick=st.integers(0, 99), state=st.sampled_from((State.POSTED, State.VOIDED)),
          crash=crashes)  # fmt: skip
    def end(self, pick: int, state: State, crash: bool) -> None:
        """Any hold, also one that has ended."""
        if not self.model.holds:
            return
        hold = self.model.holds[pick % len(self.model.holds)]
        now, until = self._tick(), hold.transfer.expires_at
        lapsed = until is not None and until <= now and state is State.POSTED
        try:
            with self.database.transaction(NETWORK_SCOPE) as session:
                end_hold(session, new_id(), hold.transfer.id, state, kind="end", now=now)
                if crash:
                    raise _Crash
        except HoldEnded:
            assert hold.ended is not None
        except HoldLapsed:
            assert lapsed
        except _Crash:
            pass
        else:
            assert hold.ended is None
            assert not lapsed
            self._ended(hold, state)

    @rule(minutes=st.integers(1, 3))
    def time_passes(self, minutes: int) -> None:
        """And the schedule lets holds go that are over."""
        type(self).clock += timedelta(minutes=minutes)
        now = self._tick()
        # As often as there is something: only so many go at once.
        some = 1
        while some:
            with self.database.transaction(NETWORK_SCOPE) as session:
                some = expire_holds(session, now=now, most=10)
        for hold in self.model.holds:
            until = hold.transfer.expires_at
            if hold.ended is None and until is not None and until <= now:
                self._ended(hold, State.EXPIRED)

    @rule(crash=crashes, most=st.integers(1, 5))
    def settle(self, crash: bool, most: int) -> None:
        """Some of what waits, or a worker dies of it."""
        with suppress(_Crash), self.database.transaction(NETWORK_SCOPE) as session:
            settle(session, VAULT, most)
            if crash:
                raise _Crash

    @invariant()
    def the_ledger_is_what_the_model_says(self) -> None:
        """Now, in what is available, and at moments before."""
        with self.database.transaction(NETWORK_SCOPE) as session:
            trial = trial_balance(session)
            kept = {row.account_code: row for row in session.scalars(select(LedgerBalance))}
            then = [
                (balance(session, account, moment), balances[account])
                for moment, balances in self.model.past[-40::13]
                for account in ACCOUNTS
            ]
        assert trial.differences == {}
        assert {code: trial.balances[code] for code in ACCOUNTS} == self.model.balances
        for code in CUSTOMERS:
            row = kept[code]
            assert (row.posted, row.held) == (-self.model.balances[code], self.model.held(code))
            assert row.posted - row.held >= 0
        assert [held for held, _ in then] == [expected for _, expected in then]

    def teardown(self) -> None:
        """Each row is what its seal says."""
        with self.database.transaction(NETWORK_SCOPE) as session:
            assert second_book.compare(session, VAULT).differences == []

    def _post(self, batch: list[Transfer], crash: bool, *, known: bool = False) -> None:
        now, overdraws = self._tick(), self._would_overdraw(batch)
        try:
            with self.database.transaction(NETWORK_SCOPE) as session:
                post(session, *batch, now=now)
                if crash:
                    raise _Crash
        except NotEnoughMoney:
            assert overdraws
            assert not known
        except _Crash:
            pass
        else:
            assert known or not overdraws
            if not known:
                self._take(batch)
                self.model.past.append((now, dict(self.model.balances)))

    def _take(self, batch: list[Transfer]) -> None:
        for transfer in batch:
            if transfer.pending:
                self.model.holds.append(Hold(transfer))
            else:
                self.model.move(transfer)

    def _would_overdraw(self, batch: list[Transfer]) -> bool:
        """All of them together: the database looks once they are posted."""
        trial = Model(dict(self.model.balances), list(self.model.holds))
        for transfer in batch:
            if transfer.pending:
                trial.holds.append(Hold(transfer))
            else:
                trial.move(transfer)
        return trial.overdrawn()

    def _ended(self, hold: Hold, state: State) -> None:
        hold.ended = state
        if state is State.POSTED:
            self.model.move(hold.transfer)
            self.model.past.append((self.clock, dict(self.model.balances)))

    def _tick(self) -> datetime:
        type(self).clock += timedelta(seconds=1)
        return self.clock


def _transfer(
    debit: str,
    credit: str,
    amount: int,
    *,
    pending: bool = False,
    expires_at: datetime | None = None,
) -> Transfer:
    lines = [Line(debit, "USD", amount), Line(credit, "USD", -amount)]
    subject: UUID = new_id()
    return Transfer(new_id(), "test", subject, lines, None, pending, expires_at)


def test_the_ledger_is_a_models_whatever_happens(
    database: DatabaseUrls, pytestconfig: pytest.Config
) -> None:
    full = pytestconfig.getoption("--full")
    Ledger.database = Database(database.worker_url, pool_size=2)
    Ledger.model, Ledger.clock = Model(), NOW
    with Ledger.database.transaction(NETWORK_SCOPE) as session:
        for code in CUSTOMERS:
            open_customer_account(session, code, "USD")
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=EXAMPLES_FULL if full else EXAMPLES,
            stateful_step_count=STEPS_FULL if full else STEPS,
            deadline=None,
            derandomize=not full,
            database=None,
            # Runs share one ledger: one that is repeated to be made smaller is another one.
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    Ledger.database.dispose()
