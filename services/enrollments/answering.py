"""The applicant, or staff for them, gives the information that was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.citizens.people import change_person, get_key, make_person, open_person
from services.enrollments.details import DETAILS_PLACE
from services.enrollments.documents import list_missing
from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment, EnrollmentClaim
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.progress import DATA_PLACE, RESULT_PLACE, open_sealed, resumed_by
from services.enrollments.requesting import (
    Applicant,
    as_written,
    claim_person,
    refuse_other_curp,
    refuse_unknown,
)
from services.enrollments.rules import SENSITIVE_CONSENT, Action, Status, actions, applicant_fields
from services.folders.keeping import keep_answers
from services.folders.opening import follow_correction
from services.folders.queries import find_held
from services.identity.homonyms import claim_keys
from services.kernel.audit import Actor
from services.kernel.crypto import DataKey, Vault
from services.kernel.errors import Invalid, WrongState
from services.outbox.delivery import enqueue

# Column -> place of what is sealed under the applicant's key.
_SEALED = {
    "data_sealed": DATA_PLACE,
    "result_sealed": RESULT_PLACE,
    "details_sealed": DETAILS_PLACE,
}


@dataclass(frozen=True)
class Answer:
    """``data`` by the program's fields; ``applicant`` by those of `services.citizens.people`."""

    data: Mapping[str, Any] = field(default_factory=dict)
    applicant: Mapping[str, Any] = field(default_factory=dict)


def answer(
    session: Session,
    enrollment_id: UUID,
    answer: Answer,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> Enrollment:
    """Add what was given to the request, which is in review again, and send it to the agency.

    Raises NotFound, `WrongState` when nothing was asked, `PersonForgotten`, Invalid
    (``unknown_field``, ``required`` for a field that was asked for, ``document_missing`` for a
    document that wasn't uploaded since, ``not_expected`` for something of the applicant that wasn't
    asked for, ``curp_invalid``, ``curp_birth_date_differs``), `AlreadyEnrolled`,
    `IdentityCheckPending`.
    """
    enrollment = LIFECYCLE.lock(session, enrollment_id)
    if Action.ANSWER not in actions(Status(enrollment.status)):
        raise WrongState(state=enrollment.status)
    key = get_key(session.get_one(Person, enrollment.person_id), vault)
    requested = open_sealed(key, enrollment).requested
    _refuse_other_than_asked(enrollment, requested, answer)
    if list_missing(session, enrollment, requested):
        raise Invalid("document_missing", field="documents")
    known = json.loads(key.open(enrollment.data_sealed, place=DATA_PLACE, row=enrollment.id))
    whole = json.dumps({**known, **answer.data}, ensure_ascii=False)
    enrollment.data_sealed = key.seal(whole, place=DATA_PLACE, row=enrollment.id)
    if answer.applicant:
        _correct(session, enrollment, answer.applicant, now=now, actor=actor, vault=vault)
    _tell_folder(session, enrollment, answer, vault)
    LIFECYCLE.move(
        session,
        enrollment,
        Status.IN_REVIEW,
        now=now,
        actor=actor,
        reason_code=None,
        resolve_by=resumed_by(enrollment, Status.IN_REVIEW, now),
    )
    enqueue(session, "enrollments.amend", enrollment.id)
    return enrollment


def _tell_folder(session: Session, enrollment: Enrollment, answer: Answer, vault: Vault) -> None:
    """What was corrected fills in the next request, and the folder follows a corrected CURP."""
    folder = find_held(session, enrollment.folder_id)
    if folder is None:
        return
    if SENSITIVE_CONSENT not in enrollment.consents:
        keep_answers(session, folder, enrollment.program, answer.data, vault=vault)
    if "curp" in answer.applicant:
        follow_correction(session, folder, session.get_one(Person, enrollment.person_id))


def _refuse_other_than_asked(
    enrollment: Enrollment, requested: tuple[str, ...], answer: Answer
) -> None:
    refuse_unknown(enrollment.program, answer.data)
    fields = {field.name for field in PROGRAMS[enrollment.program].fields}
    for name in requested:
        if name in fields and name not in answer.data:
            raise Invalid("required", field=f"data.{name}")
    for name in answer.applicant:
        if name not in applicant_fields(requested):
            raise Invalid("not_expected", field=f"applicant.{name}")


def _correct(
    session: Session,
    enrollment: Enrollment,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> None:
    """Correct the applicant. Who was named is never changed: a correction names them anew, and they
    hold their place in the program under both names."""
    before = session.get_one(Person, enrollment.person_id)
    known = open_person(before, vault)
    corrected = replace(known, **changes)
    if replace(corrected, email=known.email) == known:
        change_person(before, corrected, vault)
        return
    applicant = as_written(Applicant(**vars(corrected)))
    refuse_other_curp(applicant)
    after = make_person(
        applicant,
        account=enrollment.account_id,
        consulate=enrollment.consulate_code,
        now=now,
        vault=vault,
    )
    session.add(after)
    session.flush()
    _seal_again(enrollment, get_key(before, vault), get_key(after, vault))
    enrollment.person_id = after.id
    session.flush()
    held = select(EnrollmentClaim.person_key).where(EnrollmentClaim.enrollment_id == enrollment.id)
    keys = set(claim_keys(session, vault, applicant, enrollment.account_id))
    if missing := keys - set(session.scalars(held)):
        claim_person(session, enrollment, sorted(missing), actor)


def _seal_again(enrollment: Enrollment, before: DataKey, after: DataKey) -> None:
    for column, place in _SEALED.items():
        sealed = getattr(enrollment, column)
        if sealed is not None:
            text = before.open(sealed, place=place, row=enrollment.id)
            setattr(enrollment, column, after.seal(text, place=place, row=enrollment.id))
