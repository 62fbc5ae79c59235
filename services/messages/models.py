"""Messages to people: one row for each attempt by one channel."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base, Owners
from services.kernel.tables import one_of
from services.messages.rules import Channel, State

_TIME = DateTime(timezone=True)


class SentMessage(Base):
    """What somebody was to be told about the row ``ref``, by which channel, and what became of it.

    ``item`` is the outbox item that it began with: by each channel it goes out once. Its text isn't
    kept. ``outcome_at`` is when the provider said how it ended.
    """

    __tablename__ = "messages"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        CheckConstraint(one_of("channel", Channel), name="channel"),
        CheckConstraint(one_of("state", State), name="state"),
        CheckConstraint(
            "(data_key IS NULL) = (address_sealed IS NULL)", name="address_with_its_key"
        ),
        UniqueConstraint("item", "channel", name="uq_messages_item"),
        Index("ix_messages_ref", "ref"),
        Index("ix_messages_account_id", "account_id"),
        Index("ix_messages_created_at", "created_at"),
        Index(
            "ix_messages_untold",
            "consulate_code",
            "created_at",
            postgresql_where=text("channel = 'desk' AND state = 'queued'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    item: Mapped[UUID]
    topic: Mapped[str] = mapped_column(Text)
    ref: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    consulate_code: Mapped[str | None] = mapped_column(ForeignKey("consulates.code"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    channel: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    provider_id: Mapped[str | None] = mapped_column(Text)
    data_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_TIME)
    sent_at: Mapped[datetime | None] = mapped_column(_TIME)
    outcome_at: Mapped[datetime | None] = mapped_column(_TIME)
