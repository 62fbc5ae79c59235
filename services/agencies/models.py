"""What all workers must agree on before they call an agency. By agency, nobody's data.

An agency's code is the one of `integrations.registry`; rows appear when it is first called.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.agencies.rules import State
from services.kernel.db import Base
from services.kernel.tables import one_of

_MOMENT = sa.DateTime(timezone=True)


class AgencyTerms(Base):
    """How an agency may be called from a day on. The agency ``*`` stands for all without a row.

    ``at_once``: calls at the same time, of all workers together. The breaker opens after
    ``failures_to_open`` failures in a row, none more than ``window_seconds`` after the one before,
    for ``open_seconds``, doubled each time that its probe fails, up to ``longest_open_seconds``.
    A probe that says nothing for ``probe_seconds`` is given to another worker.
    """

    __tablename__ = "agency_terms"
    __table_args__ = (
        sa.CheckConstraint(
            "calls_per_second > 0 AND burst > 0 AND at_once > 0 AND failures_to_open > 0"
            " AND window_seconds > 0 AND open_seconds > 0"
            " AND longest_open_seconds >= open_seconds AND probe_seconds > 0",
            name="positive",
        ),
    )

    agency: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    valid_from: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    calls_per_second: Mapped[float] = mapped_column(sa.Float(53))
    burst: Mapped[int] = mapped_column(sa.Integer)
    at_once: Mapped[int] = mapped_column(sa.SmallInteger)
    failures_to_open: Mapped[int] = mapped_column(sa.SmallInteger)
    window_seconds: Mapped[int] = mapped_column(sa.Integer)
    open_seconds: Mapped[int] = mapped_column(sa.Integer)
    longest_open_seconds: Mapped[int] = mapped_column(sa.Integer)
    probe_seconds: Mapped[int] = mapped_column(sa.Integer)
    source: Mapped[str] = mapped_column(sa.Text)


class AgencyState(Base):
    """The breaker of an agency; until when its calls are paid for (the token bucket), and until
    when it counts as slow."""

    __tablename__ = "agency_states"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", State), name="state"),
        sa.CheckConstraint("(state = 'open') = (open_until IS NOT NULL)", name="open"),
        sa.CheckConstraint("(state = 'half_open') = (probe_until IS NOT NULL)", name="half_open"),
    )

    agency: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    state: Mapped[str] = mapped_column(sa.Text, server_default=sa.text("'closed'"))
    failures: Mapped[int] = mapped_column(sa.Integer, server_default=sa.text("0"))
    failed_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    trips: Mapped[int] = mapped_column(sa.Integer, server_default=sa.text("0"))
    open_until: Mapped[datetime | None] = mapped_column(_MOMENT)
    probe_until: Mapped[datetime | None] = mapped_column(_MOMENT)
    probe: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))
    last_code: Mapped[str | None] = mapped_column(sa.Text)
    changed_at: Mapped[datetime] = mapped_column(
        _MOMENT, server_default=sa.text("clock_timestamp()")
    )
    slow_until: Mapped[datetime | None] = mapped_column(_MOMENT)
    paid_until: Mapped[datetime] = mapped_column(_MOMENT, server_default=sa.text("to_timestamp(0)"))


class AgencySlot(Base):
    """The right to one call at a time: held while the call lasts, free again when its holder dies.

    The fence tells the holder that gives it back from one whose time was over; ``taken_at``, for
    how long the call has been under way.
    """

    __tablename__ = "agency_slots"

    agency: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    slot: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    held_until: Mapped[datetime | None] = mapped_column(_MOMENT)
    taken_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    fence: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.text("0"))


class AgencyPause(Base):
    """Staff stopped all calls to an agency, and let them go on. Kept for ever."""

    __tablename__ = "agency_pauses"
    __table_args__ = (
        sa.CheckConstraint("num_nulls(lifted_at, lifted_by, lift_reason) IN (0, 3)", name="lifted"),
        sa.CheckConstraint("lifted_at >= paused_at", name="lifted_after"),
        sa.Index(
            "uq_agency_pauses_agency",
            "agency",
            unique=True,
            postgresql_where=sa.text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text)
    paused_by: Mapped[UUID]
    paused_at: Mapped[datetime] = mapped_column(_MOMENT)
    lift_reason: Mapped[str | None] = mapped_column(sa.Text)
    lifted_by: Mapped[UUID | None]
    lifted_at: Mapped[datetime | None] = mapped_column(_MOMENT)
