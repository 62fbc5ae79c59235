"""What a request for an RFC costs in round trips to PostgreSQL: a quarter of a millisecond each."""

from __future__ import annotations

from dataclasses import replace
from typing import cast
from uuid import UUID

import pytest

from integrations.contracts import (
    EnrollmentAgency,
    EnrollmentApplication,
    EnrollmentState,
    EnrollmentStatus,
)
from tests.factories.counting import counting
from tests.factories.enrollments import make_request
from tests.workers.conftest import deliver, enroll, look, outcomes
from workers.gate import Guarded
from workers.jobs.run import use
from workers.runtime import JobContext

# With the look-up of each item by this test.
MOST = 37


class AtOnce:
    """An agency that is in review first, and gives the RFC when asked again."""

    def request(self, application: EnrollmentApplication) -> EnrollmentState:
        return EnrollmentState(application.folio, EnrollmentStatus.IN_REVIEW)

    def status(self, folio: str) -> EnrollmentState:
        return EnrollmentState(folio, EnrollmentStatus.ACTIVE, {"rfc": "HEQG800101AB1"})


def test_a_request_costs_few_statements(job: JobContext, monkeypatch: pytest.MonkeyPatch) -> None:
    # Calls that were bought stay bought, however slow the machine.
    monkeypatch.setattr("workers.gate.TOKENS_SECONDS", 600.0)
    sat = cast(EnrollmentAgency, Guarded(job.gate, "sat", AtOnce()))
    use(replace(job, agencies=replace(job.agencies, enrollments={"sat": sat})))
    # The first one meets each agency, reads its terms and buys calls of it.
    _do(job, enroll(job, make_request()))
    enrollment = enroll(job, make_request())
    with counting(job.database) as sent:
        _do(job, enrollment)
    assert look(job, enrollment).history[-1] == "active"
    assert outcomes(job, "enrollments.decided") == ["sent", "sent"]
    assert len(sent) <= MOST, "\n".join(sent)


def _do(job: JobContext, enrollment: UUID) -> None:
    """Send it, ask what became of it, tell it."""
    for topic in ("enrollments.submit", "enrollments.refresh", "enrollments.decided"):
        deliver(job, topic, enrollment)
