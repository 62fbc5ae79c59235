"""What the rate is below the FIX is income with an account of its own, rounding with another."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from services.kernel.audit import Actor
from services.kernel.money import Money, convert
from services.ledger.queries import balance, list_thread
from services.ledger.second_book import compare
from services.remittances import entries
from services.remittances.entries import LedgerCode
from services.remittances.models import Remittance
from services.remittances.quoting import RequestQuote, price_at
from services.remittances.rules import Funding, Payout, Status, day_in_mexico
from services.treasury.queries import read_totals
from tests.factories.ledger import settle_all
from tests.factories.payouts import PayoutBench
from tests.factories.remittances import (
    RATE,
    VAULT,
    ask_quote,
    make_recipient,
    make_sender,
    order_from,
    set_rule,
)

SEND = 333_33


@pytest.fixture
def sender(bench: PayoutBench) -> Actor:
    with bench.work.transaction() as session:
        set_rule(session, "rate_margin", Decimal("0.5"))
        return make_sender(session)


def _order(bench: PayoutBench, sender: Actor, surname: str = "Ibarra", **asked: int) -> UUID:
    with bench.work.transaction() as session:
        quoted = ask_quote(session, sender, payout=Payout.ACCOUNT, now=bench.clock(), **asked)
        recipient = make_recipient(Payout.ACCOUNT, surname)
        return order_from(
            session, sender, quoted.id, recipient=recipient, now=bench.clock(), paid=False
        ).id


def _balances(bench: PayoutBench) -> dict[LedgerCode, int]:
    with bench.work.transaction() as session:
        return {code: balance(session, code) for code in LedgerCode}


def test_the_margin_is_income_and_the_exchange_is_at_the_fix(
    bench: PayoutBench, sender: Actor
) -> None:
    _order(bench, sender, send=SEND)
    bench.finish()
    books = _balances(bench)
    at_fix, at_ours = convert(SEND, RATE), convert(SEND, RATE * Decimal("0.995"))
    assert books[LedgerCode.FX_USD] == -SEND
    assert books[LedgerCode.FX_MXN] == at_fix
    assert books[LedgerCode.FX_MARGIN_MXN] == -(at_fix - at_ours) < 0
    assert books[LedgerCode.FINABIEN_SETTLEMENT] == -at_ours
    assert books[LedgerCode.FX_SPREAD_MXN] == 0


def test_what_a_rounded_amount_leaves_over_stays_apart_from_the_margin(
    bench: PayoutBench, sender: Actor
) -> None:
    order = _order(bench, sender, receive=5_000_01)
    bench.finish()
    with bench.work.transaction() as session:
        row = session.get_one(Remittance, order)
        left_over = convert(row.send_minor, row.rate) - row.receive_minor
        margin = convert(row.send_minor, row.fix or 0) - convert(row.send_minor, row.rate)
        exchange = [e for e in list_thread(session, order) if e.kind == "converted"]
    assert left_over > 0
    books = _balances(bench)
    assert books[LedgerCode.FX_SPREAD_MXN] == -left_over
    assert books[LedgerCode.FX_MARGIN_MXN] == -margin
    # Four transfers, linked with each other.
    assert len(exchange) == 4
    assert len({each.linked for each in exchange}) == 1


def test_what_goes_back_leaves_no_margin(bench: PayoutBench, sender: Actor) -> None:
    _order(bench, sender, "Rechazado", send=SEND)
    bench.finish()
    books = _balances(bench)
    assert not any(books.values()), books
    with bench.work.transaction() as session:
        assert session.scalar(
            text("SELECT count(*) FROM postings WHERE account_code = 'fx_margin_mxn'")
        )


def test_treasury_sees_what_the_margin_earned_that_day(bench: PayoutBench, sender: Actor) -> None:
    _order(bench, sender, send=SEND)
    bench.finish()
    day = day_in_mexico(bench.clock())
    with bench.work.transaction() as session:
        totals = {each.measure.code: each.minor for each in read_totals(session, day)}
    assert totals["margin"] == -_balances(bench)[LedgerCode.FX_MARGIN_MXN]


def test_the_second_book_agrees(bench: PayoutBench, sender: Actor) -> None:
    _order(bench, sender, send=SEND)
    bench.finish()
    settle_all(bench.work.database)
    with bench.work.transaction() as session:
        comparison = compare(session, VAULT)
    assert comparison.entries > 4
    assert not comparison.differences


@pytest.mark.parametrize("surname", ["Ibarra", "Rechazado"])
def test_what_the_version_before_has_exchanged_ends_without_a_margin(
    bench: PayoutBench, sender: Actor, monkeypatch: pytest.MonkeyPatch, surname: str
) -> None:
    order = _order(bench, sender, surname, send=SEND)
    with monkeypatch.context() as before:
        before.setattr(entries, "margin_minor", lambda _of: 0)
        bench.die_before_call(order)
    assert bench.status(order) is Status.SUBMITTED
    bench.finish()
    assert bench.status(order) is (Status.PAID if surname == "Ibarra" else Status.REFUNDED)
    assert _balances(bench)[LedgerCode.FX_MARGIN_MXN] == 0


def test_a_quote_of_the_version_before_has_no_margin(bench: PayoutBench, sender: Actor) -> None:
    with bench.work.transaction() as session:
        asked = RequestQuote(Money(SEND, "USD"), None, Funding.BANK_ACCOUNT, Payout.ACCOUNT)
        quoted = price_at(session, asked, now=bench.clock(), account=sender.account_id)
        quoted.fix = None
        session.add(quoted)
        session.flush()
        order_from(session, sender, quoted.id, now=bench.clock(), paid=False)
    bench.finish()
    assert _balances(bench)[LedgerCode.FX_MARGIN_MXN] == 0
