"""Double entry: the house's accounts, entries, and their lines."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base

_AT = DateTime(timezone=True)


class LedgerAccount(Base):
    """An account of the house, in one currency."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        CheckConstraint("currency IN ('USD', 'MXN')", name="currency"),
        CheckConstraint(
            "kind IN ('asset', 'liability', 'income', 'position', 'expense')", name="kind"
        ),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    currency: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)


class JournalEntry(Base):
    """Something that moved money. ``key`` says what, so that a repeat is refused; ``subject_id`` is
    the thing that it is about, whatever that is."""

    __tablename__ = "journal_entries"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_journal_entries_subject_id", "subject_id"),
        Index("ix_journal_entries_remittance_id", "remittance_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    # The same, for the version before; a later migration drops it.
    remittance_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(_AT)


class Posting(Base):
    """One line of an entry: minor units, debit positive. Written by ``post_entry_v2`` only.

    The account is checked by the table's trigger rather than by a foreign key, which would lock
    the house's few accounts at every posting.
    """

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        Index(
            "ix_postings_account_code_at",
            "account_code",
            "at",
            postgresql_include=["amount"],
        ),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entries.id"), primary_key=True)
    line: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    account_code: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(_AT)
