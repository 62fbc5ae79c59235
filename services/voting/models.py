"""Counts of the vote abroad: those that others published, and those our offices report.

Counts only: the list of voters is the electoral institute's and may not be shown abroad
(LGIPE 337.2), so that no row here speaks of a person who votes.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base, Owners
from services.kernel.tables import one_of
from services.voting.rules import ONCE_APPROVED, PUBLIC, Dimension, Mode, Status, Unit


class VoteCount(Base):
    """A figure of an election with its source.

    ``key`` says which one of ``dimension``: a country (ISO), an office's code, a state (ISO), a
    mode, or nothing for a total. Published percentages have bases of their own (``note``,
    ``source``): they are shown as they are and never recomputed. ``period`` is the publication's
    own dating where no exact ``day`` is known. ``election`` is its year; counts of voter cards
    belong to none. ``created_at`` of a published row is when it was first loaded.
    """

    __tablename__ = "vote_counts"
    owners = Owners(office="consulate_code", public=("status", tuple(sorted(PUBLIC))))
    __table_args__ = (
        sa.CheckConstraint("election ~ '^[0-9]{4}$'", name="election"),
        sa.CheckConstraint(one_of("mode", Mode), name="mode"),
        sa.CheckConstraint(one_of("dimension", Dimension), name="dimension"),
        sa.CheckConstraint("value >= 0", name="value"),
        sa.CheckConstraint(one_of("unit", Unit), name="unit"),
        sa.CheckConstraint(one_of("status", Status), name="status"),
        sa.CheckConstraint("approved_by <> reported_by", name="self_approval"),
        # The same person under another account is the same person.
        sa.CheckConstraint("approved_subject <> reported_subject", name="same_person"),
        sa.CheckConstraint("second_subject <> reported_subject", name="second_person"),
        sa.CheckConstraint(
            "second_by <> reported_by AND num_nulls(second_by, second_value) IN (0, 2)",
            name="second",
        ),
        sa.CheckConstraint(
            "num_nulls(rejected_by, rejected_at, reason)"
            " = CASE WHEN status = 'rejected' THEN 0 ELSE 3 END",
            name="rejection",
        ),
        sa.CheckConstraint(
            "status = 'published' OR num_nulls(election, consulate_code, day, reported_by) = 0",
            name="report",
        ),
        sa.CheckConstraint(
            "num_nulls(approved_by, approved_at)"
            f" = CASE WHEN {one_of('status', ONCE_APPROVED)} THEN 0 ELSE 2 END",
            name="approval",
        ),
        # The database numbers what is published, one by one in each election.
        sa.CheckConstraint(
            "num_nulls(published_version, published_at)"
            f" = CASE WHEN {one_of('status', ONCE_APPROVED)} THEN 0 ELSE 2 END",
            name="publication",
        ),
        sa.Index(
            "uq_vote_counts_published_version",
            "election",
            "published_version",
            unique=True,
            postgresql_where=sa.text("published_version IS NOT NULL"),
        ),
        # One count is in force for an office, a day and a mode; a correction takes its place.
        sa.Index(
            "uq_vote_counts_approved",
            "election",
            "metric",
            "mode",
            "consulate_code",
            "day",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sa.text("status = 'approved'"),
        ),
        # One report of a cell waits at a time; its number is that of the settled ones plus one.
        sa.Index(
            "uq_vote_counts_revision",
            "election",
            "metric",
            "mode",
            "consulate_code",
            "day",
            "revision",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sa.text("revision IS NOT NULL"),
        ),
        sa.Index("ix_vote_counts_election_status", "election", "status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    election: Mapped[str | None] = mapped_column(sa.Text)
    metric: Mapped[str] = mapped_column(sa.Text)
    mode: Mapped[str | None] = mapped_column(sa.Text)
    dimension: Mapped[str] = mapped_column(sa.Text)
    key: Mapped[str] = mapped_column(sa.Text)
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    period: Mapped[str | None] = mapped_column(sa.Text)
    day: Mapped[date | None]
    value: Mapped[Decimal] = mapped_column(sa.Numeric(14, 3))
    unit: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.Text)
    note: Mapped[str | None] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)
    reported_by: Mapped[UUID | None]
    approved_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()")
    )
    approved_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    revision: Mapped[int | None]
    # What a second person typed that differs; the database writes the subjects of all three.
    second_value: Mapped[Decimal | None] = mapped_column(sa.Numeric(14, 3))
    second_by: Mapped[UUID | None]
    reported_subject: Mapped[str | None] = mapped_column(sa.Text)
    second_subject: Mapped[str | None] = mapped_column(sa.Text)
    approved_subject: Mapped[str | None] = mapped_column(sa.Text)
    rejected_by: Mapped[UUID | None]
    rejected_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(sa.Text)
    # What was odd about the number when it was typed: codes of `rules.Odd`, explained by `note`.
    warnings: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default=sa.text("'{}'"))
    # The database writes both when the count is approved (`number_publication`).
    published_version: Mapped[int | None]
    published_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class ElectionVersion(Base):
    """How many numbers of an election were published so far, and when the last one was: the same
    version is the same figures."""

    __tablename__ = "election_versions"

    election: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    version: Mapped[int]
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class CountFigure(Base):
    """A number that somebody typed for a count: none is ever overwritten here."""

    __tablename__ = "vote_count_figures"
    owners = Owners(office="consulate_code")
    __table_args__ = (sa.Index("ix_vote_count_figures_count_id", "count_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    count_id: Mapped[UUID] = mapped_column(sa.ForeignKey("vote_counts.id"))
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    typed_by: Mapped[UUID | None]
    value: Mapped[Decimal] = mapped_column(sa.Numeric(14, 3))
    reason: Mapped[str | None] = mapped_column(sa.Text)
    typed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
