"""An applicant corrects what the agency asked for, and holds their place under both names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.citizens.people import open_person, person_keys
from services.enrollments.answering import Answer, answer
from services.enrollments.details import Details
from services.enrollments.errors import AlreadyEnrolled
from services.enrollments.models import Enrollment, EnrollmentClaim
from services.enrollments.progress import (
    AgencyStatus,
    begin_amendment,
    begin_submission,
    record_progress,
)
from services.enrollments.queries import open_details, open_result
from services.enrollments.requesting import Applicant, request_enrollment
from services.enrollments.rules import Status
from services.identity.errors import IdentityCheckPending
from services.kernel.audit import Actor, Role
from services.kernel.errors import Invalid
from services.outbox.models import OutboxItem
from tests.factories.enrollments import make_account, make_applicant, make_request
from tests.factories.remittances import VAULT

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def _asked(session: Session, citizen: Actor, who: Applicant, *requested: str) -> Enrollment:
    """A request of which the agency wants this corrected."""
    command = make_request(who)
    enrollment = request_enrollment(session, command, now=NOW, actor=citizen, vault=VAULT)
    begin_submission(session, enrollment.id, now=NOW, vault=VAULT)
    word = AgencyStatus(
        Status.MORE_INFORMATION_REQUESTED, {"card": "7"}, details=Details(requested=requested)
    )
    record_progress(session, enrollment.id, word, now=NOW, vault=VAULT)
    return enrollment


def _answer(session: Session, enrollment: Enrollment, citizen: Actor, **applicant: object) -> None:
    given = Answer(applicant=applicant)
    answer(session, enrollment.id, given, now=NOW, actor=citizen, vault=VAULT)


def test_a_corrected_name_goes_to_the_agency_and_everything_else_stays(
    session: Session, citizen: Actor
) -> None:
    who = make_applicant(given_names="Itzel")
    enrollment = _asked(session, citizen, who, "given_names")
    first = enrollment.person_id
    _answer(session, enrollment, citizen, given_names="Itzel Noemí")
    sent = begin_amendment(session, enrollment.id, vault=VAULT)
    assert sent is not None
    assert (sent.given_names, sent.curp, sent.email) == ("Itzel Noemí", who.curp, who.email)
    assert open_details(session, enrollment, VAULT).requested == ("given_names",)
    assert open_result(session, enrollment, VAULT) == {"card": "7"}
    # Who was named then stays who they were.
    assert session.get_one(Person, first).given_names == "Itzel"
    topics = select(OutboxItem.topic).where(OutboxItem.ref == enrollment.id)
    assert "enrollments.amend" in session.scalars(topics).all()


def test_the_place_in_the_program_is_held_under_both_names(
    session: Session, citizen: Actor
) -> None:
    who = make_applicant(given_names="Itzel")
    enrollment = _asked(session, citizen, who, "given_names")
    _answer(session, enrollment, citizen, given_names="Noemí")
    held = select(EnrollmentClaim.person_key).where(EnrollmentClaim.enrollment_id == enrollment.id)
    keys = set(session.scalars(held))
    for names in ("Itzel", "Noemí"):
        assert set(person_keys(replace(who, given_names=names), VAULT)) <= keys


def test_nobody_becomes_somebody_else_by_a_correction(session: Session, citizen: Actor) -> None:
    other = make_applicant()
    _asked(session, Actor(Role.CITIZEN, make_account(session)), other)
    enrollment = _asked(session, citizen, make_applicant(), "curp")
    with pytest.raises(IdentityCheckPending), session.begin_nested():
        _answer(session, enrollment, citizen, curp=other.curp, birth_date=other.birth_date)
    own = make_applicant()
    _asked(session, citizen, own)
    with pytest.raises(AlreadyEnrolled), session.begin_nested():
        _answer(session, enrollment, citizen, curp=own.curp, birth_date=own.birth_date)


def test_an_address_is_corrected_where_it_stands(session: Session, citizen: Actor) -> None:
    enrollment = _asked(session, citizen, make_applicant(), "email")
    first = enrollment.person_id
    _answer(session, enrollment, citizen, email="otra@example.org")
    assert enrollment.person_id == first
    assert open_person(session.get_one(Person, first), VAULT).email == "otra@example.org"


@pytest.mark.parametrize(
    ("requested", "given", "code", "where"),
    [
        (("email",), {"given_names": "Otro"}, "not_expected", "applicant.given_names"),
        (("curp",), {"curp": "HEGG560427MVZRRL04"}, "curp_birth_date_differs", "curp"),
    ],
    ids=["not-asked-for", "another-birth-date"],
)
def test_only_what_was_asked_for_is_corrected_and_it_has_to_fit(
    session: Session,
    citizen: Actor,
    requested: tuple[str, ...],
    given: dict[str, object],
    code: str,
    where: str,
) -> None:
    enrollment = _asked(session, citizen, make_applicant(), *requested)
    with pytest.raises(Invalid) as refused:
        _answer(session, enrollment, citizen, **given)
    assert (refused.value.code, refused.value.field) == (code, where)
