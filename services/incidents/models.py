"""Incidents and their history: ids, codes and amounts, nobody's data."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.incidents.rules import Kind, Resolution, Step, Subject
from services.kernel.db import Base
from services.kernel.tables import one_of

_MOMENT = sa.DateTime(timezone=True)


class Incident(Base):
    """Something that a person has to look at; at most one is open for a kind and subject.

    ``detail`` holds codes and ids. ``suspense_minor`` is what stands in suspense for it, in
    centavos and positive where the house has lost it so far, until ``suspense_cleared_at``.
    """

    __tablename__ = "incidents"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", Kind), name="kind"),
        sa.CheckConstraint(one_of("subject_kind", Subject), name="subject_kind"),
        sa.CheckConstraint(one_of("resolution", Resolution), name="resolution"),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolved"),
        sa.CheckConstraint(
            "resolution IS NULL OR (resolution = 'recovered') = (resolved_by IS NULL)",
            name="resolved_by",
        ),
        sa.CheckConstraint("(taken_at IS NULL) = (taken_by IS NULL)", name="taken"),
        sa.CheckConstraint(
            "resolution IS NULL OR (suspense_minor <> 0) = (resolution IN"
            " ('corrected', 'written_off'))",
            name="suspense",
        ),
        sa.CheckConstraint(
            "suspense_cleared_at IS NULL OR (suspense_minor <> 0 AND resolution IS NOT NULL)",
            name="suspense_cleared",
        ),
        sa.Index(
            "uq_incidents_open",
            "kind",
            "subject_id",
            unique=True,
            postgresql_where=sa.text("resolved_at IS NULL"),
        ),
        sa.Index("ix_incidents_opened_at", "opened_at", "id"),
        sa.Index("ix_incidents_subject_id", "subject_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    subject_kind: Mapped[str] = mapped_column(sa.Text)
    subject_id: Mapped[UUID]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sa.text("'{}'"))
    suspense_minor: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    suspense_cleared_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    times: Mapped[int] = mapped_column(sa.Integer, server_default=sa.text("1"))
    opened_at: Mapped[datetime] = mapped_column(
        _MOMENT, server_default=sa.text("clock_timestamp()")
    )
    last_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=sa.text("clock_timestamp()"))
    # When the duty officer was told, where that is due.
    told_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    taken_by: Mapped[UUID | None]
    taken_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    resolved_by: Mapped[UUID | None]
    resolved_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    resolution: Mapped[str | None] = mapped_column(sa.Text)


class IncidentStep(Base):
    """Something that was done about an incident, by whom. Never changed."""

    __tablename__ = "incident_steps"
    __table_args__ = (sa.CheckConstraint(one_of("step", Step), name="step"),)

    incident_id: Mapped[UUID] = mapped_column(sa.ForeignKey("incidents.id"), primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    step: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(_MOMENT)
    actor_role: Mapped[str] = mapped_column(sa.Text)
    actor_id: Mapped[UUID | None]
    note: Mapped[str | None] = mapped_column(sa.Text)
