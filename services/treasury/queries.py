"""What treasury looks at: the house's balances, suspense with its cases, what nobody knows yet, a
day's totals and its lines.

All of it is the network's: needs its scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from services.incidents.models import Incident
from services.ledger.queries import Balance, Entry, balance, list_balances, list_thread
from services.ledger.rules import AccountKind, Layer, State
from services.remittances.entries import EntryKind, LedgerCode
from services.remittances.models import PayoutAttempt, Remittance
from services.remittances.parts import list_parts
from services.remittances.rules import OPEN, Status, next_day_begins
from services.treasury.rules import MEASURES, Measure

# Rows that are fetched at once: whatever their number, no more are held in memory.
BATCH = 2000


@dataclass(frozen=True)
class AccountState:
    """An account of the house: what it holds, and how much is held to be taken from it or added to
    it. Debit positive."""

    code: str
    currency: str
    kind: AccountKind
    posted: int
    held: int


@dataclass(frozen=True)
class Books:
    """All accounts, customers' as one of each currency, and each currency's sum, which is zero."""

    accounts: Sequence[AccountState]
    sums: dict[str, int]


@dataclass(frozen=True)
class Suspense:
    """What stands in suspense by the ledger, and the cases that it is said of, in centavos; with
    the remittances that they are about, by id."""

    ledger_minor: int
    cases: Sequence[Incident]
    remittances: Mapping[UUID, Remittance]

    @property
    def cases_minor(self) -> int:
        """The sum of the cases: the same as the ledger's, or something is wrong."""
        return sum(case.suspense_minor for case in self.cases)


@dataclass(frozen=True)
class Unanswered:
    """A remittance without an answer, and how often an order was sent and asked about."""

    remittance: Remittance
    attempts: int
    last_sent_at: datetime | None


@dataclass(frozen=True)
class Total:
    """What a measure came to: of how many entries about how many orders, in minor units of its
    currency. An order of two parts has an entry of each."""

    measure: Measure
    entries: int
    orders: int
    minor: int


class Line(NamedTuple):
    """A line of the ledger, with the folio of the remittance that its entry is about, and that of
    its order, under which the provider took the payment of all its parts."""

    at: datetime
    entry_id: UUID
    line: int
    kind: str
    state: str
    layer: str
    folio: str | None
    order: str | None
    account_code: str
    currency: str
    amount: int


@dataclass(frozen=True)
class Traced:
    """What was posted about a remittance, the oldest first. In minor units: of the dollars what its
    sender paid and what went back to them, of the pesos what was paid out."""

    remittance: Remittance
    entries: Sequence[Entry]

    @property
    def funded(self) -> int:
        """Dollars that came."""
        return sum(max(each, 0) for each in self._posted(LedgerCode.FUNDING_CLEARING))

    @property
    def given_back(self) -> int:
        """Dollars that went back, by us or by the sender's bank."""
        return -sum(min(each, 0) for each in self._posted(LedgerCode.FUNDING_CLEARING))

    @property
    def delivered(self) -> int:
        """Pesos that the agency paid. Where it says fewer than were ordered, a person ends that:
        until then the order is held whole, with what lacks in suspense."""
        posted = -sum(self._posted(LedgerCode.FINABIEN_SETTLEMENT))
        return posted + self._held if posted < 0 else posted

    @property
    def _held(self) -> int:
        """Pesos ordered without a final answer."""
        ended = {entry.hold for entry in self.entries}
        held = (e for e in self.entries if e.state is State.PENDING and e.id not in ended)
        lines = (line for entry in held for line in entry.lines)
        return -sum(x.amount for x in lines if x.account == LedgerCode.FINABIEN_SETTLEMENT)

    def _posted(self, account: LedgerCode) -> Iterator[int]:
        for entry in self.entries:
            if entry.state is not State.PENDING:
                yield from (line.amount for line in entry.lines if line.account == account)


def trace(session: Session, remittance: UUID) -> list[Traced]:
    """From the funding to the payout: the remittance, and what was paid for together with it."""
    return [
        Traced(part, sorted(list_thread(session, part.id), key=_in_order))
        for part in list_parts(session, remittance)
    ]


def _in_order(entry: Entry) -> tuple[datetime, int]:
    """What one transaction posted has one moment."""
    return entry.at, list(EntryKind).index(EntryKind(entry.kind))


def read_books(session: Session, as_of: datetime | None = None) -> Books:
    """Every account of the house, now or as of a moment."""
    held: dict[str, int] = {}
    for layer in (Layer.DEBIT_PENDING, Layer.CREDIT_PENDING):
        for each in list_balances(session, as_of, layer):
            held[each.code] = held.get(each.code, 0) + each.amount
    posted = list_balances(session, as_of)
    sums: dict[str, int] = {}
    for each in posted:
        sums[each.currency] = sums.get(each.currency, 0) + each.amount
    accounts = [
        AccountState(each.code, each.currency, each.kind, each.amount, held.get(each.code, 0))
        for each in _with_customers_as_one(posted)
    ]
    return Books(sorted(accounts, key=lambda each: (each.currency != "USD", each.code)), sums)


