"""Checks of identity at a window, and people told apart from others of their name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base, Owners

_NOW = sa.DateTime(timezone=True)


class IdentityCheck(Base):
    """Somebody's identity, to be checked at a window, or checked there by an officer, or proved
    with the state's sign-in, without either. Until then it is only a folio for the account whose
    request named somebody that another account holds something for, or that asked to have its own
    holder's data corrected (``corrects``)."""

    __tablename__ = "identity_checks"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        sa.CheckConstraint(
            "(checked_at IS NULL) = (person_id IS NULL)"
            " AND (checked_at IS NULL) = (document IS NULL)"
            " AND (checked_at IS NOT NULL OR consulate_code IS NULL)"
            " AND (consulate_code IS NOT NULL OR checked_by IS NULL)"
            " AND (consulate_code IS NOT NULL OR checked_at IS NULL OR account_id IS NOT NULL)",
            name="checked",
        ),
        sa.Index("ix_identity_checks_account_id", "account_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    folio: Mapped[str] = mapped_column(sa.Text, unique=True)
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    person_keys: Mapped[list[bytes]] = mapped_column(ARRAY(sa.LargeBinary))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    consulate_code: Mapped[str | None] = mapped_column(sa.ForeignKey("consulates.code"))
    document: Mapped[str | None] = mapped_column(sa.Text)
    checked_by: Mapped[UUID | None]
    checked_at: Mapped[datetime | None] = mapped_column(_NOW)
    created_at: Mapped[datetime] = mapped_column(_NOW)
    corrects: Mapped[bool] = mapped_column(server_default=sa.false())


class Homonym(Base):
    """Somebody told apart at a window from another person of the same name and birth date: they
    claim under ``own_key`` in place of ``person_key``, known by their account or their CURP."""

    __tablename__ = "homonyms"
    __table_args__ = (
        sa.CheckConstraint("account_id IS NOT NULL OR curp_key IS NOT NULL", name="known"),
        sa.UniqueConstraint("person_key", "account_id", name="uq_homonyms_account_id"),
        sa.UniqueConstraint("person_key", "curp_key", name="uq_homonyms_curp_key"),
        sa.Index("ix_homonyms_identity_check_id", "identity_check_id"),
    )

    own_key: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    person_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    account_id: Mapped[UUID | None]
    curp_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    identity_check_id: Mapped[UUID] = mapped_column(sa.ForeignKey("identity_checks.id"))
    created_at: Mapped[datetime] = mapped_column(_NOW)


class PersonMerge(Base):
    """An officer saw by a document that rows of people written differently are one person.

    ``person_id`` is the row whose names are right; each of ``merged_id`` points to it. Nothing else
    changes: what was booked, given or sent stays with the row that it was made for. One ``id`` for
    all rows of one merge, by which it is undone.
    """

    __tablename__ = "person_merges"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.CheckConstraint("merged_id <> person_id", name="two_rows"),
        sa.CheckConstraint("(unmerged_at IS NULL) = (unmerged_by IS NULL)", name="unmerged"),
        sa.Index(
            "uq_person_merges_merged_id",
            "merged_id",
            unique=True,
            postgresql_where=sa.text("unmerged_at IS NULL"),
        ),
        sa.Index("ix_person_merges_merged_id", "merged_id"),
        sa.Index("ix_person_merges_person_id", "person_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    merged_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    document: Mapped[str] = mapped_column(sa.Text)
    merged_by: Mapped[UUID]
    merged_at: Mapped[datetime] = mapped_column(_NOW)
    unmerged_by: Mapped[UUID | None]
    unmerged_at: Mapped[datetime | None] = mapped_column(_NOW)


class MergedKey(Base):
    """A key under which somebody of a merge holds things, of any spelling: whoever books under one
    of them claims all. Gone once the merge is undone."""

    __tablename__ = "merged_keys"
    __table_args__ = (sa.Index("ix_merged_keys_merge_id", "merge_id"),)

    person_key: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    merge_id: Mapped[UUID] = mapped_column(primary_key=True)
