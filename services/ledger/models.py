"""Double entry: accounts, entries, and their lines."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base
from services.kernel.tables import Xid8, one_of
from services.ledger.rules import AccountKind, Layer

_AT = sa.DateTime(timezone=True)


class LedgerAccount(Base):
    """An account in one currency."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        sa.CheckConstraint("currency IN ('USD', 'MXN')", name="currency"),
        sa.CheckConstraint(one_of("kind", AccountKind), name="kind"),
        sa.Index("ix_ledger_accounts_xid", "xid"),
    )

    code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    currency: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    xid: Mapped[int] = mapped_column(Xid8(), server_default=sa.text("pg_current_xact_id()"))


class LedgerBalance(Base):
    """What a customer has, and how much of it is held. Postings lock the row and move it; accounts
    of the house have none, so that no posting waits for another."""

    __tablename__ = "ledger_balances"
    __table_args__ = (
        sa.CheckConstraint("posted - held >= 0", name="available"),
        sa.CheckConstraint("held >= 0", name="held"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    account_code: Mapped[str] = mapped_column(
        sa.ForeignKey("ledger_accounts.code"), primary_key=True
    )
    posted: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    held: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))


class JournalEntry(Base):
    """A transfer, or the end of a hold. Its ``id`` was made by who asked for it, so that a repeat
    is known; ``subject_id`` is the thing that it is about, whatever that is.

    ``linked_id`` is the same for transfers that belong together, such as the two sides of an
    exchange. ``hold_id`` is the hold that this entry ends, ``xid`` the transaction that wrote it
    (`services.ledger.adopting`).

    One from an account of the house to another is this row alone: ``amount_minor`` is what the
    first is debited and the second credited. Any other has lines. The view ``postings`` shows the
    lines of both.
    """

    __tablename__ = "journal_entries"
    __table_args__ = (
        sa.Index(
            "uq_journal_entries_key",
            "key",
            unique=True,
            postgresql_where=sa.text("key IS NOT NULL"),
        ),
        # What a hold and its end are, the trigger check_hold says.
        sa.CheckConstraint("amount_minor > 0 AND debit_code <> credit_code", name="pair"),
        sa.Index(
            "ix_journal_entries_at",
            "at",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32, "autosummarize": True},
        ),
        sa.Index(
            "uq_journal_entries_hold_id",
            "hold_id",
            unique=True,
            postgresql_where=sa.text("hold_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_journal_entries_expires_at",
            "expires_at",
            postgresql_where=sa.text("expires_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_journal_entries_linked_id",
            "linked_id",
            postgresql_where=sa.text("linked_id IS NOT NULL"),
        ),
        sa.Index("ix_journal_entries_subject_id", "subject_id"),
        sa.Index("ix_journal_entries_xid", "xid"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # By which the version before knows a repeat; a later migration drops it.
    key: Mapped[str | None] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text, server_default=sa.text("'posted'"))
    kind: Mapped[str] = mapped_column(sa.Text)
    subject_id: Mapped[UUID]
    linked_id: Mapped[UUID | None]
    hold_id: Mapped[UUID | None]
    expires_at: Mapped[datetime | None] = mapped_column(_AT)
    # The same as its subject, for the version before; a later migration drops it.
    remittance_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(_AT)
    xid: Mapped[int] = mapped_column(Xid8(), server_default=sa.text("pg_current_xact_id()"))
    debit_code: Mapped[str | None] = mapped_column(sa.Text)
    credit_code: Mapped[str | None] = mapped_column(sa.Text)
    amount_currency: Mapped[str | None] = mapped_column(sa.Text)
    amount_minor: Mapped[int | None] = mapped_column(sa.BigInteger)


class JournalLine(Base):
    """One line of an entry: minor units, debit positive. Written by the ledger's functions only.

    Entry and account are checked by the table's trigger rather than by foreign keys, which would
    lock the house's few accounts at every posting.
    """

    __tablename__ = "journal_lines"
    __table_args__ = (
        sa.CheckConstraint("amount <> 0", name="amount"),
        sa.CheckConstraint(one_of("layer", Layer), name="layer"),
        sa.Index(
            "ix_journal_lines_account_code_at",
            "account_code",
            "at",
            postgresql_include=["amount", "layer"],
        ),
        sa.Index(
            "ix_journal_lines_at",
            "at",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32, "autosummarize": True},
        ),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    account_code: Mapped[str] = mapped_column(sa.Text)
    currency: Mapped[str] = mapped_column(sa.Text)
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    at: Mapped[datetime] = mapped_column(_AT)
    layer: Mapped[str] = mapped_column(sa.Text, server_default=sa.text("'posted'"))


class LedgerCell(Base):
    """What an account's lines of a day come to, up to the batch that was settled last. Days are
    those of UTC."""

    __tablename__ = "ledger_cells"
    __table_args__ = (
        sa.CheckConstraint(one_of("layer", Layer), name="layer"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    account_code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    layer: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(sa.BigInteger)


class LedgerBatch(Base):
    """How far entries are settled: those of transactions before ``upto``, in seals up to
    ``last_seal``. ``digest`` covers them and the batch before."""

    __tablename__ = "ledger_batches"

    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    upto: Mapped[str] = mapped_column(Xid8())
    last_seal: Mapped[int] = mapped_column(sa.BigInteger)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary)
    settled_at: Mapped[datetime] = mapped_column(_AT, server_default=sa.text("clock_timestamp()"))


class LedgerSeal(Base):
    """Digests of an entry and its lines, in order, or of an account."""

    __tablename__ = "ledger_seals"
    __table_args__ = (
        sa.UniqueConstraint("entry_id"),
        sa.UniqueConstraint("account_code"),
        sa.CheckConstraint("num_nonnulls(entry_id, account_code) = 1", name="of"),
    )

    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID | None]
    account_code: Mapped[str | None] = mapped_column(sa.Text)
    digests: Mapped[bytes] = mapped_column(sa.LargeBinary)


class LedgerComparison(Base):
    """When the second book was compared, and how many rows differed. What was written later is of
    the transaction ``mark`` or one after it."""

    __tablename__ = "ledger_comparisons"
    __table_args__ = (sa.Index("ix_ledger_comparisons_at", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entries: Mapped[int] = mapped_column(sa.BigInteger)
    differences: Mapped[int] = mapped_column(sa.BigInteger)
    mark: Mapped[int | None] = mapped_column(sa.BigInteger)
    at: Mapped[datetime] = mapped_column(_AT)
