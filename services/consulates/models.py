"""Offices, services, fees, states and closed days: public reference data, no personal data."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.db import Base


class Consulate(Base):
    """An office. ``assumed``: no text was found that says it attends the public."""

    __tablename__ = "consulates"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('consulado', 'consulado_general', 'seccion_consular', 'unknown')",
            name="kind",
        ),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
    )

    code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    name_es: Mapped[str] = mapped_column(sa.Text)
    name_en: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text)
    city: Mapped[str] = mapped_column(sa.Text)
    region: Mapped[str | None] = mapped_column(sa.Text)
    country: Mapped[str] = mapped_column(sa.Text)
    # IANA name, checked against the zone database when it is loaded.
    time_zone: Mapped[str] = mapped_column(sa.Text)
    latitude: Mapped[Decimal] = mapped_column(sa.Numeric(8, 5))
    longitude: Mapped[Decimal] = mapped_column(sa.Numeric(8, 5))
    # One of the sites where votes were cast in person in 2024.
    in_person_vote: Mapped[bool]
    assumed: Mapped[bool]
    website: Mapped[str | None] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)


class OfficeDetails(Base):
    """What visitors of an office need to know, as its supervisor wrote it down; empty where
    nothing was."""

    __tablename__ = "office_details"

    consulate_code: Mapped[str] = mapped_column(sa.ForeignKey("consulates.code"), primary_key=True)
    address: Mapped[str] = mapped_column(sa.Text)
    directions: Mapped[str] = mapped_column(sa.Text)
    telephone: Mapped[str] = mapped_column(sa.Text)
    hours: Mapped[str] = mapped_column(sa.Text)
    payment: Mapped[str] = mapped_column(sa.Text)
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    changed_by: Mapped[UUID | None]


class Service(Base):
    """Something an office does for people. ``minutes`` is configuration: none are published."""

    __tablename__ = "services"
    __table_args__ = (
        sa.CheckConstraint("minutes BETWEEN 5 AND 240", name="minutes"),
        sa.CheckConstraint(
            "personal_presence IN ('in_person', 'video', 'not_needed')", name="personal_presence"
        ),
    )

    code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    name_es: Mapped[str] = mapped_column(sa.Text)
    name_en: Mapped[str] = mapped_column(sa.Text)
    category: Mapped[str] = mapped_column(sa.Text)
    legal_reference: Mapped[str | None] = mapped_column(sa.Text)
    validity_es: Mapped[str | None] = mapped_column(sa.Text)
    validity_en: Mapped[str | None] = mapped_column(sa.Text)
    delivery_es: Mapped[str | None] = mapped_column(sa.Text)
    delivery_en: Mapped[str | None] = mapped_column(sa.Text)
    who_es: Mapped[str | None] = mapped_column(sa.Text)
    who_en: Mapped[str | None] = mapped_column(sa.Text)
    minutes: Mapped[int] = mapped_column(sa.SmallInteger, server_default=sa.text("15"))
    curp_required: Mapped[bool]
    personal_presence: Mapped[str] = mapped_column(sa.Text)
    bookable: Mapped[bool]
    free: Mapped[bool]
    source: Mapped[str] = mapped_column(sa.Text)


class ServiceRequirement(Base):
    """One thing to bring or to fulfil, in everyday words, in the order it is shown."""

    __tablename__ = "service_requirements"
    __table_args__ = (sa.CheckConstraint("position > 0", name="position"),)

    service_code: Mapped[str] = mapped_column(sa.ForeignKey("services.code"), primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    text_es: Mapped[str] = mapped_column(sa.Text)
    text_en: Mapped[str] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)


class ServiceFee(Base):
    """What a service costs in a year. Pesos are the law's own amount, not yet rounded."""

    __tablename__ = "fees"
    __table_args__ = (
        sa.CheckConstraint("currency IN ('USD', 'MXN')", name="currency"),
        sa.CheckConstraint("amount_minor >= 0", name="amount_minor"),
    )

    service_code: Mapped[str] = mapped_column(sa.ForeignKey("services.code"), primary_key=True)
    year: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    note: Mapped[str | None] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)


class State(Base):
    """A state of Mexico, or birth abroad (NE, which INEGI and ISO don't number)."""

    __tablename__ = "states"
    __table_args__ = (sa.UniqueConstraint("inegi_code"), sa.UniqueConstraint("iso_code"))

    curp_code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    inegi_code: Mapped[str | None] = mapped_column(sa.Text)
    iso_code: Mapped[str | None] = mapped_column(sa.Text)
    name_es: Mapped[str] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)


class NonWorkingDay(Base):
    """A day on which offices in ``country`` close; Mexico's days close every office."""

    __tablename__ = "non_working_days"

    country: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    name_es: Mapped[str] = mapped_column(sa.Text)
    name_en: Mapped[str] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)
