"""Give a person the enrollment that another account asked for in their name, or end that one.

After a check of identity at a window (`services.processes.identity_checks`), whichever office it is
of. The other account is told that its request was withdrawn after such a check, and nothing more.
What an agency has can't be called back: then an incident asks a person to settle it with the
agency, and what the agency gives is shown to nobody (`rules.IDENTITY_CHECKED`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from services.citizens.models import Account
from services.citizens.people import PersonData, open_person
from services.enrollments.errors import AlreadyEnrolled
from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment, EnrollmentClaim
from services.enrollments.requesting import Applicant, RequestEnrollment, request_enrollment
from services.enrollments.rules import IDENTITY_CHECKED, Status
from services.identity.checking import Held, Subject, get_person
from services.identity.errors import CurpRequired, NobodyElse
from services.identity.homonyms import holders_keys
from services.identity.models import IdentityCheck
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.outbox.delivery import enqueue


def list_held(session: Session, check: IdentityCheck) -> list[Held]:
    """What others hold in the person's name, by program."""
    return [_held(enrollment, check) for enrollment in _list(session, _by_others(session, check))]


def list_own(session: Session, check: IdentityCheck) -> list[Held]:
    """What the person holds themselves. The folio is theirs to be told, of any office."""
    if check.account_id is None:
        return []
    own = (_of_person(session, check), EnrollmentClaim.account_id == check.account_id)
    return [
        replace(_held(enrollment, check), folio=enrollment.folio)
        for enrollment in _list(session, own)
    ]


def take_over(
    session: Session,
    check: IdentityCheck,
    program: str,
    consents: Sequence[str],
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> Enrollment:
    """End the others' and ask for the same in the person's account, under a folio of its own and
    with their own data. Raises `NobodyElse`, `CurpRequired`, `ConsentRequired`, Invalid
    ``curp_birth_date_differs``."""
    _end(session, check, program, now=now, actor=actor)
    known = open_person(get_person(session, check), vault)
    account = session.get_one(Account, check.account_id)
    command = RequestEnrollment(
        program=program,
        applicant=_applicant(known),
        consents=tuple(consents),
        consulate=check.consulate_code,
        language=account.language,
    )
    return request_enrollment(
        session, command, now=now, actor=actor, vault=vault, account=account.id
    )


def release(
    session: Session, check: IdentityCheck, program: str, *, now: datetime, actor: Actor
) -> None:
    """End what others hold in the person's name, who may then ask. Raises `NobodyElse`."""
    _end(session, check, program, now=now, actor=actor)


def refuse_held(session: Session, keys: Sequence[bytes]) -> None:
    """Raise `AlreadyEnrolled` when anybody is enrolled under one of these keys."""
    held = select(EnrollmentClaim).where(EnrollmentClaim.person_key.in_(keys))
    if session.scalars(held).first():
        raise AlreadyEnrolled()


def _end(
    session: Session, check: IdentityCheck, program: str, *, now: datetime, actor: Actor
) -> None:
    claimed = _claimed((*_by_others(session, check), EnrollmentClaim.program == program))
    others = session.scalars(
        claimed.order_by(Enrollment.id)
        .with_for_update(of=Enrollment)
        .execution_options(populate_existing=True)
    ).all()
    if not others:
        raise NobodyElse()
    # The office of the check is nobody else's to know.
    unnamed = replace(actor, consulate=None)
    for other in others:
        at_agency = _is_at_agency(other)
        after = Status.ENDED if other.status == Status.ACTIVE else Status.WITHDRAWN
        LIFECYCLE.move(session, other, after, now=now, actor=unnamed, reason_code=IDENTITY_CHECKED)
        enqueue(session, "enrollments.withdrawn", other.id)
        if at_agency:
            enqueue(session, "enrollments.withdrawn_at_agency", other.id)


def _applicant(known: PersonData) -> Applicant:
    if known.curp is None or known.birth_date is None:
        raise CurpRequired(field="curp")
    return Applicant(
        known.given_names,
        known.first_surname,
        known.second_surname,
        known.birth_date,
        known.birth_place,
        email=known.email,
        phone=known.phone,
        curp=known.curp,
    )


def _of_person(session: Session, check: IdentityCheck) -> ColumnElement[bool]:
    keys = holders_keys(session, check.person_keys, check.account_id)
    return EnrollmentClaim.person_key.in_(keys)


def _by_others(
    session: Session, check: IdentityCheck
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Claims under the person's keys that aren't their own account's."""
    theirs = EnrollmentClaim.account_id.is_distinct_from(check.account_id)
    return _of_person(session, check), or_(theirs, EnrollmentClaim.account_id.is_(None))


def _claimed(where: Sequence[ColumnElement[bool]]) -> Select[Enrollment]:
    claims = select(EnrollmentClaim.enrollment_id).where(*where)
    return select(Enrollment).where(Enrollment.id.in_(claims))


def _list(session: Session, where: Sequence[ColumnElement[bool]]) -> Sequence[Enrollment]:
    order = (Enrollment.program, Enrollment.created_at, Enrollment.id)
    return session.scalars(_claimed(where).order_by(*order)).all()


def _held(enrollment: Enrollment, check: IdentityCheck) -> Held:
    held = Held(Subject.ENROLLMENT, enrollment.program, at_agency=_is_at_agency(enrollment))
    if enrollment.consulate_code != check.consulate_code:
        return held
    return replace(held, here=True, id=enrollment.id, folio=enrollment.folio)


def _is_at_agency(enrollment: Enrollment) -> bool:
    return enrollment.status != Status.RECEIVED
