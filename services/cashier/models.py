"""Services that were given, what was charged for them, receipts and the day's cash."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.cashier.rules import Act, Kind, Means
from services.kernel.db import Base, Owners, PartOf
from services.kernel.tables import one_of

_CURRENCY = "currency IN ('USD', 'MXN')"


class CashUp(Base):
    """The cash of one officer on one day at an office, from the first receipt until it is counted;
    what is charged after that belongs to the next one."""

    __tablename__ = "cash_ups"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.CheckConstraint("number > 0", name="number"),
        sa.CheckConstraint("signed_by <> officer_id", name="second_person"),
        sa.CheckConstraint("signed_at IS NULL OR closed_at IS NOT NULL", name="signed"),
        sa.UniqueConstraint(
            "consulate_code", "day", "officer_id", "number", name="uq_cash_ups_number"
        ),
        sa.Index(
            "uq_cash_ups_open",
            "consulate_code",
            "day",
            "officer_id",
            unique=True,
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    officer_id: Mapped[UUID]
    day: Mapped[date]
    number: Mapped[int] = mapped_column(sa.SmallInteger)
    opened_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    closed_by: Mapped[UUID | None]
    signed_by: Mapped[UUID | None]
    signed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class ReceiptNumber(Base):
    """The last number given at an office on a day. Whoever takes the next one holds the row until
    they are done: what is rolled back leaves no gap."""

    __tablename__ = "receipt_numbers"
    owners = Owners(office="consulate_code")

    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(sa.Integer)


class Receipt(Base):
    """A sum that was charged, or given back (then it is negative), under the next number of its
    office and day. The number before must exist: that is a foreign key."""

    __tablename__ = "receipts"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        sa.CheckConstraint("number > 0", name="number"),
        sa.CheckConstraint("total_minor <> 0", name="total_minor"),
        sa.CheckConstraint(_CURRENCY, name="currency"),
        sa.CheckConstraint(one_of("means", Means), name="means"),
        sa.UniqueConstraint("consulate_code", "day", "number", name="uq_receipts_number"),
        sa.ForeignKeyConstraint(
            ["consulate_code", "day", "number_before"],
            ["receipts.consulate_code", "receipts.day", "receipts.number"],
            name="fk_receipts_number_before",
        ),
        sa.Index("ix_receipts_appointment_id", "appointment_id"),
        sa.Index("ix_receipts_cash_up_id", "cash_up_id"),
        sa.Index("ix_receipts_number_before", "consulate_code", "day", "number_before"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"))
    day: Mapped[date]
    number: Mapped[int] = mapped_column(sa.Integer)
    number_before: Mapped[int | None] = mapped_column(
        sa.Integer, sa.Computed("NULLIF(number - 1, 0)", persisted=True)
    )
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.Text)
    means: Mapped[str] = mapped_column(sa.Text)
    officer_id: Mapped[UUID | None]
    cash_up_id: Mapped[UUID] = mapped_column(sa.ForeignKey("cash_ups.id"))
    issued_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class ServiceRendered(Base):
    """One service given to one person, or a correction that takes one back (``reverses_id``).

    ``listed_minor`` is the price of the list, none where no amount was known; what was charged is
    that with its `FeeLine`s. ``attendee`` is the person's number in the appointment. A row that is
    brought over from before this table has no officer.
    """

    __tablename__ = "services_rendered"
    owners = Owners(office="consulate_code", account="account_id")
    __table_args__ = (
        sa.CheckConstraint(_CURRENCY, name="currency"),
        sa.CheckConstraint(one_of("act", Act), name="act"),
        sa.CheckConstraint(
            "CASE WHEN reverses_id IS NULL THEN charged_minor >= 0 AND reason IS NULL"
            " ELSE charged_minor <= 0 AND reason IS NOT NULL END",
            name="reversal",
        ),
        sa.CheckConstraint(
            "charged_minor = 0 OR receipt_id IS NOT NULL OR officer_id IS NULL", name="receipt"
        ),
        sa.UniqueConstraint("reverses_id", name="uq_services_rendered_reverses_id"),
        sa.Index("ix_services_rendered_appointment_id", "appointment_id"),
        sa.Index("ix_services_rendered_consulate_code_day", "consulate_code", "day"),
        sa.Index("ix_services_rendered_receipt_id", "receipt_id"),
        sa.Index("ix_services_rendered_person_id", "person_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointments.id"))
    attendee: Mapped[int | None] = mapped_column(sa.SmallInteger)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    day: Mapped[date]
    service_code: Mapped[str] = mapped_column(sa.ForeignKey("services.code"))
    act: Mapped[str | None] = mapped_column(sa.Text)
    document_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    listed_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    charged_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.Text)
    receipt_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("receipts.id"))
    officer_id: Mapped[UUID | None]
    desk: Mapped[str | None] = mapped_column(sa.Text)
    rendered_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    reverses_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("services_rendered.id"))
    reason: Mapped[str | None] = mapped_column(sa.Text)


class FeeLine(Base):
    """What makes a charge other than the price of the list, with its article and its ground."""

    __tablename__ = "fee_lines"
    owners = PartOf("rendered_id", ServiceRendered)
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", Kind), name="kind"),
        sa.CheckConstraint("(kind = 'difference') = (article IS NULL)", name="article"),
    )

    rendered_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("services_rendered.id"), primary_key=True
    )
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(sa.Text)
    code: Mapped[str] = mapped_column(sa.Text)
    article: Mapped[str | None] = mapped_column(sa.Text)
    minor: Mapped[int] = mapped_column(sa.BigInteger)
    ground: Mapped[str | None] = mapped_column(sa.Text)


class Correction(Base):
    """Somebody asks to take back a service that was recorded; where money was charged, a second
    person approves it, and only then the reversing row is written."""

    __tablename__ = "corrections"
    owners = Owners(office="consulate_code")
    __table_args__ = (
        sa.CheckConstraint("decided_by <> requested_by", name="second_person"),
        sa.CheckConstraint("(approved IS NULL) = (decided_at IS NULL)", name="decided"),
        sa.Index(
            "uq_corrections_rendered_id",
            "rendered_id",
            unique=True,
            postgresql_where=sa.text("approved IS NOT FALSE"),
        ),
        sa.Index("ix_corrections_rendered_id", "rendered_id"),
        sa.Index(
            "ix_corrections_consulate_code",
            "consulate_code",
            postgresql_where=sa.text("approved IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    rendered_id: Mapped[UUID] = mapped_column(sa.ForeignKey("services_rendered.id"))
    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"))
    reason: Mapped[str] = mapped_column(sa.Text)
    requested_by: Mapped[UUID]
    requested_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    approved: Mapped[bool | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class CashCount(Base):
    """What was charged and what there was of one means of payment when the cash was counted."""

    __tablename__ = "cash_counts"
    owners = PartOf("cash_up_id", CashUp)
    __table_args__ = (
        sa.CheckConstraint(_CURRENCY, name="currency"),
        sa.CheckConstraint(one_of("means", Means), name="means"),
        sa.CheckConstraint("counted_minor = expected_minor OR reason IS NOT NULL", name="reason"),
    )

    cash_up_id: Mapped[UUID] = mapped_column(sa.ForeignKey("cash_ups.id"), primary_key=True)
    means: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    currency: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    expected_minor: Mapped[int] = mapped_column(sa.BigInteger)
    counted_minor: Mapped[int] = mapped_column(sa.BigInteger)
    reason: Mapped[str | None] = mapped_column(sa.Text)


class ReceiptPrint(Base):
    """A receipt was printed, for the ``number``-th time."""

    __tablename__ = "receipt_prints"
    owners = PartOf("receipt_id", Receipt)

    receipt_id: Mapped[UUID] = mapped_column(sa.ForeignKey("receipts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    printed_by: Mapped[UUID | None]
    printed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
