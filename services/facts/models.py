"""What happened, to be counted: one immutable row a fact, and how far nothing is missing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from services.facts.cubes import Level
from services.facts.people import AgeBand, Sex
from services.kernel.db import Base
from services.kernel.tables import Xid8, one_of

OF_ELECTION = (
    r"CASE WHEN kind LIKE 'vote\_count.%' THEN coalesce(election ~ '^[0-9]{4}$', false)"
    " ELSE election IS NULL END"
)


class PgSnapshot(UserDefinedType[str]):
    """PostgreSQL's ``pg_snapshot``: which transactions were visible at a moment."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "PG_SNAPSHOT"


class Fact(Base):
    """One line of double-entry counting: ``quantity`` +1 where a subject arrives, -1 where it was;
    ``people`` and ``services`` likewise, where a subject is for several.

    A subject (an appointment, an enrollment, a remittance) that moves from one status to another
    leaves two lines, so that sums over any choice of lines are states, never double counts.
    ``service_code``, ``program_code``, ``payout`` and ``vote_mode`` say by what it is counted:
    those that its kind has, null otherwise; ``state_of_origin``, ``sex`` and ``age_band`` tell of
    its person, as of its first line, where it has one; ``election`` is the year of the one that is
    counted. ``program`` holds any of the first four, and ``xid`` is kept, for the version before.
    ``day`` is the subject's own day at its office, which never changes; ``occurred_at`` is when the
    line happened, ``recorded_at`` when it was written, by the database's clock.
    """

    __tablename__ = "facts"
    __table_args__ = (
        sa.Index("ix_facts_kind_day_recorded_at", "kind", "day", "recorded_at"),
        sa.Index("ix_facts_recorded_at", "recorded_at"),
        sa.Index("ix_facts_subject_id", "subject_id"),
        sa.CheckConstraint("quantity <> 0 OR people <> 0 OR services <> 0", name="counts"),
        sa.CheckConstraint(one_of("sex", Sex), name="sex"),
        # Nothing that is counted of a person may be finer.
        sa.CheckConstraint(one_of("age_band", AgeBand), name="age_band"),
        # Stocks of two elections add up to nothing, so every line says of which it is.
        sa.CheckConstraint(OF_ELECTION, name="election"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.text("gen_random_uuid()"))
    kind: Mapped[str] = mapped_column(sa.Text)
    subject_id: Mapped[UUID]
    consulate_code: Mapped[str | None] = mapped_column(sa.Text)
    service_code: Mapped[str | None] = mapped_column(sa.Text)
    program_code: Mapped[str | None] = mapped_column(sa.Text)
    payout: Mapped[str | None] = mapped_column(sa.Text)
    vote_mode: Mapped[str | None] = mapped_column(sa.Text)
    state_of_origin: Mapped[str | None] = mapped_column(sa.Text)
    sex: Mapped[str | None] = mapped_column(sa.Text)
    age_band: Mapped[str | None] = mapped_column(sa.Text)
    election: Mapped[str | None] = mapped_column(sa.Text)
    # A later migration drops it.
    program: Mapped[str] = mapped_column(sa.Text, server_default=sa.FetchedValue())
    status: Mapped[str] = mapped_column(sa.Text)
    day: Mapped[date]
    quantity: Mapped[int] = mapped_column(sa.BigInteger)
    people: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    services: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    occurred_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    recorded_at: Mapped[datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()")
    )
    xid: Mapped[int] = mapped_column(Xid8(), server_default=sa.text("pg_current_xact_id()"))


class CountedAt(Base):
    """How the version before kept the moments for which it gave figures; nothing reads it."""

    __tablename__ = "counted_at"

    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), primary_key=True)
    snapshot: Mapped[str] = mapped_column(PgSnapshot())


class FactsSettled(Base):
    """One row: the moment before which, as the schedule saw it, no fact can appear any more."""

    __tablename__ = "facts_settled"
    __table_args__ = (
        sa.CheckConstraint("single", name="single"),
        {"postgresql_with": {"fillfactor": 10}},
    )

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=sa.text("true"))
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class FactCube(Base):
    """Sums of facts by some keys, named by them: how far it has got, in times of recording.

    It isn't to be used without ``at``: it is still to be built, or was ``damaged_at``.
    """

    __tablename__ = "fact_cubes"
    __table_args__ = (
        sa.UniqueConstraint("name"),
        sa.CheckConstraint("at IS NULL OR damaged_at IS NULL", name="damaged"),
    )

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    damaged_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class FactCell(Base):
    """What the lines of a kind, status and period come to, for certain values of a cube's keys.

    A cube has values in the order of its keys; the empty text where lines have none, and in those
    that the cube doesn't use. A cell that comes to nothing isn't there.
    """

    __tablename__ = "fact_cells"
    __table_args__ = (
        sa.CheckConstraint(one_of("level", Level), name="level"),
        sa.CheckConstraint("quantity <> 0 OR people <> 0 OR services <> 0", name="counts"),
        {"postgresql_with": {"fillfactor": 90}},
    )

    cube: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    level: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    period: Mapped[date] = mapped_column(primary_key=True)
    value_1: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    value_2: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    value_3: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    status: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    quantity: Mapped[int] = mapped_column(sa.BigInteger)
    people: Mapped[int] = mapped_column(sa.BigInteger)
    services: Mapped[int] = mapped_column(sa.BigInteger)
