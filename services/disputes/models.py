"""Errors that senders claim, and how each was settled."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.disputes.rules import OPEN, Kind, Remedy, Status
from services.kernel.db import Base, Owners
from services.kernel.tables import one_of

_AT = DateTime(timezone=True)


class Dispute(Base):
    """An error that the sender claims; at most one of a remittance is open.

    What the sender and staff wrote is sealed under a key of its own, until the sender is erased.
    ``remedy_minor`` are the cents that were given back for it.
    """

    __tablename__ = "disputes"
    owners = Owners(account="account_id")
    __table_args__ = (
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint(one_of("status", Status), name="status"),
        CheckConstraint(one_of("remedy", Remedy), name="remedy"),
        CheckConstraint("(status = 'received') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        CheckConstraint("(taken_at IS NULL) = (taken_by IS NULL)", name="taken"),
        CheckConstraint("(status = 'corrected') = (remedy IS NOT NULL)", name="corrected"),
        CheckConstraint(
            "(coalesce(remedy, 'given_back') = 'given_back') = (remedy_minor = 0)"
            " AND remedy_minor >= 0",
            name="remedy_minor",
        ),
        Index(
            "uq_disputes_remittance_id",
            "remittance_id",
            unique=True,
            postgresql_where=text(one_of("status", OPEN)),
        ),
        Index("ix_disputes_remittance_id", "remittance_id"),
        Index("ix_disputes_account_id", "account_id"),
        Index("ix_disputes_claimed_at", "claimed_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    folio: Mapped[str] = mapped_column(Text, unique=True)
    remittance_id: Mapped[UUID] = mapped_column(ForeignKey("remittances.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    data_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    claim_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    explanation_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    claimed_at: Mapped[datetime] = mapped_column(_AT)
    investigate_by: Mapped[date]
    taken_by: Mapped[UUID | None]
    taken_at: Mapped[datetime | None] = mapped_column(_AT)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(_AT)
    remedy: Mapped[str | None] = mapped_column(Text)
    remedy_minor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    documents_asked_at: Mapped[datetime | None] = mapped_column(_AT)
    documents_given_at: Mapped[datetime | None] = mapped_column(_AT)
    changed_at: Mapped[datetime] = mapped_column(_AT)
