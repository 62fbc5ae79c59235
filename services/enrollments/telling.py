"""Staff have the person told again how their request stands."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.enrollments.errors import NobodyToTell
from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment
from services.enrollments.rules import Status, may_be_told_again
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.errors import WrongState
from services.outbox.delivery import enqueue_once_a_day


def tell_again(session: Session, enrollment: UUID, *, now: datetime, actor: Actor) -> Enrollment:
    """Send the message of its present status once more, at most once a day.

    Raises NotFound, `WrongState` where there is nothing to tell, `NobodyToTell` without a contact.
    """
    found = LIFECYCLE.lock(session, enrollment)
    if not may_be_told_again(Status(found.status)):
        raise WrongState(state=found.status)
    person = session.get_one(Person, found.person_id)
    if not (person.email_sealed or person.phone_sealed):
        raise NobodyToTell()
    enqueue_once_a_day(session, "enrollments.told_again", found.id)
    subject = audit.Subject.of("enrollment", found)
    audit.record(session, subject, action="enrollment.tell_again", now=now, actor=actor)
    return found
