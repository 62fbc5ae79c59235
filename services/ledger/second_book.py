"""The second book: every row against its seal, and every balance against a sum of all lines.

It reads the rows and adds them up by itself, in another language than the database's functions that
write them. What differs is named row by row; what can't be named any more, because its seal was
taken out as well, by the number of the seal that is missing.

Between two whole comparisons it reads the batches that hold anything written since the last one
that was clean: the database notes with every row which transaction wrote it, whoever that was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from services.kernel.crypto import Vault
from services.kernel.ids import new_id
from services.ledger.models import LedgerBatch, LedgerComparison, LedgerSeal
from services.ledger.queries import trial_balance
from services.ledger.settling import (
    DIGEST,
    OLDEST_RUNNING,
    SUMS,
    Rows,
    batch_digest,
    hold_still,
    last_batch,
    read_rows,
    row_digest,
)

# All is read: minutes, where some seconds are what a statement may take or wait.
_AT_LENGTH = text(
    "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)"
)
_MARK = text(f"SELECT CAST(CAST(oldest AS text) AS bigint) FROM ({OLDEST_RUNNING}) o")  # noqa: S608
# Of a transaction's number a row keeps 32 bits, which come round again.
_ROUND = 2**31
_WRITTEN = "age({row}.xmin) <= (SELECT age(CAST(CAST(CAST(:since AS text) AS xid8) AS xid)))"
_WRITTEN_BATCHES = text(f"SELECT number FROM ledger_batches b WHERE {_WRITTEN.format(row='b')}")  # noqa: S608
# Seals that were written, those of what was written or isn't there, and the last of those missing.
_WRITTEN_SEALS = text(
    f"""
    SELECT s.number FROM ledger_seals s
    LEFT JOIN journal_entries e ON e.id = s.entry_id
    LEFT JOIN ledger_accounts a ON a.code = s.account_code
    LEFT JOIN (
        SELECT entry_id, count(*) AS lines, bool_or({_WRITTEN.format(row="l")}) AS written
        FROM journal_lines l GROUP BY entry_id
    ) line ON line.entry_id = s.entry_id
    WHERE {_WRITTEN.format(row="s")} OR {_WRITTEN.format(row="e")} OR {_WRITTEN.format(row="a")}
        OR line.written OR (e.id IS NULL AND a.code IS NULL)
        OR (e.amount_minor IS NULL AND s.entry_id IS NOT NULL
            AND octet_length(s.digests) <> :digest * (1 + coalesce(line.lines, 0)))
    UNION
    SELECT number - 1 FROM (
        SELECT number, lag(number, 1, 0::bigint) OVER (ORDER BY number) AS before FROM ledger_seals
    ) s WHERE number > before + 1
    ORDER BY 1
    """  # noqa: S608 - constants of this file
)
_SUMS = text(SUMS)
_NOT_SEALED = text(
    """
    SELECT 'journal_entries' AS relation, e.id::text AS row FROM journal_entries e
    WHERE e.xid < CAST(:upto AS xid8)
        AND NOT EXISTS (SELECT FROM ledger_seals s WHERE s.entry_id = e.id)
    UNION ALL
    SELECT 'ledger_accounts', a.code FROM ledger_accounts a WHERE a.xid < CAST(:upto AS xid8)
        AND NOT EXISTS (SELECT FROM ledger_seals s WHERE s.account_code = a.code)
    UNION ALL
    SELECT 'postings', p.entry_id || ' ' || p.line FROM postings p
    WHERE NOT EXISTS (SELECT FROM journal_entries e WHERE e.id = p.entry_id)
    UNION ALL
    SELECT 'ledger_seals', s.number::text FROM ledger_seals s WHERE s.number > :last_seal
    """
)
# Entries without lines are of two accounts of the house, in their currency.
_MISFITS = text(
    """
    SELECT e.id::text FROM journal_entries e
    LEFT JOIN ledger_accounts d ON d.code = e.debit_code AND d.currency = e.amount_currency
    LEFT JOIN ledger_accounts c ON c.code = e.credit_code AND c.currency = e.amount_currency
    WHERE e.amount_minor IS NOT NULL
        AND (d.kind <> 'customer' AND c.kind <> 'customer') IS NOT TRUE
    """
)
_CELLS = text("SELECT account_code, layer, day, amount FROM ledger_cells")
_CUSTOMERS = text(
    """
    SELECT code FROM ledger_accounts WHERE kind = 'customer'
        AND NOT EXISTS (SELECT FROM ledger_balances WHERE account_code = code)
    UNION ALL
    SELECT b.account_code FROM ledger_balances b
    LEFT JOIN (
        SELECT account_code, coalesce(sum(amount) FILTER (WHERE layer = 'posted'), 0) AS posted,
            coalesce(sum(amount) FILTER (WHERE layer = 'debit_pending'), 0) AS held
        FROM postings WHERE account_code IN (SELECT account_code FROM ledger_balances)
        GROUP BY account_code
    ) line USING (account_code)
    WHERE (b.posted, b.held) <> (-coalesce(line.posted, 0), coalesce(line.held, 0))
    """
)

Cells = dict[tuple[str, str, date], int]


@dataclass(frozen=True)
class Difference:
    """A row of ``table`` that isn't what it was: ``row`` is its key, ``fault`` one of ``altered``,
    ``missing``, ``added``, ``not_sealed`` and ``differs`` (a sum)."""

    table: str
    row: str
    fault: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.fault}"


@dataclass(frozen=True)
class Comparison:
    """How many entries were read, and what differs. ``mark``: whatever is written later is
    written by this transaction or one after it."""

    entries: int
    differences: Sequence[Difference]
    mark: int | None = None


@dataclass(frozen=True)
class Agreement:
    """``at`` of the last comparison, how many rows differed then, and ``since`` when it has been
    so; None before the first."""

    at: datetime | None
    differences: int
    since: datetime | None


def compare(session: Session, vault: Vault, since: int | None = None) -> Comparison:
    """Read every settled row, and add up; nothing is settled meanwhile.

    With the ``mark`` of a clean comparison, read what was written since; the database adds up.
    """
    session.execute(_AT_LENGTH)
    hold_still(session)
    mark: int = session.execute(_MARK).scalar_one()
    if since is not None and not 0 <= mark - since < _ROUND:
        since = None
    cells: Cells = defaultdict(int)
    entries, differences = 0, []
    for last, batch in _batches(session, since):
        seals = _seals(session, last, batch)
        rows = _rows(session, seals)
        entries += len(rows.entries)
        differences += [*_missing_before(last, batch), *_compare_batch(vault, last, batch, seals)]
        differences += [each for seal in seals for each in _compare_seal(vault, seal, rows)]
        if since is None:
            _add_up(cells, rows)
    if since is not None:
        cells = _added_up(session)
    differences += [*_not_sealed(session), *_sums(session, cells)]
    return Comparison(entries, differences, mark)


def note_comparison(session: Session, comparison: Comparison, *, now: datetime) -> None:
    """Keep when the books were compared, and whether they agreed."""
    counted = {"entries": comparison.entries, "differences": len(comparison.differences)}
    session.add(LedgerComparison(id=new_id(), at=now, mark=comparison.mark, **counted))
    session.flush()


def read_mark(session: Session) -> int | None:
    """Since when it is enough to compare: the last comparison's mark. None if that one was not
    clean, for then all is read until the books agree."""
    newest = select(LedgerComparison).order_by(LedgerComparison.at.desc()).limit(1)
    last = session.scalars(newest).first()
    return last.mark if last is not None and last.differences == 0 else None


def read_agreement(session: Session) -> Agreement:
    """When the books were compared last, and since when they have said the same."""
    at, differences = LedgerComparison.at, LedgerComparison.differences
    last = session.scalars(select(LedgerComparison).order_by(at.desc()).limit(1)).first()
    if last is None:
        return Agreement(None, 0, None)
    other = (differences == 0) if last.differences else (differences > 0)
    turned = select(func.max(at)).where(other).scalar_subquery()
    since = select(func.min(at)).where(at > func.coalesce(turned, text("'-infinity'")))
    return Agreement(last.at, last.differences, session.scalar(since))


def _batches(session: Session, since: int | None) -> Iterator[tuple[LedgerBatch, LedgerBatch]]:
    """All batches, or those that hold anything written since, each with the one before; the newest
    always, for its seals may be missing."""
    batches = session.scalars(select(LedgerBatch).order_by(LedgerBatch.number)).all()
    pairs = zip([LedgerBatch(number=0, last_seal=0, digest=b""), *batches], batches, strict=False)
    if since is None:
        yield from pairs
        return
    values = {"since": str(since), "digest": DIGEST}
    written = set(session.scalars(_WRITTEN_BATCHES, values))
    seals = session.scalars(_WRITTEN_SEALS, values).all()
    for last, batch in pairs:
        holds = bisect_right(seals, last.last_seal) < bisect_right(seals, batch.last_seal)
        follows = batch.number == last.number + 1
        if holds or not follows or batch.number in written or batch is batches[-1]:
            yield last, batch


def _added_up(session: Session) -> Cells:
    span = {"after": "0", "until": last_batch(session).upto}
    return {(row.account_code, row.layer, row.day): row.amount
            for row in session.execute(_SUMS, span)}  # fmt: skip


def _seals(session: Session, before: LedgerBatch, batch: LedgerBatch) -> Sequence[LedgerSeal]:
    number = LedgerSeal.number
    query = select(LedgerSeal).where(number > before.last_seal, number <= batch.last_seal)
    return session.scalars(query.order_by(number)).all()


def _rows(session: Session, seals: Sequence[LedgerSeal]) -> Rows:
    entries = [seal.entry_id for seal in seals if seal.entry_id]
    return read_rows(session, entries, [seal.account_code for seal in seals if seal.account_code])


def _missing_before(last: LedgerBatch, batch: LedgerBatch) -> Iterator[Difference]:
    for number in range(last.number + 1, batch.number):
        yield Difference("ledger_batches", str(number), "missing")


def _compare_batch(
    vault: Vault, last: LedgerBatch, batch: LedgerBatch, seals: Sequence[LedgerSeal]
) -> Iterator[Difference]:
    numbers = {seal.number for seal in seals}
    missing = [n for n in range(last.last_seal + 1, batch.last_seal + 1) if n not in numbers]
    for number in missing:
        yield Difference("ledger_seals", str(number), "missing")
    expected = batch_digest(vault, batch, last.digest, [seal.digests for seal in seals])
    if not missing and expected != batch.digest:
        yield Difference("ledger_batches", str(batch.number), "altered")


def _compare_seal(vault: Vault, seal: LedgerSeal, rows: Rows) -> Iterator[Difference]:
    if seal.account_code is not None:
        account = rows.accounts.get(seal.account_code)
        yield from _compare_row(vault, "ledger_accounts", seal.account_code, account, seal.digests)
        return
    assert seal.entry_id is not None  # noqa: S101 - one of both, by ck_ledger_seals_of
    entry = rows.entries.get(seal.entry_id)
    yield from _compare_row(
        vault, "journal_entries", str(seal.entry_id), entry, seal.digests[:DIGEST]
    )
    yield from _compare_lines(vault, seal, rows.lines.get(seal.entry_id, []))


def _compare_row(
    vault: Vault, table: str, key: str, row: Any, digest: bytes
) -> Iterator[Difference]:
    if row is None:
        yield Difference(table, key, "missing")
    elif row_digest(vault, table, row) != digest:
        yield Difference(table, key, "altered")


def _compare_lines(vault: Vault, seal: LedgerSeal, lines: Sequence[Any]) -> Iterator[Difference]:
    """Lines were numbered from one when they were sealed, in the order of their digests."""
    digests = seal.digests
    sealed = {
        number: digests[at : at + DIGEST]
        for number, at in enumerate(range(DIGEST, len(digests), DIGEST), start=1)
    }
    there = {line.line: row_digest(vault, "postings", line) for line in lines}
    for number in sorted(sealed.keys() | there.keys()):
        if sealed.get(number) != there.get(number):
            fault = "altered" if number in sealed and number in there else "missing"
            fault = fault if number in sealed else "added"
            yield Difference("postings", f"{seal.entry_id} {number}", fault)


def _add_up(cells: Cells, rows: Rows) -> None:
    for lines in rows.lines.values():
        for line in lines:
            day = line.at.astimezone(UTC).date()
            cells[line.account_code, line.layer, day] += line.amount


def _not_sealed(session: Session) -> Iterator[Difference]:
    last = last_batch(session)
    values = {"upto": last.upto, "last_seal": last.last_seal}
    for row in session.execute(_NOT_SEALED, values):
        yield Difference(row.relation, row.row, "not_sealed")


def _sums(session: Session, counted: Cells) -> Iterator[Difference]:
    kept = {(row.account_code, row.layer, row.day): row.amount for row in session.execute(_CELLS)}
    # A row that was altered may name no account.
    for key in sorted(kept.keys() | counted.keys(), key=str):
        if kept.get(key, 0) != counted.get(key, 0):
            yield Difference("ledger_cells", f"{key[0]} {key[1]} {key[2]}", "differs")
    for code in session.scalars(_CUSTOMERS):
        yield Difference("ledger_balances", code, "differs")
    for id_ in session.scalars(_MISFITS):
        yield Difference("journal_entries", id_, "differs")
    for currency in trial_balance(session).differences:
        yield Difference("postings", currency, "differs")
