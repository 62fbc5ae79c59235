"""``consular books``: read the ledger, try a transfer, and hold it against its second book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from time import monotonic, sleep
from uuid import UUID

from consular.seed import one_transaction
from services.kernel.clock import transaction_clock
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound
from services.kernel.ids import new_id
from services.kernel.money import format_minor
from services.kernel.settings import Settings
from services.ledger.posting import Line, Transfer
from services.ledger.queries import Entry, trial_balance
from services.ledger.rules import State
from services.ledger.second_book import Comparison
from services.ledger.settling import is_waiting, settle
from services.ledger.trying import KIND, Trial, try_end, try_transfers
from services.remittances.books import compare_books
from services.remittances.queries import find_by_folio
from services.treasury import queries as treasury

# A transaction that runs anywhere in the server holds back what is settled.
PATIENCE_SECONDS = 60.0


def check_books(settings: Settings) -> Comparison:
    """Settle what is still to be settled, then compare every row with its seal, as the workers do
    every night.

    What can't be settled for a minute is left out: the next comparison reads it.
    """
    vault = Vault(settings.master_keys(), settings.index_key())
    deadline = monotonic() + PATIENCE_SECONDS
    waiting = True
    while waiting and monotonic() < deadline:
        with one_transaction(_url(settings)) as session:
            settled = settle(session, vault)
            waiting = is_waiting(session)
        if settled:
            deadline = monotonic() + PATIENCE_SECONDS
        elif waiting:
            sleep(0.02)
    with one_transaction(_url(settings)) as session:
        return compare_books(session, now=transaction_clock(session), vault=vault)


def list_balances(settings: Settings, as_of: datetime | None) -> Iterator[str]:
    """Every account's balance, debit positive."""
    with one_transaction(_url(settings)) as session:
        for code, amount in sorted(trial_balance(session, as_of).balances.items()):
            yield f"{format_minor(amount):>20}  {code}"


def trace(settings: Settings, folio: str) -> Iterator[str]:
    """What was posted about a remittance, and about what was paid for together with it. Raises
    NotFound."""
    with one_transaction(_url(settings)) as session:
        remittance = find_by_folio(session, folio)
        if remittance is None:
            raise NotFound()
        for traced in treasury.trace(session, remittance):
            yield traced.remittance.folio
            for entry in traced.entries:
                yield _heading(entry)
                for line in entry.lines:
                    yield f"{format_minor(line.amount):>20} {line.currency}  {line.account}"


def try_lines(
    settings: Settings, written: Sequence[str], *, pending: bool = False
) -> Iterator[str]:
    """What a transfer of these lines would do, or one that only holds them: ``account currency
    cents``, debit positive."""
    transfer = Transfer(
        new_id(), KIND, new_id(), [_line(each) for each in written], pending=pending
    )
    with one_transaction(_url(settings)) as session:
        trial = try_transfers(session, transfer, now=transaction_clock(session))
    yield from _told(trial)


def try_end_of(settings: Settings, hold: UUID, state: State) -> Iterator[str]:
    """What posting a hold would do, or voiding it, or letting it expire."""
    with one_transaction(_url(settings)) as session:
        trial = try_end(session, hold, state, now=transaction_clock(session))
    yield from _told(trial)


def _told(trial: Trial) -> Iterator[str]:
    if trial.refusal:
        yield f"It would be refused: {trial.refusal}."
    for account, (before, after) in trial.balances.items():
        yield f"{account}: {format_minor(before)} -> {format_minor(after)}"
    for account, (before, after) in trial.held.items():
        yield f"{account}, held: {format_minor(before)} -> {format_minor(after)}"


def _line(written: str) -> Line:
    account, currency, amount = written.split()
    return Line(account, currency, int(amount))


def _heading(entry: Entry) -> str:
    ends = f", ends {entry.hold}" if entry.hold else ""
    return f"{entry.at:%Y-%m-%d %H:%M:%S %Z} {entry.kind} ({entry.state}{ends}) {entry.id}"


def _url(settings: Settings) -> str:
    return settings.worker_database_url or settings.require("WORKER_DATABASE_URL")
