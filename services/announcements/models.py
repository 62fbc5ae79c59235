"""Announcements on the pages, with who posted and who withdrew each."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.announcements.rules import Kind
from services.kernel.db import Base, Owners
from services.kernel.tables import one_of

_MOMENT = sa.DateTime(timezone=True)


class Announcement(Base):
    """What the pages of one office say, or without one those of all. It is never changed: another
    text is another announcement."""

    __tablename__ = "announcements"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", Kind), name="kind"),
        sa.CheckConstraint("text_es <> '' AND text_en <> ''", name="both_languages"),
        sa.CheckConstraint("ends_at > begins_at", name="ends"),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn"),
        sa.Index(
            "ix_announcements_posted",
            "posted_at",
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    text_es: Mapped[str] = mapped_column(sa.Text)
    text_en: Mapped[str] = mapped_column(sa.Text)
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    begins_at: Mapped[datetime] = mapped_column(_MOMENT)
    ends_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    posted_at: Mapped[datetime] = mapped_column(_MOMENT)
    posted_by: Mapped[UUID]
    withdrawn_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    withdrawn_by: Mapped[UUID | None]
