"""Errors that senders claim, and how each was settled."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.disputes.rules import OPEN, Kind, Remedy, Status
from services.kernel.db import Base, Owners
from services.kernel.tables import one_of

_AT = sa.DateTime(timezone=True)


class Dispute(Base):
    """An error that the sender claims; at most one of a remittance is open.

    What the sender and staff wrote is sealed under a key of its own, until the sender is erased.
    ``remedy_minor`` are the cents that were given back for it.
    """

    __tablename__ = "disputes"
    owners = Owners(account="account_id")
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", Kind), name="kind"),
        sa.CheckConstraint(one_of("status", Status), name="status"),
        sa.CheckConstraint(one_of("remedy", Remedy), name="remedy"),
        sa.CheckConstraint("(status = 'received') = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        sa.CheckConstraint("(taken_at IS NULL) = (taken_by IS NULL)", name="taken"),
        sa.CheckConstraint("(status = 'corrected') = (remedy IS NOT NULL)", name="corrected"),
        sa.CheckConstraint(
            "(coalesce(remedy, 'given_back') = 'given_back') = (remedy_minor = 0)"
            " AND remedy_minor >= 0",
            name="remedy_minor",
        ),
        sa.Index(
            "uq_disputes_remittance_id",
            "remittance_id",
            unique=True,
            postgresql_where=sa.text(one_of("status", OPEN)),
        ),
        sa.Index("ix_disputes_remittance_id", "remittance_id"),
        sa.Index("ix_disputes_account_id", "account_id"),
        sa.Index("ix_disputes_claimed_at", "claimed_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    folio: Mapped[str] = mapped_column(sa.Text, unique=True)
    remittance_id: Mapped[UUID] = mapped_column(sa.ForeignKey("remittances.id"))
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.Text)
    data_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    claim_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    explanation_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    claimed_at: Mapped[datetime] = mapped_column(_AT)
    investigate_by: Mapped[date]
    taken_by: Mapped[UUID | None]
    taken_at: Mapped[datetime | None] = mapped_column(_AT)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(_AT)
    remedy: Mapped[str | None] = mapped_column(sa.Text)
    remedy_minor: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    documents_asked_at: Mapped[datetime | None] = mapped_column(_AT)
    documents_given_at: Mapped[datetime | None] = mapped_column(_AT)
    changed_at: Mapped[datetime] = mapped_column(_AT)
