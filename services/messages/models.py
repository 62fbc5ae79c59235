"""Messages to people: one row for each attempt by one channel."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base, Owners
from services.kernel.tables import one_of
from services.messages.rules import Channel, State

_TIME = sa.DateTime(timezone=True)


class SentMessage(Base):
    """What somebody was to be told about the row ``ref``, by which channel, and what became of it.

    ``item`` is the outbox item that it began with: by each channel it goes out once. Its text isn't
    kept. ``outcome_at`` is when the provider said how it ended.
    """

    __tablename__ = "messages"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        sa.CheckConstraint(one_of("channel", Channel), name="channel"),
        sa.CheckConstraint(one_of("state", State), name="state"),
        sa.CheckConstraint(
            "(data_key IS NULL) = (address_sealed IS NULL)", name="address_with_its_key"
        ),
        sa.UniqueConstraint("item", "channel", name="uq_messages_item"),
        sa.Index("ix_messages_ref", "ref"),
        sa.Index("ix_messages_account_id", "account_id"),
        sa.Index("ix_messages_created_at", "created_at"),
        sa.Index(
            "ix_messages_untold",
            "consulate_code",
            "created_at",
            postgresql_where=sa.text("channel = 'desk' AND state = 'queued'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    item: Mapped[UUID]
    topic: Mapped[str] = mapped_column(sa.Text)
    ref: Mapped[UUID]
    kind: Mapped[str] = mapped_column(sa.Text)
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    channel: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str | None] = mapped_column(sa.Text)
    provider_id: Mapped[str | None] = mapped_column(sa.Text)
    data_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    address_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_TIME)
    sent_at: Mapped[datetime | None] = mapped_column(_TIME)
    outcome_at: Mapped[datetime | None] = mapped_column(_TIME)
