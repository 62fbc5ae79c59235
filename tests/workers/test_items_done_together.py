"""Questions and messages of one job cost one transaction before the calls and one behind them; what
goes wrong with one of them is no other's fault, and nothing is lost or doubled for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import event, text

from consular.seed import load_reference
from integrations.contracts import (
    EnrollmentAgency,
    EnrollmentApplication,
    EnrollmentState,
    EnrollmentStatus,
)
from integrations.errors import Unanswered
from services.agencies.pausing import pause
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.outbox import delivery
from services.outbox.inbox import receive_callback
from tests.factories.enrollments import make_applicant, make_request
from tests.workers.conftest import deliver, enroll, look, messages, outcomes
from workers.gate import Guarded
from workers.jobs import enrollments
from workers.jobs.run import run_outbox, use
from workers.runtime import JobContext, build_context

COUNT = 6
NO_ADDRESS, PHONE = "nadie", "+13235550123"


@dataclass
class Sat:
    """In review first; asked again it gives the RFC, once ``before_answer`` was called."""

    asked: list[str] = field(default_factory=list)
    before_answer: Callable[[str], None] = lambda _folio: None

    def request(self, application: EnrollmentApplication) -> EnrollmentState:
        return EnrollmentState(application.folio, EnrollmentStatus.IN_REVIEW)

    def status(self, folio: str) -> EnrollmentState:
        self.asked.append(folio)
        self.before_answer(folio)
        return EnrollmentState(folio, EnrollmentStatus.ACTIVE, {"rfc": "HEQG800101AB1"})


@dataclass
class Asked:
    """Requests in review, and the items of the callbacks about them, in the same order."""

    job: JobContext
    sat: Sat
    requests: list[UUID]
    items: list[UUID]

    def statuses(self) -> list[str]:
        return [look(self.job, request).status for request in self.requests]

    def run(self) -> None:
        """All callbacks in one job."""
        run_outbox(*map(str, self.items))

    def folio(self, number: int) -> str:
        return look(self.job, self.requests[number]).folio

    def columns(self, name: str) -> list[Any]:
        query = text(f"SELECT {name} FROM outbox WHERE id = ANY(:ids) ORDER BY id")  # noqa: S608
        with self.job.transaction() as session:
            return list(session.execute(query, {"ids": self.items}).scalars())


@pytest.fixture
def asked(settings: Settings, job: JobContext) -> Asked:
    load_reference(settings)
    sat = Sat()
    guarded = cast(EnrollmentAgency, Guarded(job.gate, "sat", sat))
    work = replace(job, agencies=replace(job.agencies, enrollments={"sat": guarded}))
    use(work)
    requests = [enroll(job, make_request()) for _ in range(COUNT)]
    for request in requests:
        deliver(job, "enrollments.submit", request)
    return Asked(work, sat, requests, [_callback(job, request) for request in requests])


def _callback(job: JobContext, request: UUID) -> UUID:
    """The agency calls back about it; the outbox item of that."""
    folio = look(job, request).folio
    with job.transaction() as session:
        receive_callback(session, "sat", f"about-{folio}", folio, system_clock())
    return _newest(job, "sat.callback")


def _newest(job: JobContext, topic: str) -> UUID:
    query = text("SELECT id FROM outbox WHERE topic = :topic ORDER BY id DESC LIMIT 1")
    with job.transaction() as session:
        return cast(UUID, session.execute(query, {"topic": topic}).scalar_one())


def test_callbacks_of_a_job_are_claimed_in_one_transaction_and_ended_in_another(
    asked: Asked,
) -> None:
    begun: list[object] = []
    event.listen(asked.job.database.engine, "begin", begun.append)
    asked.run()
    assert len(begun) == 2
    assert asked.statuses() == ["active"] * COUNT
    assert sorted(asked.sat.asked) == sorted(asked.folio(number) for number in range(COUNT))
    assert outcomes(asked.job, "sat.callback") == ["active"] * COUNT


def test_an_agency_that_does_not_answer_for_one_answers_for_the_others(asked: Asked) -> None:
    bad = asked.folio(2)

    def fail(folio: str) -> None:
        if folio == bad:
            raise Unanswered("sat", "status", "timeout")

    asked.sat.before_answer = fail
    asked.run()
    wanted = ["active"] * COUNT
    wanted[2] = "in_review"
    assert asked.statuses() == wanted
    assert len(asked.sat.asked) == COUNT
    assert asked.columns("attempts") == [1] * COUNT
    assert asked.columns("last_error")[2] == "timeout"


def test_what_can_not_be_written_for_one_is_written_for_the_others(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, write = asked.requests[3], enrollments.record_progress

    def fail(session: Any, enrollment: UUID, *args: Any, **named: Any) -> Any:
        if enrollment == bad:
            raise ValueError
        return write(session, enrollment, *args, **named)

    monkeypatch.setattr(enrollments, "record_progress", fail)
    asked.run()
    wanted = ["active"] * COUNT
    wanted[3] = "in_review"
    assert asked.statuses() == wanted
    assert asked.columns("done_at IS NULL") == [number == 3 for number in range(COUNT)]


def test_an_attempt_that_was_overtaken_writes_nothing(asked: Asked) -> None:
    def overtake(folio: str) -> None:
        """Another worker leases one of them while the agency is asked about the first."""
        if len(asked.sat.asked) == 1:
            with asked.job.database.transaction(NETWORK_SCOPE) as session:
                query = text("UPDATE outbox SET fence = fence + 1 WHERE id = :id")
                session.execute(query, {"id": asked.items[4]})

    asked.sat.before_answer = overtake
    asked.run()
    wanted = ["active"] * COUNT
    wanted[4] = "in_review"
    assert asked.statuses() == wanted
    assert asked.columns("outcome")[4] is None


def test_a_paused_agency_is_not_asked_and_all_of_them_wait(
    asked: Asked, settings: Settings
) -> None:
    web, duty = Database(settings.database_url, pool_size=1), Actor(Role.ADMIN, new_id())
    with web.transaction(NETWORK_SCOPE) as session:
        pause(session, "sat", "mantenimiento", now=system_clock(), actor=duty)
    web.dispose()
    asked.run()
    assert asked.sat.asked == []
    assert asked.columns("waits_for") == ["sat"] * COUNT
    assert asked.columns("attempts") == [0] * COUNT


def test_no_more_are_asked_than_the_rate_allows(asked: Asked, settings: Settings) -> None:
    with asked.job.transaction() as session:
        session.execute(text("UPDATE agency_terms SET calls_per_second = 0.01, burst = 2"))
        session.execute(text("UPDATE agency_states SET paid_until = 'epoch'"))
    # Another worker, which hasn't met the agency before the terms changed.
    again = _fresh(asked, settings)
    asked.run()
    assert len(asked.sat.asked) == 2
    assert sorted(map(str, asked.columns("waits_for"))) == ["None"] * 2 + ["sat"] * (COUNT - 2)
    again.database.dispose()


def _fresh(asked: Asked, settings: Settings) -> JobContext:
    """A process that has begun just now."""
    job = build_context(settings)
    guarded = cast(EnrollmentAgency, Guarded(job.gate, "sat", asked.sat))
    use(replace(job, agencies=replace(job.agencies, enrollments={"sat": guarded})))
    return job


def test_a_breaker_that_opens_in_between_keeps_the_others_from_being_asked(
    asked: Asked, settings: Settings
) -> None:
    with asked.job.transaction() as session:
        session.execute(text("UPDATE agency_terms SET failures_to_open = 2, open_seconds = 600,"
                             " longest_open_seconds = 600"))  # fmt: skip

    def fail(_folio: str) -> None:
        raise Unanswered("sat", "status", "timeout")

    asked.sat.before_answer = fail
    again = _fresh(asked, settings)
    asked.run()
    assert len(asked.sat.asked) == 2
    assert asked.columns("attempts") == [1, 1] + [0] * (COUNT - 2)
    again.database.dispose()


def test_behind_calls_that_last_the_others_are_due_again_untried(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.together.LONGEST_CALLS_SECONDS", -1.0)
    asked.run()
    assert asked.sat.asked == []
    assert asked.columns("attempts") == [0] * COUNT
    with asked.job.transaction() as session:
        due = delivery.take_due(session, most=50, again_seconds=60, topics=["sat.callback"])
    assert {item.id for item in due} == set(asked.items)


def test_a_callback_about_another_agencys_request_is_done_all_the_same(asked: Asked) -> None:
    imss = Sat()
    guarded = cast(EnrollmentAgency, Guarded(asked.job.gate, "imss", imss))
    agencies = {**asked.job.agencies.enrollments, "imss": guarded}
    use(replace(asked.job, agencies=replace(asked.job.agencies, enrollments=agencies)))
    request = enroll(asked.job, make_request(program="nss"))
    deliver(asked.job, "enrollments.submit", request)
    asked.items.append(_callback(asked.job, request))  # by SAT, of what IMSS has
    asked.run()
    assert asked.statuses() == ["active"] * COUNT
    assert imss.asked == [look(asked.job, request).folio]
    assert asked.columns("attempts") == [1] * (COUNT + 1)


def test_messages_of_a_job_reach_each_person_once_and_a_lost_one_goes_by_the_next_channel(
    job: JobContext, agencies_url: str
) -> None:
    people = [f"persona{number}@example.org" for number in range(3)]
    requests = [
        enroll(job, make_request(applicant=make_applicant(email=address))) for address in people
    ]
    lost = replace(make_applicant(), email=NO_ADDRESS, phone=PHONE)
    requests.insert(1, enroll(job, make_request(applicant=lost)))
    with job.transaction() as session:
        items = [delivery.enqueue(session, "enrollments.received", request) for request in requests]
    for _ in range(2):
        run_outbox(*map(str, items))
    assert [len(messages(agencies_url, address)) for address in people] == [1] * 3
    query = text("SELECT channel, state FROM messages WHERE ref = :ref ORDER BY created_at")
    with job.transaction() as session:
        sent = [tuple(row) for row in session.execute(query, {"ref": requests[1]})]
    assert sent == [("email", "failed"), ("sms", "sent")]
    assert len(messages(agencies_url, PHONE)) == 1
