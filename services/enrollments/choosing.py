"""Choose what to have in the end, prepare requests ahead, and let the next one begin by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.accounts import find_holder
from services.citizens.errors import ProfileRequired
from services.citizens.models import Person
from services.citizens.people import curp_index, make_person, open_person
from services.enrollments.errors import ConsentRequired
from services.enrollments.models import Enrollment
from services.enrollments.planning import PlanStep, StepState, read_known, read_plan
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Program
from services.enrollments.requesting import (
    Applicant,
    RequestEnrollment,
    as_written,
    keep_in_folder,
    refuse_closed,
    refuse_other_curp,
    refuse_unknown,
    request_enrollment,
)
from services.enrollments.rules import SENSITIVE_CONSENT
from services.folders.keeping import keep_answers
from services.folders.models import Folder
from services.folders.opening import open_folder
from services.folders.queries import find_folder, find_held, hold_folder
from services.kernel.audit import SYSTEM, Actor
from services.kernel.crypto import Vault


@dataclass(frozen=True)
class Prepared:
    """What one program is told ahead, and the consents to pass it on."""

    data: Mapping[str, Any] = field(default_factory=dict)
    consents: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChoosePlan:
    """``programs`` are added to what is wanted. ``applicant`` None is the account's holder,
    ``starts_next`` None leaves that as it is."""

    programs: tuple[str, ...]
    applicant: Applicant | None = None
    starts_next: bool | None = None
    prepared: Mapping[str, Prepared] = field(default_factory=dict)
    language: str = "es"


def choose_plan(
    session: Session, command: ChoosePlan, *, now: datetime, actor: Actor, vault: Vault
) -> Folder:
    """Add to the plan of the applicant's folder, opened when there is none, what they want.

    Raises `ProgramNotAvailable`, `ProfileRequired`, `ConsentRequired`, Invalid (``curp_invalid``,
    ``curp_birth_date_differs``, ``unknown_field``).
    """
    for program in {*command.programs, *command.prepared}:
        refuse_closed(program)
    applicant = command.applicant or _holder(session, actor.account_id, vault)
    refuse_other_curp(applicant)
    folder = _folder_of(session, applicant, actor.account_id, now=now, vault=vault)
    folder.wanted = list(dict.fromkeys((*folder.wanted, *command.programs, *command.prepared)))
    if command.starts_next is not None:
        folder.starts_next = command.starts_next
    session.flush()
    for program, prepared in command.prepared.items():
        _refuse_unfit(PROGRAMS[program], prepared)
        ahead = RequestEnrollment(
            program,
            applicant,
            prepared.consents,
            data=prepared.data,
            language=command.language,
        )
        keep_in_folder(session, folder, ahead, now=now, actor=actor, vault=vault)
    return folder


def _refuse_unfit(program: Program, prepared: Prepared) -> None:
    """Data on health and the like aren't even kept without the express consent."""
    refuse_unknown(program.code, prepared.data)
    sensitive = SENSITIVE_CONSENT in program.form.consents
    if sensitive and prepared.data and SENSITIVE_CONSENT not in prepared.consents:
        raise ConsentRequired(field="consents")


def _holder(session: Session, account: UUID | None, vault: Vault) -> Applicant:
    """The account's holder. Raises `ProfileRequired` as long as birth date or CURP aren't told."""
    holder = find_holder(session, account) if account else None
    person = open_person(holder, vault) if holder else None
    if person is None or person.birth_date is None or person.curp is None:
        raise ProfileRequired(field="applicant")
    return Applicant(**vars(person))


def add_to_plan(session: Session, folder: UUID, program: str) -> Folder:
    """Add a program to the plan of a folder. Raises NotFound, `ProgramNotAvailable`."""
    refuse_closed(program)
    held = hold_folder(session, folder)
    held.wanted = list(dict.fromkeys((*held.wanted, program)))
    session.flush()
    return held


def set_starts_next(session: Session, folder: UUID, starts_next: bool) -> None:
    """Whether what is prepared begins by itself. Raises NotFound."""
    hold_folder(session, folder).starts_next = starts_next
    session.flush()


