"""An RFC from the request to the number, with real processes, queues and HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from redis import Redis

from services.kernel.clock import system_clock
from services.kernel.settings import Settings
from services.outbox.inbox import receive_callback
from tests.factories.enrollments import make_applicant, make_request
from tests.workers.conftest import (
    effects,
    enroll,
    fault,
    look,
    messages,
    outcomes,
    process,
    undone,
    until,
)
from workers.runtime import JobContext


@pytest.mark.slow
def test_an_rfc_is_given_and_told_by_worker_relay_and_schedule_processes(
    quick: Settings, job: JobContext, agencies_url: str
) -> None:
    applicant = make_applicant()
    with process("worker", quick), process("relay", quick), process("schedule", quick):
        enrollment = enroll(job, make_request(applicant))
        until(lambda: look(job, enrollment).status == "active")
        until(lambda: messages(agencies_url, applicant.email or ""))
    end = look(job, enrollment)
    assert end.history[:2] == ["received", "sent_to_agency"]
    assert end.history[-1] == "active"
    assert end.result is not None
    assert len(end.result["rfc"]) == 13
    assert effects(agencies_url, "sat") == {end.folio: 1}
    [message] = messages(agencies_url, applicant.email or "")
    assert applicant.curp not in message["body"]
    assert end.result["rfc"] not in message["body"]


@pytest.mark.slow
def test_nothing_personal_gets_into_logs_or_redis(
    quick: Settings, job: JobContext, redis: Redis, agencies_url: str
) -> None:
    fault(agencies_url, "sat", garbage_rate=0.3, drop_after_effect_rate=0.3)
    people = [make_applicant(first_surname="Tzompantzi") for _ in range(5)]
    seen, kept = b"", set[bytes]()
    with process("worker", quick) as worker, process("relay", quick) as relay:
        enrollments = [enroll(job, make_request(person)) for person in people]
        until(lambda: _keep(redis, kept) and _none_is(job, enrollments, "received"))
        fault(agencies_url, "sat")
        until(lambda: _keep(redis, kept) and _all_active(job, enrollments))
        for running in (worker, relay):
            running.terminate()
            seen += running.communicate()[0]
    assert b"agency_call" in seen
    seen += b"".join(kept)
    for person, enrollment in zip(people, enrollments, strict=True):
        for secret in (person.curp, person.email, (look(job, enrollment).result or {})["rfc"]):
            assert secret is not None
            assert secret.encode() not in seen
    assert b"Tzompantzi" not in seen


def test_names_unlike_the_curp_are_rejected_with_the_reason(
    job: JobContext, pump: Callable[[], int]
) -> None:
    applicant = replace(make_applicant(first_surname="Hernández"), first_surname="Villalobos")
    enrollment = enroll(job, make_request(applicant))
    until(lambda: pump() == 0 and look(job, enrollment).status == "rejected")
    assert look(job, enrollment).reason == "data_mismatch"
    assert look(job, enrollment).result is None


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_decision_is_told_in_the_readers_language(
    job: JobContext, pump: Callable[[], int], agencies_url: str, language: str
) -> None:
    applicant = make_applicant()
    enroll(job, make_request(applicant, language=language))
    until(lambda: pump() == 0 and messages(agencies_url, applicant.email or ""))
    [message] = messages(agencies_url, applicant.email or "")
    assert ("inscripción" in message["subject"]) is (language == "es")


def test_a_callback_brings_the_answer_and_its_replay_has_no_effect(
    job: JobContext, pump: Callable[[], int]
) -> None:
    enrollment = enroll(job, make_request())
    pump()
    folio = look(job, enrollment).folio
    for new in (True, False, False):
        with job.transaction() as session:
            assert receive_callback(session, "sat", "msg-1", folio, system_clock()) is new
    until(lambda: pump() == 0 and undone(job) == 0)
    assert len(outcomes(job, "sat.callback")) == 1
    assert look(job, enrollment).history.count("active") == 1


def test_a_callback_about_an_unknown_folio_is_kept_without_effect(
    job: JobContext, pump: Callable[[], int]
) -> None:
    with job.transaction() as session:
        assert receive_callback(session, "sat", "msg-2", "E0000000000X", system_clock())
    pump()
    assert outcomes(job, "sat.callback") == ["unknown_folio"]


def test_a_lost_answer_is_looked_up_and_never_sent_twice(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    fault(agencies_url, "sat", drop_after_effect_rate=1)
    enrollment = enroll(job, make_request())
    pump()
    assert look(job, enrollment).status == "unknown"
    assert outcomes(job, "enrollments.submit") == ["unknown_connection_lost"]
    fault(agencies_url, "sat")
    until(lambda: pump() == 0 and look(job, enrollment).status == "active")
    assert effects(agencies_url, "sat") == {look(job, enrollment).folio: 1}


def test_what_never_arrived_is_sent_once_the_agency_is_back(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    fault(agencies_url, "sat", unavailable_rate=1)
    enrollment = enroll(job, make_request())
    pump()
    assert outcomes(job, "enrollments.submit") == [None]
    assert effects(agencies_url, "sat") == {}
    fault(agencies_url, "sat")
    until(lambda: pump() == 0 and look(job, enrollment).status == "active")
    assert effects(agencies_url, "sat") == {look(job, enrollment).folio: 1}


def test_garbage_and_errors_of_the_agency_delay_but_do_not_decide(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    fault(agencies_url, "sat", garbage_rate=0.4, error_rate=0.3)
    enrollments = [enroll(job, make_request()) for _ in range(5)]
    for _ in range(10):
        pump()
    fault(agencies_url, "sat")
    until(lambda: pump() == 0 and {look(job, f).status for f in enrollments} == {"active"})
    assert set(effects(agencies_url, "sat").values()) == {1}


def _all_active(job: JobContext, enrollments: list[UUID]) -> bool:
    return {look(job, enrollment).status for enrollment in enrollments} == {"active"}


def _none_is(job: JobContext, enrollments: list[UUID], status: str) -> bool:
    return status not in {look(job, enrollment).status for enrollment in enrollments}


def _keep(redis: Redis, kept: set[bytes]) -> bool:
    """Remember everything that Redis holds now."""
    for key in redis.keys("*"):
        kept.add(key)
        kept.add(redis.dump(key) or b"")
    return True
