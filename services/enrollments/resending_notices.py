"""Staff have the person told again how their request stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.enrollments.errors import NobodyToTell
from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment
from services.enrollments.queries import is_paid_by_transfer
from services.enrollments.rules import Status, may_resend_notice
from services.kernel import audit
from services.kernel.audit import Actor, AuditEntry
from services.kernel.errors import WrongState
from services.outbox.delivery import enqueue

ONCE_IN = timedelta(days=1)
_ACTION = "enrollment.tell_again"


def resend_notice(
    session: Session, enrollment_id: UUID, *, now: datetime, actor: Actor
) -> Enrollment:
    """Send the message of its present status once more, at most once a day.

    Raises NotFound, `WrongState` where there is nothing to tell, `NobodyToTell` without a contact.
    """
    enrollment = LIFECYCLE.lock(session, enrollment_id)
    paid = is_paid_by_transfer(session, enrollment)
    if not may_resend_notice(Status(enrollment.status), paid=paid):
        raise WrongState(state=enrollment.status)
    person = session.get_one(Person, enrollment.person_id)
    if not (person.email_sealed or person.phone_sealed):
        raise NobodyToTell()
    if not _told_lately(session, enrollment.id, now):
        enqueue(session, "enrollments.told_again", enrollment.id)
        subject = audit.Subject.of("enrollment", enrollment)
        audit.record(session, subject, action=_ACTION, now=now, actor=actor)
    return enrollment


def _told_lately(session: Session, enrollment: UUID, now: datetime) -> bool:
    """An office may not read the outbox: what the audit says of its own request, it may."""
    messages = select(AuditEntry.id).where(
        AuditEntry.subject_id == enrollment,
        AuditEntry.action == _ACTION,
        AuditEntry.at > now - ONCE_IN,
    )
    return session.scalars(messages.limit(1)).first() is not None
