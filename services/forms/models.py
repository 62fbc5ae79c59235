"""Forms of the pages: answers under way, and which forms were sent already."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base


class Draft(Base):
    """Answers of a form that isn't finished, sealed; ``owner`` is a keyed hash of an account or of
    a browser's cookie."""

    __tablename__ = "drafts"
    __table_args__ = (
        sa.Index("ix_drafts_owner_created_at", "owner", "created_at"),
        sa.Index("ix_drafts_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.Text)
    content_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    data_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class FormSubmission(Base):
    """One sending of a form, by a keyed hash of all it holds; ``location`` is where it led."""

    __tablename__ = "form_submissions"
    __table_args__ = (
        sa.CheckConstraint("(finished_at IS NULL) = (location IS NULL)", name="finished"),
        sa.Index("ix_form_submissions_begun_at", "begun_at"),
    )

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    owner: Mapped[str] = mapped_column(sa.Text)
    begun_at: Mapped[datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()")
    )
    finished_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    location: Mapped[str | None] = mapped_column(sa.Text)
    session_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    data_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
