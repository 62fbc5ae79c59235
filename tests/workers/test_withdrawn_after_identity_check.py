"""A request that ended because somebody else proved to be its person: who hears what of it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text

from services.enrollments.handing_over import release
from services.enrollments.progress import begin_submission
from services.enrollments.requesting import Applicant
from services.identity.checking import CheckIdentity, check_identity
from services.incidents.models import Incident
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.ids import new_id, spaced
from tests.factories.consulates import add_consulate
from tests.factories.enrollments import make_applicant, make_request
from tests.workers.conftest import enroll, look, messages, outcomes
from workers.jobs.run import run_outbox
from workers.runtime import JobContext

OFFICE = "villanueva"


def test_the_other_account_hears_that_it_was_withdrawn_and_a_person_settles_it_with_the_agency(
    job: JobContext, agencies_url: str
) -> None:
    applicant = make_applicant()
    enrollment = enroll(job, make_request(applicant))
    with job.transaction() as session:
        begin_submission(session, enrollment, now=system_clock(), vault=job.vault)
    _release(job, applicant)
    for topic in ("enrollments.withdrawn", "enrollments.withdrawn_at_agency"):
        _run(job, topic, enrollment)
    [message] = messages(agencies_url, applicant.email or "")
    assert "se retiró después de una revisión de identidad" in message["body"]
    assert spaced(look(job, enrollment).folio) in message["subject"]
    assert "Villanueva" not in message["body"]
    with job.transaction() as session:
        [incident] = session.scalars(select(Incident)).all()
    assert (incident.kind, incident.subject_id) == ("withdrawn_at_agency", enrollment)
    assert incident.detail == {"program": "rfc", "folio": look(job, enrollment).folio}


def test_one_that_was_never_sent_is_sent_no_more(job: JobContext) -> None:
    applicant = make_applicant()
    enrollment = enroll(job, make_request(applicant))
    _release(job, applicant)
    _run(job, "enrollments.submit", enrollment)
    assert outcomes(job, "enrollments.submit") == ["moot"]
    assert outcomes(job, "enrollments.withdrawn_at_agency") == []
    assert look(job, enrollment).status == "withdrawn"


def _release(job: JobContext, applicant: Applicant) -> None:
    with job.transaction() as session:
        add_consulate(session, OFFICE)
        officer = Actor(Role.OFFICER, new_id(), OFFICE)
        command, now = CheckIdentity(applicant, "Acta"), system_clock()
        check = check_identity(session, command, now=now, actor=officer, vault=job.vault)
        release(session, check, "rfc", now=now, actor=officer)


def _run(job: JobContext, topic: str, ref: UUID) -> None:
    query = text("SELECT id FROM outbox WHERE topic = :topic AND ref = :ref")
    with job.transaction() as session:
        item = session.execute(query, {"topic": topic, "ref": ref}).scalar_one()
    run_outbox(str(item))