def tell_ahead(
    session: Session, folder: UUID, program: str, data: Mapping[str, Any], *, vault: Vault
) -> None:
    """Keep some of a program's answers before it is asked for, such as a number that the person
    has. Raises NotFound, `ConsentRequired`, Invalid ``unknown_field``, `PersonForgotten`."""
    _refuse_unfit(PROGRAMS[program], Prepared(data))
    keep_answers(session, hold_folder(session, folder), program, data, vault=vault)


def keep_beside(
    session: Session, enrollment: UUID, program: str, data: Mapping[str, Any], *, vault: Vault
) -> bool:
    """Put a program into the plan that a request is in, with what was told for it; False where that
    plan isn't to be seen. Raises `ProgramNotAvailable` and as `tell_ahead`."""
    folder = find_held(session, session.get_one(Enrollment, enrollment).folder_id)
    if folder is None:
        return False
    add_to_plan(session, folder.id, program)
    if data:
        tell_ahead(session, folder.id, program, data, vault=vault)
    return True


def leave_out(session: Session, folder: UUID, program: str) -> Folder:
    """Take a program out of the plan. What is live of it stays. Raises NotFound."""
    held = hold_folder(session, folder)
    held.wanted = [code for code in held.wanted if code != program]
    session.flush()
    return held


def list_due(session: Session, enrollment: UUID, vault: Vault) -> list[str]:
    """The programs in the folder of ``enrollment`` that are to begin by themselves now."""
    folder_id = session.get_one(Enrollment, enrollment).folder_id
    folder = session.get(Folder, folder_id) if folder_id else None
    if folder is None or not folder.starts_next:
        return []
    return [step.program for step in read_plan(session, folder, vault) if _is_due(step)]


def begin_prepared(
    session: Session, enrollment: UUID, program: str, *, now: datetime, vault: Vault
) -> None:
    """Request what was prepared in the folder of ``enrollment``, unless it isn't due any more.

    What refuses it is left for the person, who asks and is told why. Raises what
    `request_enrollment` does.
    """
    folder_id = session.get_one(Enrollment, enrollment).folder_id
    if folder_id is None:
        return
    folder = hold_folder(session, folder_id)
    if program in list_due(session, enrollment, vault):
        command = _request(session, folder, program, vault)
        request_enrollment(
            session, command, now=now, actor=SYSTEM, vault=vault, account=folder.account_id
        )


def _is_due(step: PlanStep) -> bool:
    return step.state is StepState.READY and step.prepared


def _request(session: Session, folder: Folder, program: str, vault: Vault) -> RequestEnrollment:
    """What was prepared, for the applicant as their latest request named them."""
    latest, person = _latest(session, folder), latest_person(session, folder)
    known = read_known(session, folder, vault)
    return RequestEnrollment(
        program=program,
        applicant=Applicant(**vars(open_person(person, vault))),
        consents=tuple(sorted(known.consented.get(program, ()))),
        consulate=folder.consulate_code,
        data=known.data_for(PROGRAMS[program]),
        language=latest.language if latest else "es",
    )


def latest_person(session: Session, folder: Folder) -> Person:
    """The person of the folder, as their latest request named them."""
    latest = _latest(session, folder)
    return session.get_one(Person, latest.person_id if latest else folder.person_id)


def _latest(session: Session, folder: Folder) -> Enrollment | None:
    return session.scalars(
        select(Enrollment)
        .where(Enrollment.folder_id == folder.id)
        .order_by(Enrollment.created_at.desc(), Enrollment.id.desc())
        .limit(1)
    ).first()


def _folder_of(
    session: Session, applicant: Applicant, account: UUID | None, *, now: datetime, vault: Vault
) -> Folder:
    """The folder, held. A row of the person is made only where there is no folder yet."""
    written = as_written(applicant)
    folder = find_folder(session, account, curp_index(written.curp, vault))
    if folder is not None:
        return hold_folder(session, folder)
    person = make_person(written, account=account, now=now, vault=vault)
    session.add(person)
    session.flush()
    return open_folder(session, person, now=now)
