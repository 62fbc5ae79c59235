"""Before a term that has lapsed closes a request, its agency is heard once more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from integrations.contracts import EnrollmentState, EnrollmentStatus
from integrations.errors import Unanswered
from services.enrollments.lapsing import list_lapsed
from services.enrollments.queries import get_enrollment
from services.enrollments.requesting import request_enrollment
from services.kernel.audit import Actor, Role
from services.outbox.delivery import enqueue
from tests.factories.enrollments import make_account, make_request
from tests.factories.remittances import VAULT
from tests.servers import DatabaseUrls
from tests.workers.test_enrollment_machine import Bench, Register

# Three months and some after the manual clock's day.
LATER = timedelta(days=100)


class Silent(Register):
    """Takes a request in, and can't be asked afterwards."""

    def status(self, folio: str) -> EnrollmentState:
        raise Unanswered("sat", "status", "timeout")


@pytest.fixture
def bench(database: DatabaseUrls) -> Iterator[Bench]:
    with Bench(database.app_url) as bench:
        yield bench


def _sent(bench: Bench) -> UUID:
    with bench.work.transaction() as session:
        actor = Actor(Role.CITIZEN, make_account(session))
        enrollment = request_enrollment(
            session, make_request(), now=bench.clock(), actor=actor, vault=VAULT
        ).id
    bench.run(enrollment, "enrollments.submit")
    return enrollment


def _lapses(bench: Bench, enrollment_id: UUID) -> tuple[str, str | None]:
    """What the schedule starts and a worker does, and how it stands then."""
    with bench.work.transaction() as session:
        for lapsed in list_lapsed(session, now=bench.clock(), limit=9):
            enqueue(session, "enrollments.lapse", lapsed)
    bench.run(enrollment_id, "enrollments.lapse")
    with bench.work.transaction() as session:
        enrollment = get_enrollment(session, enrollment_id)
        return enrollment.status, enrollment.reason_code


def test_what_the_agency_says_at_the_last_counts(bench: Bench) -> None:
    enrollment = _sent(bench)
    bench.register.moves(EnrollmentStatus.ACTIVE)
    bench.clock.forward(seconds=LATER.total_seconds())
    assert _lapses(bench, enrollment) == ("active", None)


def test_an_agency_that_says_nothing_new_has_said_no(bench: Bench) -> None:
    enrollment = _sent(bench)
    bench.register.moves(EnrollmentStatus.IN_REVIEW)
    assert _lapses(bench, enrollment) == ("sent_to_agency", None)
    bench.clock.forward(seconds=LATER.total_seconds())
    assert _lapses(bench, enrollment) == ("rejected", "no_answer_in_term")


def test_an_agency_that_can_not_be_asked_has_ten_working_days_more(bench: Bench) -> None:
    bench.register = Silent(bench.clock)
    enrollment = _sent(bench)
    bench.clock.forward(seconds=LATER.total_seconds())
    assert _lapses(bench, enrollment) == ("sent_to_agency", None)
    bench.clock.forward(seconds=timedelta(days=20).total_seconds())
    assert _lapses(bench, enrollment) == ("rejected", "no_answer_in_term")
