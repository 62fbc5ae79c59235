"""Take in a request to be enrolled, to be sent to the program's agency."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.people import PersonData, get_key, make_person, person_keys
from services.consulates.models import Consulate
from services.enrollments.consenting import consents_to
from services.enrollments.errors import AlreadyEnrolled, ConsentRequired, ProgramNotAvailable
from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment, EnrollmentClaim
from services.enrollments.planning import known_numbers, refuse_too_early
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Program
from services.enrollments.progress import DATA_PLACE
from services.enrollments.rules import SENSITIVE_CONSENT, Status
from services.enrollments.terms import home_day
from services.facts.people import describe
from services.facts.recording import Counted, Dimensions
from services.facts.recording import line as new_fact
from services.folders.consenting import give_consents
from services.folders.keeping import forget_answers, keep_answers
from services.folders.models import Folder
from services.folders.opening import open_folder
from services.identity.checking import ask_for_check
from services.identity.errors import IdentityCheckPending
from services.identity.homonyms import claim_keys
from services.kernel import audit
from services.kernel.audit import OFFICE_ROLES, Actor, Role
from services.kernel.crypto import Vault
from services.kernel.db import text
from services.kernel.errors import Invalid, NotFound
from services.kernel.identifiers import curp_birth_date, parse_curp
from services.kernel.ids import FolioKind, new_folio, new_id
from services.kernel.writes import insert_together
from services.outbox.delivery import enqueue_once_a_day


@dataclass(frozen=True)
class Applicant(PersonData):
    """Whoever is to be enrolled. Birth date and CURP are required."""

    birth_date: date
    curp: str = field(kw_only=True)


_CLAIM = text(
    """
    INSERT INTO enrollment_claims (person_key, program, account_id, enrollment_id)
    SELECT person_key, :program, :account, :enrollment
    FROM unnest(CAST(:keys AS bytea[])) WITH ORDINALITY given (person_key, place) ORDER BY place
    ON CONFLICT DO NOTHING RETURNING person_key
    """
)


@dataclass(frozen=True)
class RequestEnrollment:
    """``data`` is what the program asks for; ``language`` is the notices'."""

    program: str
    applicant: Applicant
    consents: tuple[str, ...]
    consulate: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    language: str = "es"


def request_enrollment(
    session: Session,
    command: RequestEnrollment,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
    account: UUID | None = None,
) -> Enrollment:
    """Keep applicant and request, claim the person, ask the workers to send it: all or nothing.

    ``account``: whose it is when staff ask; a citizen's is always their own.
    Raises `ProgramNotAvailable`, `ConsentRequired`, Invalid (``curp_invalid``,
    ``curp_birth_date_differs``, ``consulate_not_found``, ``unknown_field``), NotFound for another
    office than the officer's, `PrerequisiteMissing`, `AlreadyEnrolled`, `IdentityCheckPending`.
    """
    _refuse_malformed(command)
    consulate, day = _place(session, command, actor, now)
    owner = actor.account_id if actor.is_citizen else account
    applicant = as_written(command.applicant)
    refuse_too_early(session, PROGRAMS[command.program], command.data, applicant.curp, vault)
    person = make_person(applicant, account=owner, consulate=consulate, now=now, vault=vault)
    insert_together(session, person)
    folder = open_folder(session, person, now=now)
    keep_in_folder(session, folder, command, now=now, actor=actor, vault=vault)
    row = new_id()
    numbers = known_numbers(session, folder, PROGRAMS[command.program], vault)
    data = json.dumps({**numbers, **command.data}, ensure_ascii=False)
    enrollment = Enrollment(
        id=row,
        folio=new_folio(FolioKind.ENROLLMENT),
        program=command.program,
        consulate_code=consulate,
        account_id=owner,
        person_id=person.id,
        folder_id=folder.id,
        status=Status.RECEIVED.value,
        data_sealed=get_key(person, vault).seal(data, place=DATA_PLACE, row=row),
        consents=sorted(set(command.consents)),
        consented_at=now,
        language=command.language,
        day=day,
        created_at=now,
        changed_at=now,
    )
    insert_together(session, enrollment)
    if SENSITIVE_CONSENT in command.consents:
        forget_answers(session, folder, command.program, vault=vault)
    claim_person(session, enrollment, claim_keys(session, vault, applicant, owner), actor)
    counted = Counted("enrollment", enrollment.id, day, consulate)
    person_dimensions = describe(parse_curp(applicant.curp), applicant.birth_date, day)
    dimensions: Dimensions = {**person_dimensions, "program_code": enrollment.program}
    fact = new_fact(counted, enrollment.status, now=now, **dimensions)
    LIFECYCLE.record(session, enrollment, fact, now=now, actor=actor)
    return enrollment


