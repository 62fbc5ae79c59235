"""What compliance needs to decide about a held remittance, and the lists that names are compared
with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.kernel.audit import Actor
from services.remittances.holding import HoldDetail, read_hold
from services.remittances.models import Remittance, ScreeningList


@dataclass(frozen=True)
class Parties:
    """Who sends, who receives, as far as a decision needs them: names and birth dates."""

    detail: HoldDetail
    remittance: Remittance
    sender_born: date | None
    recipient_born: date | None


def read_parties(session: Session, remittance_id: UUID, *, now: datetime, actor: Actor) -> Parties:
    """Both parties of a remittance with a likeness; the read is audited. Raises NotFound."""
    detail = read_hold(session, remittance_id, now=now, actor=actor)
    remittance = session.get_one(Remittance, remittance_id)
    sender = session.get_one(Person, remittance.sender_id)
    return Parties(detail, remittance, sender.birth_date, remittance.payee.birth_date)


def list_lists(session: Session) -> Sequence[ScreeningList]:
    """The lists in force, by name."""
    in_force = select(ScreeningList).where(ScreeningList.replaced_at.is_(None))
    return session.scalars(in_force.order_by(ScreeningList.name)).all()
