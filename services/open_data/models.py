"""Versions of published data sets and their files: appended, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base


class DatasetVersion(Base):
    """A data set as it was published; a correction is another version. ``threshold``: counts below
    it were left out."""

    __tablename__ = "dataset_versions"
    __table_args__ = (
        sa.UniqueConstraint("dataset", "number"),
        sa.CheckConstraint("number > 0", name="number"),
        sa.CheckConstraint("changes_es <> '' AND changes_en <> ''", name="both_languages"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[int] = mapped_column(sa.Integer)
    as_of: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    threshold: Mapped[int] = mapped_column(sa.SmallInteger)
    row_count: Mapped[int] = mapped_column(sa.Integer)
    suppressed_count: Mapped[int] = mapped_column(sa.Integer)
    changes_es: Mapped[str] = mapped_column(sa.Text)
    changes_en: Mapped[str] = mapped_column(sa.Text)
    published_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    published_by: Mapped[UUID]


class DatasetFile(Base):
    """One file of a version: its bytes, of which the database itself checks the hash."""

    __tablename__ = "dataset_files"
    __table_args__ = (sa.CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="sha256"),)

    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("dataset_versions.id"), primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    media_type: Mapped[str] = mapped_column(sa.Text)
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sha256: Mapped[str] = mapped_column(sa.Text)


class DatasetMonth(Base):
    """What is left out of a month, worked out ahead: the cells, each by its offices and categories.

    ``counted`` is a hash of its numbers, in place of them.
    """

    __tablename__ = "dataset_months"

    counted: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    left_out: Mapped[list[Any]] = mapped_column(JSONB)
    unsafe: Mapped[int] = mapped_column(sa.Integer)
    prepared_at: Mapped[datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()")
    )
