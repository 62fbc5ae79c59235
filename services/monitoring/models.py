"""Figures that others published, kept apart from those we count ourselves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base


class PublishedFigure(Base):
    """One value of a published series, as printed.

    ``period`` is the publication's own dating; ``day`` the exact cut-off date where it gives
    one. ``note`` carries its reservations ("more than", "about", "restated"). What ends in ``_es``
    is null where the Spanish is the same.
    """

    __tablename__ = "published_series"
    __table_args__ = (Index("ix_published_series_programme_metric", "programme", "metric"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    programme: Mapped[str] = mapped_column(Text)
    period: Mapped[str] = mapped_column(Text)
    day: Mapped[date | None]
    metric: Mapped[str] = mapped_column(Text)
    label_es: Mapped[str] = mapped_column(Text)
    label_en: Mapped[str] = mapped_column(Text)
    value: Mapped[Decimal] = mapped_column(Numeric(18, 3))
    unit: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    period_es: Mapped[str | None] = mapped_column(Text)
    note_es: Mapped[str | None] = mapped_column(Text)
    source_es: Mapped[str | None] = mapped_column(Text)
