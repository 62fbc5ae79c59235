"""What a job works with: transactions that see everything, a fenced way to end, the agencies.

A handler has the signature ``handler(job: JobContext, lease: Lease) -> None``. One that speaks with
somebody outside claims, calls and settles by `workers.steps.run_steps`; any other ends its item
with `JobContext.settle`, once. An agency's `Retryable` and the gate's `NotNow` may be left to fly:
`workers.jobs.run` puts the item off.

The item's lease is taken in the handler's first transaction, and committed with it. One that is
rolled back takes the lease with it, and the next takes it again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.agencies.rules import LONGEST_WAIT
from services.kernel.clock import SessionClock, transaction_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, NO_SCOPE, Database
from services.kernel.logins import Duty
from services.kernel.settings import Settings
from services.outbox import delivery
from services.outbox.delivery import Lease
from workers.agencies import Agencies, build_agencies
from workers.gate import Gate

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 300.0


class LeaseLost(Exception):
    """Another worker holds the lease by now: nothing of this attempt may be written."""

    def __init__(self, item: UUID) -> None:
        super().__init__(str(item))
        self.item = item


@dataclass
class _InHand:
    """The item that is being done. ``leased``: its lease is committed, or being taken; ``opened``
    is the transaction that took it, for the handler's first one to go on with."""

    lease: Lease | None = None
    leased: bool = False
    opened: tuple[Session, ExitStack] | None = None


@dataclass(frozen=True)
class JobContext:
    """One process's means. ``lease_seconds`` is how long a lease lasts; so many
    ``callback_seconds`` an agency that calls back is not asked."""

    database: Database
    vault: Vault
    agencies: Agencies
    gate: Gate
    clock: SessionClock
    public_url: str
    lease_seconds: float
    development: bool = False
    callback_seconds: float = 10.0
    _in_hand: _InHand = field(default_factory=_InHand)

    def now(self, session: Session) -> datetime:
        """The time of day by the database's clock, aware: this host's own decides nothing."""
        return self.clock(session)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction that sees every row: commits on return, rolls back on a raise.

        The first one of an item in hand takes its lease. Raises `LeaseLost` when another worker
        has it by now.
        """
        hand = self._in_hand
        before, hand.leased = hand.leased, True
        try:
            with ExitStack() as stack:
                yield self._begin(stack, hand, leased=before)
        except BaseException:
            hand.leased = before
            raise

    def _begin(self, stack: ExitStack, hand: _InHand, *, leased: bool) -> Session:
        if hand.opened is not None:
            (session, opened), hand.opened = hand.opened, None
            stack.enter_context(opened)
            return session
        session = stack.enter_context(self.database.transaction(NETWORK_SCOPE))
        if hand.lease is not None and not leased:
            again = delivery.take_lease(session, hand.lease.id, lease_seconds=self.lease_seconds)
            if again != hand.lease:
                raise LeaseLost(hand.lease.id)
        return session

    @contextmanager
    def in_hand(self, item: UUID) -> Iterator[Lease | None]:
        """Within the block the item is done: its lease is taken in the first transaction there.

        None when it is done or another worker has it.
        """
        hand = self._in_hand
        with ExitStack() as stack:
            session = stack.enter_context(self.database.transaction(NETWORK_SCOPE))
            hand.lease = delivery.take_lease(session, item, lease_seconds=self.lease_seconds)
            hand.leased, hand.opened = False, (session, stack.pop_all())
        try:
            yield hand.lease
        finally:
            opened = hand.opened
            hand.lease, hand.opened = None, None
            if opened is not None:
                opened[1].close()

    @contextmanager
    def settle(self, lease: Lease, outcome: str) -> Iterator[Session]:
        """End the item as ``outcome``, together with what the block writes: all or nothing.

        The item's row is locked first and its fence compared, so that an attempt that was
        overtaken writes nothing. Raises `LeaseLost`, before the block runs.
        """
        with self.transaction() as session:
            self.finish(session, lease, outcome)
            yield session

    def finish(self, session: Session, lease: Lease, outcome: str) -> None:
        """End the item as ``outcome`` in the transaction at hand. Raises `LeaseLost`."""
        if not delivery.finish(session, lease, outcome):
            raise LeaseLost(lease.id)

    def take_lease(self, item: UUID) -> Lease | None:
        """Lease the item for ``lease_seconds``; None when it is done or another worker has it."""
        with self.transaction() as session:
            return delivery.take_lease(session, item, lease_seconds=self.lease_seconds)

    def retry_later(
        self, lease: Lease, delay_seconds: float | None = None, *, error: str | None = None
    ) -> None:
        """Give the item back: due again after ``delay_seconds``, or as `retry_delay` says.

        ``error`` is a code that says why.
        """
        delay = retry_delay(lease.attempts) if delay_seconds is None else delay_seconds
        with self.transaction() as session:
            delivery.release(session, lease, delay_seconds=delay, error=error)

    def postpone(self, lease: Lease, agency: str) -> None:
        """Give the item back untried, until ``agency`` may be called."""
        delay = LONGEST_WAIT.total_seconds() * random.uniform(0.5, 1.0)  # noqa: S311
        with self.transaction() as session:
            delivery.postpone(session, lease, agency, delay_seconds=delay)


def retry_delay(attempts: int, *, longest: float = LONGEST_DELAY_SECONDS) -> float:
    """Seconds to wait after ``attempts`` tries: doubling from one second up to ``longest``.

    Between half and all of it, at random, so that what failed together doesn't return together.
    """
    whole = min(longest, FIRST_DELAY_SECONDS * 2.0 ** min(max(attempts - 1, 0), 30))
    return whole * random.uniform(0.5, 1.0)  # noqa: S311  (spreads load, guards nothing)


def build_context(settings: Settings) -> JobContext:
    """The means of this process, once the database has shown that it is safe.

    Raises `UnsafeDatabase`, `SettingsError`.
    """
    database = open_database(settings, pool_size=3)
    gate = Gate(database)
    return JobContext(
        database=database,
        vault=Vault(settings.master_keys(), settings.index_key()),
        agencies=build_agencies(settings, gate),
        gate=gate,
        clock=transaction_clock,
        public_url=settings.public_url,
        lease_seconds=settings.number("CONSULAR_LEASE_SECONDS", 30),
        development=settings.development,
        callback_seconds=settings.number("CONSULAR_CALLBACK_SECONDS", 10),
    )


def open_database(settings: Settings, *, pool_size: int) -> Database:
    """The workers' connections, once the login has shown that it is fit for them.

    Raises `UnsafeDatabase`, `SettingsError`, and SQLAlchemyError while there is no server.
    """
    url = settings.worker_database_url or settings.require("WORKER_DATABASE_URL")
    database = Database(url, duty=Duty.WORKER, pool_size=pool_size)
    with database.transaction(NO_SCOPE):
        return database
