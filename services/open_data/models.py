"""Versions of published data sets and their files: appended, never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base


class DatasetVersion(Base):
    """A data set as it was published; a correction is another version. ``threshold``: counts below
    it were left out."""

    __tablename__ = "dataset_versions"
    __table_args__ = (
        UniqueConstraint("dataset", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("changes_es <> '' AND changes_en <> ''", name="both_languages"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(Integer)
    as_of: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    threshold: Mapped[int] = mapped_column(SmallInteger)
    row_count: Mapped[int] = mapped_column(Integer)
    suppressed_count: Mapped[int] = mapped_column(Integer)
    changes_es: Mapped[str] = mapped_column(Text)
    changes_en: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    published_by: Mapped[UUID]


class DatasetFile(Base):
    """One file of a version: its bytes, of which the database itself checks the hash."""

    __tablename__ = "dataset_files"
    __table_args__ = (CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="sha256"),)

    version_id: Mapped[UUID] = mapped_column(ForeignKey("dataset_versions.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    media_type: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(Text)
