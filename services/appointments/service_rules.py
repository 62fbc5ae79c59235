"""What an office decides of a service: each number holds from its day until the next one's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.appointments.models import DailyMaximum, ServiceDuration
from services.kernel.audit import Actor

Row = TypeVar("Row", ServiceDuration, DailyMaximum)


def list_decided(session: Session, model: type[Row], consulate: str) -> Sequence[Row]:
    """All that an office decided, the earliest first."""
    return session.scalars(
        select(model)
        .where(model.consulate_code == consulate)
        .order_by(model.valid_from, model.service_code)
        .execution_options(populate_existing=True)
    ).all()


def decide(
    session: Session,
    model: type[ServiceDuration | DailyMaximum],
    service: str,
    valid_from: date,
    *,
    now: datetime,
    actor: Actor,
    **number: Any,
) -> None:
    """Write what the actor's office decides, in place of what it decided for the same day."""
    key = {
        "consulate_code": actor.consulate or "",
        "service_code": service,
        "valid_from": valid_from,
    }
    values = {**number, "set_by": actor.account_id, "set_at": now}
    session.execute(
        insert(model)
        .values(**key, **values)
        .on_conflict_do_update(index_elements=list(key), set_=values)
    )
