"""Which cluster a database lives in, so that a copy that was restored elsewhere doesn't just start.

A dump carries what was still to be done when it was made: a copy that starts beside its original,
or an old one, would pay, write and ask again. Figures don't depend on it
(`services.facts.settling`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, SmallInteger, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.kernel.db import Base


class DatabaseIdentity(Base):
    """One row: the cluster that this database was made in, or adopted by, and how often it was."""

    __tablename__ = "database_identity"
    __table_args__ = (CheckConstraint("single", name="single"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    system_identifier: Mapped[int] = mapped_column(BigInteger)
    adopted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    adoptions: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))


_ADOPT = text(
    """
    UPDATE database_identity d
    SET system_identifier = c.system_identifier, adopted_at = clock_timestamp(),
        adoptions = adoptions + 1
    FROM pg_control_system() c WHERE d.system_identifier <> c.system_identifier RETURNING single
    """
)
_WAITING = text("SELECT count(*) FROM outbox WHERE done_at IS NULL")


def adopt(session: Session) -> bool:
    """Let processes work with the database in this cluster; False when they may already.

    Needs the owner's rights.
    """
    return session.execute(_ADOPT).first() is not None


def count_waiting(session: Session) -> int:
    """Outbox items that the workers will take up."""
    return int(session.execute(_WAITING).scalar_one())