def keep_in_folder(
    session: Session,
    folder: Folder,
    command: RequestEnrollment,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> None:
    """Keep answers and consents with the folder, which is held. Raises `PersonForgotten`."""
    keep_answers(session, folder, command.program, command.data, vault=vault)
    consents = consents_to(PROGRAMS[command.program], command.consents, command.language)
    give_consents(session, folder, consents, now=now, actor=actor)


def notify_holders(
    session: Session, command: RequestEnrollment, *, now: datetime, actor: Actor, vault: Vault
) -> IdentityCheckPending:
    """After `IdentityCheckPending`: whoever is enrolled as that person learns of the attempt; who
    asked gets a folio to show at a window.

    In a transaction of its own that sees everything: the request's was rolled back.
    """
    applicant = as_written(command.applicant)
    account = actor.account_id if actor.is_citizen else None
    holders = session.execute(
        select(EnrollmentClaim.enrollment_id, EnrollmentClaim.account_id)
        .where(
            EnrollmentClaim.person_key.in_(claim_keys(session, vault, applicant, account)),
            EnrollmentClaim.program == command.program,
        )
        .distinct()
    ).all()
    for enrollment, holder in holders:
        enqueue_once_a_day(session, "enrollments.identity_check", enrollment)
        subject = audit.Subject("enrollment", enrollment, holder)
        audit.record(session, subject, action="enrollment.identity_check", now=now, actor=actor)
    if account is None:
        return IdentityCheckPending()
    keys = person_keys(applicant, vault)
    return IdentityCheckPending(folio=ask_for_check(session, account, keys, now=now))


def _refuse_malformed(command: RequestEnrollment) -> None:
    program = refuse_closed(command.program)
    if set(program.form.consents) - set(command.consents):
        raise ConsentRequired(field="consents")
    refuse_unknown(program.code, command.data)
    refuse_other_curp(command.applicant)


def refuse_closed(code: str) -> Program:
    """The program with that code. Raises `ProgramNotAvailable`."""
    program = PROGRAMS.get(code)
    if program is None or not program.open:
        raise ProgramNotAvailable(field="program")
    return program


def refuse_unknown(program: str, data: Mapping[str, Any]) -> None:
    """Raise Invalid ``unknown_field`` for data that the program doesn't ask for."""
    if set(data) - {field.name for field in PROGRAMS[program].fields}:
        raise Invalid("unknown_field", field="data")


def as_written(applicant: Applicant) -> Applicant:
    """With the CURP as it is kept and compared: upper case."""
    return replace(applicant, curp=parse_curp(applicant.curp))


def refuse_other_curp(applicant: Applicant) -> None:
    """Raise Invalid ``curp_invalid``, ``curp_birth_date_differs``."""
    try:
        born = curp_birth_date(parse_curp(applicant.curp))
    except ValueError:
        raise Invalid("curp_invalid", field="curp") from None
    if born != applicant.birth_date:
        raise Invalid("curp_birth_date_differs", field="curp")


def _place(
    session: Session, command: RequestEnrollment, actor: Actor, now: datetime
) -> tuple[str | None, date]:
    """The office that counts it, and the day there. An officer's is always their own."""
    own = actor.consulate if actor.role in OFFICE_ROLES else None
    code = command.consulate or own
    if code is None:
        return None, home_day(now)
    zone = session.execute(
        select(Consulate.time_zone).where(Consulate.code == code)
    ).scalar_one_or_none()
    if own is not None and code != own:
        raise NotFound("not_found", field="consulate")
    if zone is None:
        raise Invalid("consulate_not_found", field="consulate")
    return code, now.astimezone(ZoneInfo(zone)).date()


def claim_person(session: Session, enrollment: Enrollment, keys: list[bytes], actor: Actor) -> None:
    """Hold the person's place in the program; in key order, so that two requests never deadlock.

    A request under way with the same person is waited for: the primary key decides. Raises
    `AlreadyEnrolled`, `IdentityCheckPending`.
    """
    session.flush()
    values = {
        "keys": sorted(keys),
        "program": enrollment.program,
        "account": enrollment.account_id,
        "enrollment": enrollment.id,
    }
    taken = session.execute(_CLAIM, values).all()
    if len(taken) < len(keys):
        raise _explain(session, enrollment, keys, actor)


def _explain(
    session: Session, enrollment: Enrollment, keys: list[bytes], actor: Actor
) -> AlreadyEnrolled | IdentityCheckPending:
    # An officer sees the person's documents: there is nothing to hide from them.
    if not actor.is_citizen and actor.role is not Role.AGENT:
        return AlreadyEnrolled()
    own = session.scalars(
        select(EnrollmentClaim.enrollment_id).where(
            EnrollmentClaim.person_key.in_(keys),
            EnrollmentClaim.program == enrollment.program,
            EnrollmentClaim.account_id == actor.account_id,
            EnrollmentClaim.enrollment_id != enrollment.id,
        )
    ).first()
    # Another account's is not to be seen, and needs no look: somebody holds it.
    if own is None:
        return IdentityCheckPending()
    return AlreadyEnrolled(enrollment=own, program=enrollment.program)
