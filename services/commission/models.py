"""Sessions of the Interministerial Commission (Ciaimm), and the reports of them that were signed.

Agencies, never people: who came is said by agency, and those who prepared and signed a report are
staff. A report that was signed is a row of its own, which nothing changes.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.commission.rules import FollowUpStatus, Source, Status
from services.kernel.db import Base
from services.kernel.tables import one_of

_MOMENT = sa.DateTime(timezone=True)


class CommissionSession(Base):
    """An ordinary session and the version of its report that is being written.

    ``first`` and ``last`` are the days that the report is about; ``as_of`` the moment up to which
    its numbers were counted last. ``example`` rows are shown as examples and stand apart: their
    number may be a real session's too. ``english`` has the English of what was typed by its Spanish
    text, also of texts that the report no longer has.
    """

    __tablename__ = "commission_sessions"
    __table_args__ = (
        sa.CheckConstraint("number > 0", name="number"),
        sa.CheckConstraint(one_of("status", Status), name="status"),
        sa.CheckConstraint("first <= last AND num_nulls(first, last) IN (0, 2)", name="period"),
        sa.CheckConstraint(
            "num_nulls(prepared_by, prepared_at) = CASE WHEN status = 'draft' THEN 2 ELSE 0 END",
            name="prepared",
        ),
        sa.CheckConstraint("version > 0 AND (version = 1) = (amends IS NULL)", name="version"),
        sa.CheckConstraint("jsonb_typeof(english) = 'object'", name="english"),
        sa.UniqueConstraint("number", "example", name="uq_commission_sessions_number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer)
    example: Mapped[bool] = mapped_column(server_default=sa.text("false"))
    held_on: Mapped[date | None]
    place: Mapped[str | None] = mapped_column(sa.Text)
    first: Mapped[date | None]
    last: Mapped[date | None]
    status: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[int] = mapped_column(sa.Integer, server_default=sa.text("1"))
    # Why the version before is amended.
    amends: Mapped[str | None] = mapped_column(sa.Text)
    as_of: Mapped[datetime | None] = mapped_column(_MOMENT)
    english: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=sa.text("'{}'"))
    made_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    changed_at: Mapped[datetime] = mapped_column(_MOMENT)
    prepared_by: Mapped[UUID | None]
    prepared_at: Mapped[datetime | None] = mapped_column(_MOMENT)


class Attendance(Base):
    """An agency that was called to a session, and whether it came."""

    __tablename__ = "commission_attendance"

    session_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("commission_sessions.id"), primary_key=True
    )
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    agency: Mapped[str] = mapped_column(sa.Text)
    attended: Mapped[bool]


class AgendaItem(Base):
    """A point of a session's agenda."""

    __tablename__ = "commission_agenda"

    session_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("commission_sessions.id"), primary_key=True
    )
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    item: Mapped[str] = mapped_column(sa.Text)


class Agreement(Base):
    """What a session agreed on: who answers for it, and by when."""

    __tablename__ = "commission_agreements"
    __table_args__ = (
        sa.UniqueConstraint("session_id", "position", name="uq_commission_agreements_position"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("commission_sessions.id"))
    position: Mapped[int] = mapped_column(sa.SmallInteger)
    agreed: Mapped[str] = mapped_column(sa.Text)
    responsible: Mapped[str] = mapped_column(sa.Text)
    due_on: Mapped[date]


class FollowUp(Base):
    """How far an agreement of an earlier session was at a session. ``due_on``: its new day, where
    it got one."""

    __tablename__ = "commission_follow_ups"
    __table_args__ = (
        sa.CheckConstraint(one_of("status", FollowUpStatus), name="status"),
        sa.Index("ix_commission_follow_ups_agreement_id", "agreement_id"),
    )

    session_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("commission_sessions.id"), primary_key=True
    )
    agreement_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("commission_agreements.id"), primary_key=True
    )
    status: Mapped[str] = mapped_column(sa.Text)
    evidence: Mapped[str] = mapped_column(sa.Text)
    due_on: Mapped[date | None]


class Result(Base):
    """A number that a working group reports, as it was counted last.

    ``code`` is what was chosen (`services.commission.choices`); ``query`` asks the source for the
    number again, as of ``as_of`` where it is counted here, and ``revision`` says which of a figure
    that its source corrects; ``cut_off`` is the day that a group gave. ``texts`` hold its name,
    source, period and note in both languages.
    """

    __tablename__ = "commission_results"
    __table_args__ = (
        sa.CheckConstraint("working_group BETWEEN 1 AND 6", name="working_group"),
        sa.CheckConstraint(one_of("source", Source), name="source"),
        sa.CheckConstraint("(source = 'indicator') = (as_of IS NOT NULL)", name="as_of"),
    )

    session_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("commission_sessions.id"), primary_key=True
    )
    working_group: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger)
    source: Mapped[str] = mapped_column(sa.Text)
    query: Mapped[dict[str, Any]] = mapped_column(JSONB)
    value: Mapped[Decimal] = mapped_column(sa.Numeric(18, 3))
    before: Mapped[Decimal | None] = mapped_column(sa.Numeric(18, 3))
    unit: Mapped[str] = mapped_column(sa.Text)
    cut_off: Mapped[date | None]
    as_of: Mapped[datetime | None] = mapped_column(_MOMENT)
    revision: Mapped[int | None] = mapped_column(sa.Integer)
    texts: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Annex(Base):
    """A table at the end of a report, as it was counted last: ``content`` has its head and rows."""

    __tablename__ = "commission_annexes"

    session_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("commission_sessions.id"), primary_key=True
    )
    code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)


class CommissionReport(Base):
    """A version of a report as it was signed. Never changed: an amendment is the next version.

    ``content`` is JSON, exactly as its hash was made; ``statement`` is what the signature is of,
    and holds the hashes of both files. The database writes the subjects of both people.
    """

    __tablename__ = "commission_reports"
    __table_args__ = (
        sa.UniqueConstraint("session_id", "version", name="uq_commission_reports_version"),
        sa.Index("ix_commission_reports_key", "key"),
        sa.CheckConstraint("signed_by <> prepared_by", name="two_accounts"),
        sa.CheckConstraint(
            "content_sha256 = encode(sha256(convert_to(content, 'UTF8')), 'hex')", name="content"
        ),
        # The same person under another account is the same person.
        sa.CheckConstraint("signed_subject <> prepared_subject", name="two_people"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("commission_sessions.id"))
    version: Mapped[int] = mapped_column(sa.Integer)
    content: Mapped[str] = mapped_column(sa.Text)
    content_sha256: Mapped[str] = mapped_column(sa.Text)
    pdf_es: Mapped[bytes] = mapped_column(sa.LargeBinary)
    pdf_en: Mapped[bytes] = mapped_column(sa.LargeBinary)
    statement: Mapped[str] = mapped_column(sa.Text)
    signature: Mapped[bytes] = mapped_column(sa.LargeBinary)
    key: Mapped[str] = mapped_column(sa.ForeignKey("signing_keys.key"))
    prepared_by: Mapped[UUID]
    signed_by: Mapped[UUID]
    prepared_subject: Mapped[str] = mapped_column(sa.Text)
    signed_subject: Mapped[str] = mapped_column(sa.Text)
    signed_at: Mapped[datetime] = mapped_column(_MOMENT)