def read_suspense(session: Session) -> Suspense:
    """The balance and its cases, the oldest first: also one that a person has ended and no worker
    has cleared yet."""
    query = select(Incident).where(
        Incident.suspense_minor != 0, Incident.suspense_cleared_at.is_(None)
    )
    cases = session.scalars(query.order_by(Incident.opened_at, Incident.id)).all()
    about = select(Remittance).where(Remittance.id.in_([case.subject_id for case in cases]))
    remittances = {row.id: row for row in session.scalars(about)} if cases else {}
    return Suspense(balance(session, LedgerCode.SUSPENSE_MXN), cases, remittances)


def list_unanswered(session: Session, *, limit: int) -> list[Unanswered]:
    """Remittances whose order may or may not have arrived, the oldest first."""
    attempts = (
        select(
            PayoutAttempt.remittance_id,
            func.count().label("attempts"),
            func.max(PayoutAttempt.sent_at).label("last_sent_at"),
        )
        .group_by(PayoutAttempt.remittance_id)
        .subquery()
    )
    query = (
        select(Remittance, attempts.c.attempts, attempts.c.last_sent_at)
        .outerjoin(attempts, attempts.c.remittance_id == Remittance.id)
        .where(Remittance.status == Status.UNKNOWN)
        .order_by(Remittance.changed_at, Remittance.id)
        .limit(limit)
    )
    return [Unanswered(row, count or 0, last) for row, count, last in session.execute(query)]


def list_overdue(session: Session, *, now: datetime, limit: int) -> Sequence[Remittance]:
    """Remittances without a final word by the time that was promised, the oldest promise first."""
    query = select(Remittance).where(
        Remittance.status.in_(sorted(OPEN)), Remittance.answer_due_at < now
    )
    return session.scalars(query.order_by(Remittance.answer_due_at).limit(limit)).all()


@dataclass(frozen=True)
class Waiting:
    """How many remittances have no answer, and how many none by the time that was promised."""

    unknown: int
    overdue: int


def count_waiting(session: Session, *, now: datetime) -> Waiting:
    """Count the remittances that wait for the agency's word."""
    unknown = Remittance.status == Status.UNKNOWN
    overdue = Remittance.answer_due_at < now
    query = select(
        func.count().filter(unknown).label("unknown"), func.count().filter(overdue).label("overdue")
    ).where(Remittance.status.in_(sorted(OPEN)))
    row = session.execute(query).one()
    return Waiting(row.unknown, row.overdue)


_TOTALS = text(
    """
    SELECT l.kind, l.account_code, count(DISTINCT l.entry_id) AS entries,
        count(DISTINCT r.quote_id) AS orders, sum(l.amount)::bigint AS amount
    FROM ledger_lines_v1(:from, :to) l LEFT JOIN remittances r ON r.id = l.subject_id
    WHERE l.layer = 'posted' GROUP BY l.kind, l.account_code
    """
)
_LINES = text(
    """
    SELECT l.at, l.entry_id, l.line, l.kind, l.state, l.layer, r.folio, first.folio AS ordered,
        l.account_code, l.currency, l.amount, count(*) OVER () AS total
    FROM ledger_lines_v1(:from, :to) l LEFT JOIN remittances r ON r.id = l.subject_id
    LEFT JOIN remittances first ON first.quote_id = r.quote_id AND first.part = 1
    ORDER BY l.at, l.entry_id, l.line
    """
)


def read_totals(session: Session, day: date) -> list[Total]:
    """What a day (Mexico City) came to, by measure."""
    rows = session.execute(_TOTALS, _span(day)).all()
    sums = {(row.kind, row.account_code): row for row in rows}

    def total(measure: Measure) -> Total:
        parts = [(sign, sums.get((kind, measure.account))) for kind, sign in measure.kinds.items()]
        minor = sum(sign * row.amount for sign, row in parts if row)
        entries = max((row.entries for _, row in parts if row), default=0)
        orders = max((row.orders for _, row in parts if row), default=0)
        return Total(measure, entries, orders, minor)

    return [total(measure) for measure in MEASURES]


@contextmanager
def open_lines(session: Session, day: date) -> Iterator[tuple[int, Iterator[Line]]]:
    """How many lines a day (Mexico City) has, and each of them in order: all of one snapshot."""
    options = {"stream_results": True, "yield_per": BATCH}
    with session.execute(_LINES, _span(day), execution_options=options) as rows:
        first = rows.fetchone()
        every = chain([first], rows) if first else iter(())
        yield first.total if first else 0, (Line(*row[:-1]) for row in every)


def _span(day: date) -> dict[str, datetime]:
    return {"from": next_day_begins(day - timedelta(days=1)), "to": next_day_begins(day)}


def _with_customers_as_one(posted: Sequence[Balance]) -> list[Balance]:
    """Customers' accounts are many, and nobody's business one by one."""
    house = [each for each in posted if each.kind is not AccountKind.CUSTOMER]
    customers: dict[str, int] = {}
    for each in posted:
        if each.kind is AccountKind.CUSTOMER:
            customers[each.currency] = customers.get(each.currency, 0) + each.amount
    return house + [
        Balance("customers", currency, AccountKind.CUSTOMER, amount)
        for currency, amount in customers.items()
    ]
