"""Present erasure requests for API and pages."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from consular.auth import now
from services.privacy.erasing import find_obstacles, whose
from services.privacy.models import ErasureRequest
from services.privacy.rules import OPEN, Refusal, Status, answer_by
from services.privacy.words import OBSTACLES, REFUSALS, STATUSES


def described(session: Session, found: ErasureRequest) -> dict[str, Any]:
    """One request; what stands in the way is told while it is open. Needs the network's scope."""
    waits = found.status in OPEN
    obstacles = find_obstacles(session, whose(session, found), now=now()) if waits else []
    return {
        "id": found.id,
        "folio": found.folio,
        "status": found.status,
        "status_words": gettext(STATUSES[Status(found.status)]),
        "refusal": found.refusal and gettext(REFUSALS[Refusal(found.refusal)]),
        "requested_at": found.requested_at,
        "answer_by": answer_by(found.requested_at.date()),
        "done_at": found.done_at,
        "obstacles": list(obstacles),
        "obstacle_words": [gettext(OBSTACLES[obstacle]) for obstacle in obstacles],
    }
