"""Signs of life of the processes, their outages, and what staff decided about parked jobs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base
from services.kernel.tables import one_of
from services.operations.rules import Decision, Process

_MOMENT = sa.DateTime(timezone=True)
_NOW = sa.text("clock_timestamp()")


class Heartbeat(Base):
    """A process that was alive at ``beat_at``; ``instance`` is made up when it starts."""

    __tablename__ = "heartbeats"
    __table_args__ = (sa.CheckConstraint(one_of("process", Process), name="process"),)

    process: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    instance: Mapped[UUID] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=_NOW)
    beat_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=_NOW)


class Outage(Base):
    """A kind of process of which none was alive. The duty officer is told once of each."""

    __tablename__ = "outages"
    __table_args__ = (
        sa.CheckConstraint(one_of("process", Process), name="process"),
        sa.Index(
            "uq_outages_process",
            "process",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    process: Mapped[str] = mapped_column(sa.Text)
    began_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=_NOW)
    told_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    ended_at: Mapped[datetime | None] = mapped_column(_MOMENT)


class ParkedDecision(Base):
    """What a person decided about a job that was given up: once for each."""

    __tablename__ = "parked_decisions"
    __table_args__ = (
        sa.CheckConstraint(one_of("decision", Decision), name="decision"),
        sa.CheckConstraint("(decision = 'released') = (released_as IS NOT NULL)", name="released"),
    )

    outbox_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True
    )
    decision: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text)
    decided_by: Mapped[UUID]
    decided_at: Mapped[datetime] = mapped_column(_MOMENT)
    # The new item that does it, once more.
    released_as: Mapped[UUID | None]
