"""Staff accounts and the signed-in sessions of the pages."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base, Owners

ROLES = (
    "officer",
    "supervisor",
    "agent",
    "analyst",
    "treasury",
    "compliance",
    "auditor",
    "admin",
)


class StaffAccount(Base):
    """One person of staff with one role; officers and supervisors belong to one office.

    Accounts are ended, never deleted: the audit goes on naming them.
    """

    __tablename__ = "staff_accounts"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.CheckConstraint(f"role IN {ROLES}", name="role"),
        sa.CheckConstraint(
            "(role IN ('officer', 'supervisor')) = (consulate_code IS NOT NULL)", name="office"
        ),
        # One account in service for a person; after it ended they may come back.
        sa.Index(
            "uq_staff_accounts_subject",
            "subject",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    email: Mapped[str | None] = mapped_column(sa.Text)
    role: Mapped[str] = mapped_column(sa.Text)
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    created_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    ended_by: Mapped[UUID | None]
    # Who gave the role; nobody gives one to their own subject (trigger refuse_own_role).
    changed_by: Mapped[UUID | None]


class SignInSession(Base):
    """A browser that is signed in. Only a hash of its cookie is kept."""

    __tablename__ = "web_sessions"
    __table_args__ = (
        sa.CheckConstraint("(account_id IS NULL) <> (staff_id IS NULL)", name="one"),
        sa.Index("ix_web_sessions_account_id", "account_id"),
        sa.Index("ix_web_sessions_staff_id", "staff_id"),
    )

    id_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    staff_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_accounts.id"))
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    last_seen_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
