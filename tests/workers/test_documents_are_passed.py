"""Uploaded documents reach their agency, each once, with consent and while the request is open."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select, text

from services.enrollments.models import Enrollment, PassedDocument
from services.enrollments.withdrawing import withdraw
from services.files.cleaning import CleanFile
from services.files.rules import Stored
from services.folders.consenting import withdraw_consents
from services.folders.models import Folder
from services.folders.uploading import UploadDocument, upload
from services.kernel.audit import SYSTEM, Actor, AuditEntry, Role
from services.kernel.clock import system_clock
from tests.factories.enrollments import make_applicant, make_request
from tests.workers.conftest import deliver, effects, enroll, fault, look, outcomes, undone, until
from workers.runtime import JobContext

PDF = CleanFile(Stored.PDF, b"%PDF-1.7 a document", b"a small one", 1)
TOPIC = "enrollments.documents"


def asked_for_with(job: JobContext, *kinds: str, program: str = "rfc") -> UUID:
    """A request of somebody who stays in review, with a document of each kind."""
    applicant = make_applicant(first_surname="Pendiente")
    enrollment = enroll(job, make_request(applicant, program=program))
    for kind in kinds:
        add(job, enrollment, kind)
    return enrollment


def add(job: JobContext, enrollment: UUID, kind: str) -> UUID:
    with job.transaction() as session:
        row = session.get_one(Enrollment, enrollment)
        assert row.folder_id
        actor = Actor(Role.CITIZEN, row.account_id)
        command = UploadDocument(kind, "acta.pdf", PDF)
        who = {"now": system_clock(), "actor": actor, "vault": job.vault}
        return upload(session, row.folder_id, command, **who).id


def passed(job: JobContext, enrollment: UUID) -> set[UUID]:
    with job.transaction() as session:
        mine = PassedDocument.enrollment_id == enrollment
        return set(session.scalars(select(PassedDocument.document_id).where(mine)))


def again(job: JobContext) -> None:
    """The pause after a try that didn't end it is over."""
    with job.transaction() as session:
        session.execute(text("UPDATE outbox SET lease_until = NULL WHERE done_at IS NULL"))


def test_each_document_of_the_programs_list_arrives_once(
    job: JobContext, agencies_url: str
) -> None:
    enrollment = asked_for_with(job, "identification", "curp", "other", "nss")
    deliver(job, "enrollments.submit", enrollment)
    deliver(job, TOPIC, enrollment)
    assert outcomes(job, TOPIC) == ["passed"]
    folio = look(job, enrollment).folio
    taken = effects(agencies_url, "sat.documents")
    # What only another program asks for stays here.
    assert len(passed(job, enrollment)) == 3
    assert taken == {f"{folio}/{one.hex}": 1 for one in passed(job, enrollment)}
    with job.transaction() as session:
        told = session.scalars(
            select(AuditEntry.subject_id).where(AuditEntry.action == "document.passed")
        )
        assert set(told) == passed(job, enrollment)


@pytest.mark.parametrize("wrong", ["drop_after_effect_rate", "garbage_rate", "unavailable_rate"])
def test_a_lost_answer_doubles_nothing(job: JobContext, agencies_url: str, wrong: str) -> None:
    enrollment = asked_for_with(job, "identification", "curp")
    deliver(job, "enrollments.submit", enrollment)
    fault(agencies_url, "sat", **{wrong: 1.0})
    for _ in range(2):
        deliver(job, TOPIC, enrollment)
        again(job)
    assert outcomes(job, TOPIC) == [None]
    fault(agencies_url, "sat")
    deliver(job, TOPIC, enrollment)
    assert outcomes(job, TOPIC) == ["passed"]
    assert [*effects(agencies_url, "sat.documents").values()] == [1, 1]


def test_it_waits_until_the_agency_knows_the_request(job: JobContext, agencies_url: str) -> None:
    enrollment = asked_for_with(job, "identification")
    fault(agencies_url, "sat", unavailable_rate=1.0)
    deliver(job, "enrollments.submit", enrollment)
    fault(agencies_url, "sat")
    deliver(job, TOPIC, enrollment)
    assert outcomes(job, TOPIC) == [None]
    again(job)
    deliver(job, "enrollments.submit", enrollment)
    deliver(job, TOPIC, enrollment)
    assert outcomes(job, TOPIC) == ["passed"]


def test_nothing_goes_without_consent_or_after_a_withdrawal(
    job: JobContext, agencies_url: str
) -> None:
    revoked, given_up = (asked_for_with(job, "identification") for _ in range(2))
    for enrollment in (revoked, given_up):
        deliver(job, "enrollments.submit", enrollment)
    with job.transaction() as session:
        row = session.get_one(Enrollment, revoked)
        folder = session.get_one(Folder, row.folder_id)
        withdraw_consents(session, folder, "rfc", now=system_clock(), actor=SYSTEM)
        withdraw(session, given_up, now=system_clock(), actor=SYSTEM)
    for enrollment in (revoked, given_up):
        deliver(job, TOPIC, enrollment)
    assert outcomes(job, TOPIC) == ["moot", "moot"]
    assert effects(agencies_url, "sat.documents") == {}


def test_a_request_without_documents_costs_nothing(job: JobContext) -> None:
    deliver(job, "enrollments.submit", asked_for_with(job))
    assert outcomes(job, TOPIC) == []


def test_those_of_a_request_by_file_follow_it(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    enrollment = asked_for_with(job, "curp", program="nss")
    until(lambda: pump() == 0 and undone(job) <= 1)
    assert outcomes(job, TOPIC) == ["passed"]
    [key] = effects(agencies_url, "imss.documents")
    assert key.startswith(look(job, enrollment).folio)
