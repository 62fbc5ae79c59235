"""What visitors of an office need to know besides its name: its own staff write it down.

Nothing of it is published in one place, so that it is shown only where a supervisor wrote it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.consulates.models import OfficeDetails
from services.kernel import audit
from services.kernel.ids import new_id


@dataclass(frozen=True)
class Details:
    """As it was written; empty where it wasn't."""

    address: str = ""
    directions: str = ""
    telephone: str = ""
    hours: str = ""
    payment: str = ""


FIELDS = tuple(Details.__dataclass_fields__)


def details_of(session: Session, consulate: str) -> Details:
    """What is known of an office."""
    row = session.scalar(select(OfficeDetails).where(OfficeDetails.consulate_code == consulate))
    return Details(**{name: getattr(row, name) for name in FIELDS}) if row else Details()


def set_details(session: Session, details: Details, *, now: datetime, actor: audit.Actor) -> None:
    """Write down what is known of the actor's office."""
    office = actor.consulate or ""
    values = {**asdict(details), "changed_at": now, "changed_by": actor.account_id}
    session.execute(
        insert(OfficeDetails)
        .values(consulate_code=office, **values)
        .on_conflict_do_update(index_elements=["consulate_code"], set_=values)
    )
    subject = audit.Subject("office_details", new_id(), consulate=office)
    audit.record(session, subject, action="office.describe", now=now, actor=actor)
