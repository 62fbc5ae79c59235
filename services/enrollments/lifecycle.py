"""How an enrollment moves from one status to the next, and what each step writes."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.enrollments.models import Enrollment, EnrollmentClaim, EnrollmentEvent
from services.enrollments.rules import OVER, TOLD, TRANSITIONS, Status
from services.facts import recording
from services.kernel.transitions import Lifecycle, Moved, history
from services.outbox.delivery import enqueue_at


def _let_go(session: Session, moved: Moved) -> None:
    """Its person may ask for the program again once it is over."""
    if moved.after in OVER:
        enrollment = EnrollmentClaim.enrollment_id == moved.thing.id
        session.execute(delete(EnrollmentClaim).where(enrollment))


LIFECYCLE = Lifecycle(
    Enrollment,
    "enrollment",
    TRANSITIONS,
    effects=(
        history(EnrollmentEvent, enrollment_id="id", reason_code="reason_code"),
        recording.move,
        _let_go,
        enqueue_at("enrollments.submit", Status.RECEIVED),
        enqueue_at("enrollments.decided", *TOLD),
    ),
)
