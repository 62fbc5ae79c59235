"""What others must be told, and what they told us: written once, delivered until it is done."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base


class OutboxItem(Base):
    """One thing to do elsewhere. ``ref`` is the id of the row it is about, nothing more."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index("ix_outbox_due", "ring_at", postgresql_where=sa.text("done_at IS NULL")),
        # Made for one look-up: is something of this topic still to be done about this row?
        sa.Index("ix_outbox_ref_topic", "ref", "topic"),
        sa.Index(
            "ix_outbox_waits_for",
            "waits_for",
            "id",
            postgresql_where=sa.text("waits_for IS NOT NULL AND done_at IS NULL"),
        ),
        sa.Index("ix_outbox_done_at", "done_at", postgresql_where=sa.text("done_at IS NOT NULL")),
        sa.Index("ix_outbox_parked", "id", postgresql_where=sa.text("outcome = 'parked'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(sa.Text)
    ref: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()")
    )
    # When it goes into a queue next; moved forward each time, so that what gets lost is repeated.
    # The column keeps its first name: two versions at once would need both names kept in step.
    next_attempt_at: Mapped[datetime] = mapped_column(
        "ring_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()")
    )
    # When it was first due: a job that is tried again and again is as old as that.
    due_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    lease_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    fence: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default=sa.text("0"))
    done_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    outcome: Mapped[str | None] = mapped_column(sa.Text)
    # Why the last try failed: a code, nothing of what was said.
    last_error: Mapped[str | None] = mapped_column(sa.Text)
    # The agency that wasn't to be called when its turn came.
    waits_for: Mapped[str | None] = mapped_column(sa.Text)


class ScheduledRun(Base):
    """A periodic job that came due: the primary key lets one scheduler of many start it."""

    __tablename__ = "scheduled_runs"

    job: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), primary_key=True)
    outbox_id: Mapped[UUID]


class AgencyMessage(Base):
    """A callback of an agency, kept for ever: its id makes every replay visible.

    It speaks of our ``folio``, or of what the agency itself calls it (``reference``).
    """

    __tablename__ = "agency_messages"
    __table_args__ = (sa.CheckConstraint("num_nonnulls(folio, reference) = 1", name="about"),)

    agency: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    message_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    folio: Mapped[str | None] = mapped_column(sa.Text)
    reference: Mapped[str | None] = mapped_column(sa.Text)
    received_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
