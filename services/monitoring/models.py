"""Figures that others published or reported, and targets: apart from what we count ourselves."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base, Owners


class Printed:
    """Columns of one value of a published series, as printed.

    ``period`` is the publication's own dating; ``day`` the exact cut-off date where it gives
    one. ``note`` carries its reservations ("more than", "about", "restated"). What ends in ``_es``
    is null where the Spanish is the same.
    """

    programme: Mapped[str] = mapped_column(sa.Text)
    period: Mapped[str] = mapped_column(sa.Text)
    day: Mapped[date | None]
    metric: Mapped[str] = mapped_column(sa.Text)
    label_es: Mapped[str] = mapped_column(sa.Text)
    label_en: Mapped[str] = mapped_column(sa.Text)
    value: Mapped[Decimal] = mapped_column(sa.Numeric(18, 3))
    unit: Mapped[str] = mapped_column(sa.Text)
    note: Mapped[str | None] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)
    period_es: Mapped[str | None] = mapped_column(sa.Text)
    note_es: Mapped[str | None] = mapped_column(sa.Text)
    source_es: Mapped[str | None] = mapped_column(sa.Text)


class PublishedFigure(Printed, Base):
    """The newest of each; the database keeps a `PublishedRevision` of whatever is written here."""

    __tablename__ = "published_series"
    __table_args__ = (sa.Index("ix_published_series_programme_metric", "programme", "metric"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)


class PublishedRevision(Printed, Base):
    """A figure as it was printed from a moment on: since ever, where ``kept_at`` is null, for it
    came before revisions were kept. No row is ever changed.

    ``value_before`` and ``revised_at``: where another value of the same period was printed first.
    """

    __tablename__ = "published_revisions"
    __table_args__ = (
        sa.CheckConstraint("revision > 0", name="revision"),
        sa.CheckConstraint("(value_before IS NULL) = (revised_at IS NULL)", name="revised"),
    )

    figure_id: Mapped[UUID] = mapped_column(sa.ForeignKey("published_series.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kept_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    value_before: Mapped[Decimal | None] = mapped_column(sa.Numeric(18, 3))
    revised_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class GroupIndicator(Base):
    """What a working group of the Commission reports: its name, its unit and who keeps it."""

    __tablename__ = "group_indicators"
    __table_args__ = (
        sa.CheckConstraint("group_number BETWEEN 1 AND 6", name="group_number"),
        sa.CheckConstraint("code ~ '^[a-z][A-Za-z0-9_]{1,59}$'", name="code"),
    )

    code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    group_number: Mapped[int]
    name_es: Mapped[str] = mapped_column(sa.Text)
    name_en: Mapped[str] = mapped_column(sa.Text)
    unit: Mapped[str] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)
    added_by: Mapped[UUID | None]
    added_at: Mapped[datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()")
    )


class Revision:
    """Columns of figures that people write down. A change is a row with the next ``revision`` and
    a ``reason``; no row is ever changed."""

    id: Mapped[UUID] = mapped_column(primary_key=True)
    value: Mapped[Decimal] = mapped_column(sa.Numeric(18, 3))
    source: Mapped[str] = mapped_column(sa.Text)
    revision: Mapped[int]
    reason: Mapped[str | None] = mapped_column(sa.Text)
    entered_by: Mapped[UUID | None]
    entered_at: Mapped[datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()")
    )


class GroupEntry(Revision, Base):
    """A working group's figure for a session of the Commission, a period, or both.

    What ends in ``_es`` is null where the Spanish is the same.
    """

    __tablename__ = "group_entries"
    __table_args__ = (
        sa.UniqueConstraint(
            "code",
            "session_number",
            "period",
            "revision",
            name="uq_group_entries_revision",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint("num_nonnulls(session_number, period) > 0", name="when"),
        sa.CheckConstraint("value >= 0", name="value"),
        sa.CheckConstraint("revision > 0 AND (revision = 1) = (reason IS NULL)", name="revision"),
    )

    code: Mapped[str] = mapped_column(sa.ForeignKey("group_indicators.code"))
    session_number: Mapped[int | None]
    period: Mapped[str | None] = mapped_column(sa.Text)
    cut_off: Mapped[date | None]
    note: Mapped[str | None] = mapped_column(sa.Text)
    note_es: Mapped[str | None] = mapped_column(sa.Text)
    source_es: Mapped[str | None] = mapped_column(sa.Text)


class Target(Revision, Base):
    """What an indicator of ours is to reach in a period: over all programs or in one of them, of
    all offices or of one."""

    __tablename__ = "indicator_targets"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.UniqueConstraint(
            "indicator",
            "period",
            "program",
            "consulate_code",
            "revision",
            name="uq_indicator_targets_revision",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint("value >= 0", name="value"),
        sa.CheckConstraint("revision > 0 AND (revision = 1) = (reason IS NULL)", name="revision"),
    )

    indicator: Mapped[str] = mapped_column(sa.Text)
    period: Mapped[str] = mapped_column(sa.Text)
    program: Mapped[str | None] = mapped_column(sa.Text)
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))


class ChartNote(Base):
    """What an analyst says of some days at an office, or at all of them: a storm, a mobile
    consulate. Its words never change; it may be taken away, and stays for earlier moments."""

    __tablename__ = "chart_notes"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.CheckConstraint("first_day <= last_day", name="days"),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 160", name="text"),
        sa.CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name="removed"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.Text)
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    added_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    added_by: Mapped[UUID]
    removed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    removed_by: Mapped[UUID | None]
