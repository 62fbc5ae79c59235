"""Take a merge of two people back: each holds from then on what is theirs by their own names."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from services.appointments.models import Claim, Member
from services.citizens.models import Person
from services.citizens.people import open_person
from services.enrollments.models import Enrollment, EnrollmentClaim
from services.identity.homonyms import claim_keys
from services.identity.merging import list_keys, unmerge
from services.kernel.audit import Actor
from services.kernel.crypto import Vault


def take_apart(session: Session, merge: UUID, *, now: datetime, actor: Actor, vault: Vault) -> UUID:
    """Undo the merge, and what was claimed meanwhile for the other one. Returns and raises as
    `unmerge`. Needs the scope of the network."""
    keys = list_keys(session, merge)
    kept = unmerge(session, merge, now=now, actor=actor)
    comes = and_(Member.appointment_id == Claim.appointment_id, Member.n == Claim.n)
    of_appointments = (
        select(Claim, Person)
        .join(Member, comes)
        .join(Person, Person.id == Member.person_id)
        .where(Claim.person_key.in_(keys))
    )
    of_enrollments = (
        select(EnrollmentClaim, Person)
        .join(Enrollment, Enrollment.id == EnrollmentClaim.enrollment_id)
        .join(Person, Person.id == Enrollment.person_id)
        .where(EnrollmentClaim.person_key.in_(keys))
    )
    for query in (of_appointments, of_enrollments):
        for claim, person in session.execute(query).all():
            named = open_person(person, vault)
            if claim.person_key not in claim_keys(session, vault, named, claim.account_id):
                session.delete(claim)
    session.flush()
    return kept
