"""Each style of agency from the request to the number: at once, by file, and only asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from services.agencies.models import AgencyState
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.queries import get_enrollment, open_details
from tests.factories.enrollments import WORK, make_applicant, make_request
from tests.workers.conftest import effects, enroll, fault, look, outcomes, until
from workers.runtime import JobContext


def ask(job: JobContext, program: str, data: Any = None, surname: str | None = None) -> UUID:
    form = PROGRAMS[program].form
    assert form is not None
    applicant = make_applicant(first_surname=surname)
    request = make_request(
        applicant, program=program, data=data or {}, consents=tuple(form.consents)
    )
    return enroll(job, request)


def checked(job: JobContext, enrollment: UUID) -> tuple[str | None, list[str] | None]:
    with job.transaction() as session:
        row = get_enrollment(session, enrollment)
        return row.curp_check, row.curp_differs


def test_a_number_is_there_after_one_call(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    enrollment = ask(job, "nss")
    pump()
    end = look(job, enrollment)
    assert end.history == ["received", "sent_to_agency", "active"]
    assert len((end.result or {})["nss"]) == 11
    assert effects(agencies_url, "imss") == {end.folio: 1}
    assert checked(job, enrollment) == ("agrees", [])


def test_a_worker_is_covered_once_the_line_is_paid(
    job: JobContext, pump: Callable[[], int]
) -> None:
    enrollment = ask(job, "imss", WORK)
    until(lambda: pump() == 0 and look(job, enrollment).status == "active")
    end = look(job, enrollment)
    assert end.history == ["received", "sent_to_agency", "payment_pending", "active"]
    assert set(end.result or {}) == {"nss", "covered_from", "covered_to"}


def test_an_illness_from_before_is_a_reason(job: JobContext, pump: Callable[[], int]) -> None:
    member = {"name": "Ana", "born": "1990-01-01", "kinship": "self", "ill": True}
    enrollment = ask(job, "imss_family_health", {"members": [member]})
    until(lambda: pump() == 0 and look(job, enrollment).status == "rejected")
    assert look(job, enrollment).reason == "pre_existing_illness"


@pytest.mark.parametrize(
    ("surname", "reason"),
    [
        ("Desconocido", "curp_not_found"),
        ("Sustituido", "curp_replaced"),
        ("Finado", "curp_cancelled"),
    ],
)
def test_a_curp_that_is_none_any_more_is_not_sent(
    job: JobContext, pump: Callable[[], int], agencies_url: str, surname: str, reason: str
) -> None:
    enrollment = ask(job, "rfc", surname=surname)
    pump()
    end = look(job, enrollment)
    assert (end.history, end.reason) == (["received", "rejected"], reason)
    assert effects(agencies_url, "sat") == {}


def test_what_the_register_has_otherwise_is_kept_and_the_agency_decides(
    job: JobContext, pump: Callable[[], int]
) -> None:
    enrollment = ask(job, "nss", surname="Distinto")
    pump()
    assert checked(job, enrollment) == ("differs", ["given_names"])
    assert look(job, enrollment).status == "active"


def test_a_register_that_is_down_is_waited_for_a_while_and_no_longer(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    fault(agencies_url, "renapo", unavailable_rate=1)
    enrollment = ask(job, "nss")
    pump()
    assert look(job, enrollment).status == "received"
    grown_old(job)
    until(lambda: pump() == 0 and look(job, enrollment).status == "active")
    assert checked(job, enrollment) == ("unchecked", [])


def test_nobody_waits_for_a_register_whose_breaker_is_open(
    job: JobContext, pump: Callable[[], int]
) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    with job.transaction() as session:
        session.add(AgencyState(agency="renapo", state="open", open_until=later, failures=9))
    enrollment = ask(job, "nss")
    pump()
    assert look(job, enrollment).status == "active"
    assert checked(job, enrollment) == ("unchecked", [])


def test_who_was_checked_is_not_checked_again(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    fault(agencies_url, "sat", unavailable_rate=1)
    enrollment = ask(job, "rfc")
    pump()
    assert checked(job, enrollment) == ("agrees", [])
    fault(agencies_url, "renapo", error_rate=1)
    fault(agencies_url, "sat")
    until(lambda: pump() == 0 and look(job, enrollment).status == "active")


def test_an_appointment_comes_before_the_rfc(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    enrollment = ask(job, "rfc", surname="Citado")
    until(lambda: pump() == 0 and look(job, enrollment).status == "appointment_scheduled")
    with job.transaction() as session:
        details = open_details(session, get_enrollment(session, enrollment), job.vault)
    assert details.appointment is not None
    assert details.appointment.starts_at > datetime.now(UTC)
    folio = look(job, enrollment).folio
    told = httpx.post(f"{agencies_url}/_simulator/people/{folio}/appointment")
    assert told.status_code == 303
    until(lambda: pump() == 0 and look(job, enrollment).status == "active")
    assert look(job, enrollment).history[-2:] == ["appointment_scheduled", "active"]
    assert outcomes(job, "enrollments.submit") == ["sent_to_agency"]


def test_a_correction_is_asked_for(job: JobContext, pump: Callable[[], int]) -> None:
    enrollments = [ask(job, "rfc", surname="Aclarar"), ask(job, "imss", WORK, "Corregir")]
    wanted = {"more_information_requested"}
    until(lambda: pump() == 0 and {look(job, each).status for each in enrollments} == wanted)


def test_unlike_names_are_rejected(job: JobContext, pump: Callable[[], int]) -> None:
    applicant = replace(make_applicant(first_surname="Hernández"), first_surname="Villalobos")
    for program, data in (("nss", {}), ("imss", WORK)):
        form = PROGRAMS[program].form
        assert form is not None
        request = make_request(applicant, program=program, data=data, consents=tuple(form.consents))
        enrollment = enroll(job, request)
        until(lambda id=enrollment: pump() == 0 and look(job, id).status == "rejected")
        assert look(job, enrollment).reason == "data_mismatch"


def grown_old(job: JobContext) -> None:
    """All requests were made a while ago, and what waits is due."""
    with job.transaction() as session:
        session.execute(text("UPDATE enrollments SET created_at = created_at - interval '1 hour'"))
        session.execute(
            text("UPDATE outbox SET ring_at = now(), waits_for = NULL WHERE done_at IS NULL")
        )
