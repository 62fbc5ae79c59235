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


def described(session: Session, request: ErasureRequest) -> dict[str, Any]:
    """One request; what stands in the way is told while it is open. Needs the network's scope."""
    waits = request.status in OPEN
    obstacles = find_obstacles(session, whose(session, request), now=now()) if waits else []
    return {
        "id": request.id,
        "folio": request.folio,
        "status": request.status,
        "status_words": gettext(STATUSES[Status(request.status)]),
        "refusal": request.refusal and gettext(REFUSALS[Refusal(request.refusal)]),
        "requested_at": request.requested_at,
        "answer_by": answer_by(request.requested_at.date()),
        "done_at": request.done_at,
        "obstacles": list(obstacles),
        "obstacle_words": [gettext(OBSTACLES[obstacle]) for obstacle in obstacles],
    }
