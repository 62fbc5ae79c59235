"""Staff ask for an enrollment for a person who is at the window or on the telephone.

How the person consented is kept with the request. What is sensitive needs more than their word:
the code that was sent to their own contact. The request is in the account of whoever proved the
contact by a code, and otherwise in nobody's: the folio and the office stand for the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.enrollments.errors import ConsentRequired, OwnAccountRequired
from services.enrollments.models import AssistedRequest, Enrollment
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Program
from services.enrollments.requesting import RequestEnrollment, request_enrollment
from services.enrollments.rules import SENSITIVE_CONSENT, Channel, ConsentGiven
from services.kernel.audit import OFFICE_ROLES, Actor, Role
from services.kernel.crypto import Vault
from services.kernel.errors import Forbidden


@dataclass(frozen=True)
class Assistance:
    """``document``: which one was seen, in words; ``proved``: the account of the person's contact,
    where they told a code that was sent there; ``declared``: neither was asked for here, and
    whoever helps declares that the person consented."""

    document: str | None = None
    proved: UUID | None = None
    declared: bool = False


def needs_code(program: Program) -> bool:
    """Whether staff may ask for it only with the code that the person was sent: consent to use what
    is sensitive is express, and signed or given by a means that proves who they are (LGPDPPSO 7,
    15)."""
    return SENSITIVE_CONSENT in program.form.consents


def request_for_person(
    session: Session,
    command: RequestEnrollment,
    assistance: Assistance,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> Enrollment:
    """Request the enrollment and keep how the person consented.

    Raises `ConsentRequired` at a window where no document was seen, `OwnAccountRequired` where the
    program needs the person's code and they told none, and as `request_enrollment`.
    """
    program = PROGRAMS.get(command.program)
    if program and program.open and needs_code(program) and assistance.proved is None:
        raise OwnAccountRequired(field="code")
    channel = channel_of(actor)
    if channel is Channel.IN_PERSON and not (assistance.document or assistance.declared):
        raise ConsentRequired(field="document")
    enrollment = request_enrollment(
        session, command, now=now, actor=actor, vault=vault, account=assistance.proved
    )
    if actor.account_id is None:
        raise Forbidden()
    consent = _consent(channel, assistance)
    session.add(
        AssistedRequest(
            enrollment_id=enrollment.id,
            channel=channel,
            consent=consent,
            document=None if consent is not ConsentGiven.IDENTITY_SHOWN else assistance.document,
            asked_by=actor.account_id,
            asked_by_role=actor.role,
            asked_at=now,
        )
    )
    session.flush()
    return enrollment


def channel_of(actor: Actor) -> Channel:
    """How people reach them. Raises Forbidden for staff who help nobody."""
    if actor.role in OFFICE_ROLES:
        return Channel.IN_PERSON
    if actor.role is Role.AGENT:
        return Channel.TELEPHONE
    raise Forbidden()


def _consent(channel: Channel, assistance: Assistance) -> ConsentGiven:
    if assistance.declared:
        return ConsentGiven.DECLARED
    if channel is Channel.IN_PERSON:
        return ConsentGiven.IDENTITY_SHOWN
    return ConsentGiven.CODE if assistance.proved else ConsentGiven.SPOKEN
