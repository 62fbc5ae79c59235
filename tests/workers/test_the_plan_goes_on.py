"""Once an enrollment is active, what comes next in the plan begins by itself, or is told of."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from services.enrollments.choosing import ChoosePlan, Prepared, choose_plan
from services.enrollments.models import Enrollment
from services.enrollments.requesting import request_enrollment
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from tests.factories.enrollments import make_account, make_applicant, make_request
from tests.factories.plans import IMSS_DATA
from tests.workers.conftest import messages, outcomes, until
from workers.runtime import JobContext

CONSENT = ("transfer_to_agency",)
APPLICANT = make_applicant()


def _begin(job: JobContext, *, starts_next: bool) -> UUID:
    """A plan for IMSS, prepared, whose RFC is asked for; the folder."""
    with job.transaction() as session:
        actor = Actor(Role.CITIZEN, make_account(session))
        prepared = {"nss": Prepared({}, CONSENT), "imss": Prepared(IMSS_DATA, CONSENT)}
        plan = ChoosePlan(("imss",), APPLICANT, starts_next, prepared)
        now = system_clock()
        folder = choose_plan(session, plan, now=now, actor=actor, vault=job.vault)
        command = make_request(APPLICANT)
        request_enrollment(session, command, now=now, actor=actor, vault=job.vault)
        return folder.id


def _statuses(job: JobContext, folder: UUID) -> dict[str, str]:
    with job.transaction() as session:
        rows = session.execute(
            select(Enrollment.program, Enrollment.status).where(Enrollment.folder_id == folder)
        )
        return {program: status for program, status in rows}


@pytest.mark.slow
def test_what_is_prepared_is_sent_in_its_turn(job: JobContext, pump: Callable[[], int]) -> None:
    folder = _begin(job, starts_next=True)
    until(lambda: pump() == 0 and _statuses(job, folder).get("imss") == "active")
    assert _statuses(job, folder) == {"rfc": "active", "nss": "active", "imss": "active"}
    assert "sent" not in outcomes(job, "enrollments.next_step")


def test_else_the_person_is_told_once_what_they_can_ask_for(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    folder = _begin(job, starts_next=False)
    until(lambda: pump() == 0 and outcomes(job, "enrollments.next_step") == ["sent"])
    assert _statuses(job, folder) == {"rfc": "active"}
    subjects = [message["subject"] for message in messages(agencies_url, APPLICANT.email or "")]
    assert subjects.count("Ya puedes seguir: NSS") == 1
