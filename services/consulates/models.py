"""Offices, services, fees, states and closed days: public reference data, no personal data."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base


class Consulate(Base):
    """An office. ``assumed``: no text was found that says it attends the public."""

    __tablename__ = "consulates"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('consulado', 'consulado_general', 'seccion_consular', 'unknown')",
            name="kind",
        ),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name_es: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    # IANA name, checked against the zone database when it is loaded.
    time_zone: Mapped[str] = mapped_column(Text)
    latitude: Mapped[Decimal] = mapped_column(Numeric(8, 5))
    longitude: Mapped[Decimal] = mapped_column(Numeric(8, 5))
    # One of the sites where votes were cast in person in 2024.
    in_person_vote: Mapped[bool]
    assumed: Mapped[bool]
    website: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class OfficeDetails(Base):
    """What visitors of an office need to know, as its supervisor wrote it down; empty where
    nothing was."""

    __tablename__ = "office_details"

    consulate_code: Mapped[str] = mapped_column(ForeignKey("consulates.code"), primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    directions: Mapped[str] = mapped_column(Text)
    telephone: Mapped[str] = mapped_column(Text)
    hours: Mapped[str] = mapped_column(Text)
    payment: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_by: Mapped[UUID | None]


class Service(Base):
    """Something an office does for people. ``minutes`` is configuration: none are published."""

    __tablename__ = "services"
    __table_args__ = (
        CheckConstraint("minutes BETWEEN 5 AND 240", name="minutes"),
        CheckConstraint(
            "personal_presence IN ('in_person', 'video', 'not_needed')", name="personal_presence"
        ),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name_es: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    legal_reference: Mapped[str | None] = mapped_column(Text)
    validity_es: Mapped[str | None] = mapped_column(Text)
    validity_en: Mapped[str | None] = mapped_column(Text)
    delivery_es: Mapped[str | None] = mapped_column(Text)
    delivery_en: Mapped[str | None] = mapped_column(Text)
    who_es: Mapped[str | None] = mapped_column(Text)
    who_en: Mapped[str | None] = mapped_column(Text)
    minutes: Mapped[int] = mapped_column(SmallInteger, server_default=text("15"))
    curp_required: Mapped[bool]
    personal_presence: Mapped[str] = mapped_column(Text)
    bookable: Mapped[bool]
    free: Mapped[bool]
    source: Mapped[str] = mapped_column(Text)


class ServiceRequirement(Base):
    """One thing to bring or to fulfil, in everyday words, in the order it is shown."""

    __tablename__ = "service_requirements"
    __table_args__ = (CheckConstraint("position > 0", name="position"),)

    service_code: Mapped[str] = mapped_column(ForeignKey("services.code"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    text_es: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class ServiceFee(Base):
    """What a service costs in a year. Pesos are the law's own amount, not yet rounded."""

    __tablename__ = "fees"
    __table_args__ = (
        CheckConstraint("currency IN ('USD', 'MXN')", name="currency"),
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
    )

    service_code: Mapped[str] = mapped_column(ForeignKey("services.code"), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class State(Base):
    """A state of Mexico, or birth abroad (NE, which INEGI and ISO don't number)."""

    __tablename__ = "states"
    __table_args__ = (UniqueConstraint("inegi_code"), UniqueConstraint("iso_code"))

    curp_code: Mapped[str] = mapped_column(Text, primary_key=True)
    inegi_code: Mapped[str | None] = mapped_column(Text)
    iso_code: Mapped[str | None] = mapped_column(Text)
    name_es: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class NonWorkingDay(Base):
    """A day on which offices in ``country`` close; Mexico's days close every office."""

    __tablename__ = "non_working_days"

    country: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    name_es: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
