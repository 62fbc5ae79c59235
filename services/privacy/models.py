"""Requests to erase a person's data (ARCO: cancellation), and how each ended."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base, Owners
from services.kernel.tables import one_of
from services.privacy.rules import OPEN, Refusal, Status

_AT = sa.DateTime(timezone=True)
_WAITS = one_of("status", OPEN)


class ErasureRequest(Base):
    """Of the holder of ``account_id``, or of whoever's identity was checked at a window.

    The account's own holder asks for themselves, which is decided by that; for anybody else one
    member of staff asks and another decides.
    """

    __tablename__ = "erasure_requests"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        sa.CheckConstraint(one_of("status", Status), name="status"),
        sa.CheckConstraint(one_of("refusal", Refusal), name="refusal"),
        sa.CheckConstraint(
            "account_id IS NOT NULL OR identity_check_id IS NOT NULL", name="subject"
        ),
        sa.CheckConstraint("decided_by <> requested_by", name="four_eyes"),
        sa.CheckConstraint(
            "status = 'requested' OR decided_by IS NOT NULL OR requested_by = account_id",
            name="decided",
        ),
        sa.CheckConstraint("(status = 'refused') = (refusal IS NOT NULL)", name="refused"),
        sa.CheckConstraint("(status = 'done') = (done_at IS NOT NULL)", name="done"),
        sa.Index(
            "uq_erasure_requests_account_id",
            "account_id",
            unique=True,
            postgresql_where=sa.text(f"{_WAITS} AND account_id IS NOT NULL"),
        ),
        sa.Index(
            "uq_erasure_requests_identity_check_id",
            "identity_check_id",
            unique=True,
            postgresql_where=sa.text(f"{_WAITS} AND identity_check_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    folio: Mapped[str] = mapped_column(sa.Text, unique=True)
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    identity_check_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("identity_checks.id"))
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    status: Mapped[str] = mapped_column(sa.Text)
    refusal: Mapped[str | None] = mapped_column(sa.Text)
    requested_by: Mapped[UUID]
    requested_at: Mapped[datetime] = mapped_column(_AT)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(_AT)
    done_at: Mapped[datetime | None] = mapped_column(_AT)
