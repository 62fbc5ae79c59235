"""Hand a document over, as API and pages ask for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consular.auth import actor, now, vault
from services.appointments.queries import get_appointment
from services.collection.handing_over import HandOver, hand_over
from services.collection.queries import Document


def collect(session: Session, document: UUID, command: dict[str, Any]) -> Document:
    """Hand it over as the form or the request says; the appointment, if any, is the office's."""
    if command["appointment"]:
        get_appointment(session, command["appointment"])
    wanted = HandOver(
        document,
        command["collector"],
        command["document"],
        name=command["name"],
        appointment=command["appointment"],
    )
    return hand_over(session, wanted, now=now(), actor=actor(), vault=vault())
