"""How an enrollment moves from one status to the next, and what each step writes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.enrollments.documents import mark_documents_sent
from services.enrollments.models import Enrollment, EnrollmentClaim, EnrollmentEvent
from services.enrollments.programs.order import in_order
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.rules import COVER_RENEWED, OVER, TOLD, TRANSITIONS, By, Status
from services.facts import recording
from services.kernel import audit
from services.kernel.audit import Actor, Role
from services.kernel.db import text
from services.kernel.transitions import Lifecycle, Moved, history
from services.kernel.writes import write
from services.outbox.delivery import enqueue, enqueue_at


def _let_go(session: Session, moved: Moved) -> None:
    """Let the person ask for the program again once it is over."""
    if moved.after in OVER:
        enrollment = EnrollmentClaim.enrollment_id == moved.thing.id
        session.execute(delete(EnrollmentClaim).where(enrollment))


def _pass_documents(session: Session, moved: Moved) -> None:
    """What the request goes out with, or is answered with, can't be taken back."""
    answered = (
        moved.before == Status.MORE_INFORMATION_REQUESTED
        and moved.after == Status.IN_REVIEW
        and _by(moved.actor) in (By.APPLICANT, By.STAFF)
    )
    if moved.after == Status.SENT_TO_AGENCY or answered:
        program = PROGRAMS[moved.thing.program]
        if mark_documents_sent(session, moved.thing, program, moved.now):
            enqueue(session, "enrollments.documents", moved.thing.id)


_ALONE = text(
    """
    SELECT f.wanted <@ ARRAY[CAST(:program AS text)] AND NOT EXISTS (
        SELECT FROM enrollments e WHERE e.folder_id = f.id AND e.id <> :done
            AND e.account_id IS NOT DISTINCT FROM :account)
    FROM folders f WHERE f.id = :folder AND f.account_id IS NOT DISTINCT FROM :account
    FOR SHARE OF f
    """
)


def _go_on(session: Session, moved: Moved) -> None:
    """The plan goes on, unless there is nothing else in it. Whoever is changing the plan is waited
    for, or sees that this one is active."""
    done: Enrollment = moved.thing
    if moved.after != Status.ACTIVE:
        return
    if in_order([done.program]) == [done.program]:
        values = {"folder": done.folder_id, "done": done.id, "account": done.account_id}
        if session.execute(_ALONE, {**values, "program": done.program}).scalar_one_or_none():
            return
    enqueue(session, "enrollments.go_on", done.id)


def _who(moved: Moved) -> dict[str, str]:
    return {"actor": _by(moved.actor)}


def _renewed(moved: Moved) -> dict[str, str]:
    return {**_who(moved), "reason_code": COVER_RENEWED}


_note_renewal = history(
    EnrollmentEvent, enrollment_id="id", covered_to="covered_to", of_move=_renewed
)


def renew(session: Session, enrollment: Enrollment, *, now: datetime, actor: Actor) -> None:
    """Note that an active one, which is locked, has a longer cover, and tell its person. Its status
    and its figures stay."""
    moved = Moved(enrollment, enrollment.status, enrollment.status, now, actor)
    step = _note_renewal(session, moved)
    subject = audit.Subject.of("enrollment", enrollment)
    noted = audit.entry(subject, action="enrollment.renewed", now=now, actor=actor)
    write(session, *filter(None, (step, noted)))
    enqueue(session, "enrollments.renewed", enrollment.id)


def _by(actor: Actor) -> By:
    if actor.role is Role.SYSTEM:
        return By.AGENCY if actor.for_agency else By.SYSTEM
    return By.APPLICANT if actor.is_citizen else By.STAFF


LIFECYCLE = Lifecycle(
    Enrollment,
    "enrollment",
    TRANSITIONS,
    effects=(
        history(EnrollmentEvent, enrollment_id="id", reason_code="reason_code", of_move=_who),
        recording.move,
        _let_go,
        _pass_documents,
        enqueue_at("enrollments.submit", Status.RECEIVED),
        # What isn't so any more when its turn comes is not told.
        enqueue_at("enrollments.asked", Status.MORE_INFORMATION_REQUESTED),
        enqueue_at("enrollments.appointment", Status.APPOINTMENT_SCHEDULED),
        enqueue_at("enrollments.payment", Status.PAYMENT_PENDING),
        enqueue_at("enrollments.decided", *TOLD),
        _go_on,
        enqueue_at("enrollments.ended", Status.ENDED),
    ),
)
