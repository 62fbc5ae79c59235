"""Requests that travel by file: none is lost, none is doubled, whatever the file brings back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.enrollments import batches
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.withdrawing import withdraw
from services.kernel.audit import SYSTEM
from services.kernel.clock import system_clock
from services.kernel.settings import Settings
from tests.factories.enrollments import make_applicant, make_request
from tests.workers.conftest import configured, effects, enroll, fault, look, outcomes, undone, until
from workers.runtime import JobContext
from workers.schedule import Schedule, collecting

NSS = "92038500010"
DATA = {"nss": NSS, "amount": {"amount": "500.00", "currency": "MXN"}, "period": "monthly"}
PUMP = Callable[[], int]


def save(job: JobContext, surname: str | None = None) -> UUID:
    form = PROGRAMS["infonavit"].form
    assert form is not None
    applicant = make_applicant(first_surname=surname)
    request = make_request(applicant, program="infonavit", data=DATA, consents=tuple(form.consents))
    return enroll(job, request)


def collect(job: JobContext) -> list[UUID]:
    with job.transaction() as session:
        return batches.collect(session, now=system_clock())


def all_rows(job: JobContext) -> list[tuple[str | None, str | None]]:
    """(status of its batch, outcome) of every row."""
    query = text(
        "SELECT b.status, r.outcome FROM enrollment_batch_rows r"
        " LEFT JOIN enrollment_batches b ON b.id = r.batch_id ORDER BY r.id"
    )
    with job.transaction() as session:
        return [(status, outcome) for status, outcome in session.execute(query)]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four requests make more than one batch."""
    monkeypatch.setattr(batches, "MOST_ROWS", 3)


def test_requests_wait_for_the_night_and_go_in_batches(
    job: JobContext, pump: PUMP, agencies_url: str
) -> None:
    enrollments = [save(job) for _ in range(4)]
    pump()
    assert {look(job, each).status for each in enrollments} == {"received"}
    assert outcomes(job, "enrollments.submit") == ["queued"] * 4
    assert len(collect(job)) == 2
    until(
        lambda: pumped(job, pump) and {look(job, each).status for each in enrollments} == {"active"}
    )
    assert effects(agencies_url, "infonavit") == {look(job, each).folio: 1 for each in enrollments}
    end = look(job, enrollments[0])
    assert end.history[:2] == ["received", "sent_to_agency"]
    assert set(end.result or {}) == {"nss", "savings_account", "saving_from"}
    until(lambda: pumped(job, pump) and undone(job) == 0)
    assert set(all_rows(job)) == {("answered", "taken")}


def test_a_request_is_in_one_batch_at_a_time(job: JobContext, pump: PUMP) -> None:
    enrollment = save(job)
    pump()
    for _ in range(3):
        with job.transaction() as session:
            batches.queue(session, enrollment, "infonavit", now=system_clock())
    assert all_rows(job) == [(None, None)]
    insert = text(
        "INSERT INTO enrollment_batch_rows (id, agency, enrollment_id, queued_at)"
        " VALUES (gen_random_uuid(), 'infonavit', :id, now())"
    )
    with pytest.raises(IntegrityError, match="uq_enrollment_batch_rows_open"):  # noqa: SIM117
        with job.transaction() as session:
            session.execute(insert, {"id": enrollment})


def test_what_was_withdrawn_in_time_is_not_sent(
    job: JobContext, pump: PUMP, agencies_url: str
) -> None:
    stays, goes = save(job), save(job)
    pump()
    with job.transaction() as session:
        withdraw(session, goes, now=system_clock(), actor=SYSTEM)
    collect(job)
    until(lambda: pumped(job, pump) and look(job, stays).status == "active")
    assert effects(agencies_url, "infonavit") == {look(job, stays).folio: 1}
    assert sorted(all_rows(job)) == [("answered", "taken"), ("answered", "withdrawn")]


def test_a_batch_of_withdrawn_ones_is_over(job: JobContext, pump: PUMP) -> None:
    goes = save(job)
    pump()
    with job.transaction() as session:
        withdraw(session, goes, now=system_clock(), actor=SYSTEM)
    collect(job)
    pump()
    assert all_rows(job) == [("answered", "withdrawn")]
    assert undone(job) == 0


def test_a_lost_answer_is_asked_about_and_the_file_not_sent_twice(
    job: JobContext, pump: PUMP, agencies_url: str
) -> None:
    enrollment = save(job)
    pump()
    fault(agencies_url, "infonavit", drop_after_effect_rate=1)
    collect(job)
    pump()
    assert all_rows(job) == [("unknown", None)]
    fault(agencies_url, "infonavit")
    until(lambda: pumped(job, pump) and look(job, enrollment).status == "active")
    assert set(effects(agencies_url, "infonavit").values()) == {1}


def test_a_file_that_never_arrived_is_sent_again_under_its_key(
    job: JobContext, pump: PUMP, agencies_url: str
) -> None:
    enrollment = save(job)
    pump()
    fault(agencies_url, "infonavit", unavailable_rate=1)
    collect(job)
    pump()
    assert all_rows(job) == [("sending", None)]
    fault(agencies_url, "infonavit")
    until(lambda: pumped(job, pump) and look(job, enrollment).status == "active")
    assert set(effects(agencies_url, "infonavit").values()) == {1}


def test_whatever_the_file_says_each_request_has_one_state(
    job: JobContext, pump: PUMP, agencies_url: str
) -> None:
    wanted = {
        "Omitido": "active",
        "Repetido": "active",
        "Contradicho": "active",
        "Extra": "active",
        "Inscrito": "rejected",
        "Sinseguro": "rejected",
        "Rectificar": "more_information_requested",
        "Pendiente": "in_review",
    }
    enrollments = {surname: save(job, surname) for surname in wanted}
    pump()
    collect(job)
    until(
        lambda: (
            pumped(job, pump)
            and {surname: look(job, each).status for surname, each in enrollments.items()} == wanted
            and set(all_rows(job)) == {("answered", "taken")}
        )
    )
    assert set(effects(agencies_url, "infonavit").values()) == {1}
    with job.transaction() as session:
        details = session.execute(
            text("SELECT detail ->> 'folios' FROM incidents WHERE kind = 'results_contradict'")
        )
        odd = {folio for folios in details.scalars() for folio in folios.split(", ")}
    assert odd == {look(job, enrollments["Contradicho"]).folio, "E000000000XX"}


def test_what_the_agency_lost_goes_into_the_next_batch(
    job: JobContext, pump: PUMP, agencies_url: str
) -> None:
    enrollment = save(job)
    pump()
    [batch] = collect(job)
    with job.transaction() as session:
        batches.begin(session, batch, now=system_clock(), vault=job.vault)
        batches.record_sent(session, batch, known=True, now=system_clock())
        folio = look(job, enrollment).folio
        over = batches.settle_rows(
            session, batch, {}, {folio}, answered=True, now=system_clock(), vault=job.vault
        )
    assert over
    assert all_rows(job) == [("answered", "lost"), (None, None)]
    collect(job)
    until(lambda: pumped(job, pump) and look(job, enrollment).status == "active")
    assert effects(agencies_url, "infonavit") == {folio: 1}


def test_a_correction_goes_with_the_next_batch(job: JobContext, pump: PUMP) -> None:
    enrollment = save(job, "Rectificar")
    pump()
    collect(job)
    until(
        lambda: pumped(job, pump) and look(job, enrollment).status == "more_information_requested"
    )
    with job.transaction() as session:
        batches.queue(session, enrollment, "infonavit", now=system_clock())
    collect(job)
    until(lambda: pumped(job, pump) and look(job, enrollment).status == "active")


def test_no_question_is_asked_of_what_waits_for_a_file(job: JobContext, pump: PUMP) -> None:
    save(job)
    pump()
    with job.transaction() as session:
        session.execute(text("UPDATE enrollments SET changed_at = now() - interval '1 hour'"))
    Schedule(job.database, job.clock).tick()
    assert outcomes(job, "enrollments.refresh") == []


def test_a_batch_whose_job_was_lost_goes_on(job: JobContext, pump: PUMP) -> None:
    enrollment = save(job)
    pump()
    collect(job)
    with job.transaction() as session:
        session.execute(text("DELETE FROM outbox"))
        session.execute(
            text("UPDATE enrollment_batches SET changed_at = now() - interval '1 hour'")
        )
    Schedule(job.database, job.clock).tick()
    until(lambda: pumped(job, pump) and look(job, enrollment).status == "active")


def test_files_go_all_the_time_in_development_and_at_night_in_production(
    settings: Settings,
) -> None:
    often = collecting(settings)
    assert (often.hour, often.every_seconds) == (None, 3)
    production = configured(replace(settings, env="production"), CONSULAR_BATCH_HOUR="2")
    assert collecting(production).hour == 2


def test_a_nightly_job_starts_once_a_night_in_mexico_city(
    job: JobContext, settings: Settings
) -> None:
    nightly = collecting(replace(settings, env="production"))
    started = [Schedule(job.database, job.clock, nightly).tick() for _ in range(3)]
    assert [nightly.job in jobs for jobs in started] == [True, False, False]
    query = text("SELECT due_at FROM scheduled_runs WHERE job = :job")
    with job.transaction() as session:
        [due] = session.execute(query, {"job": nightly.job}).scalars().all()
    local = due.astimezone(ZoneInfo("America/Mexico_City"))
    assert (local.hour, local.minute, local.second) == (1, 0, 0)
    assert timedelta(0) <= system_clock() - due < timedelta(days=1)


FAULTS = st.fixed_dictionaries(
    {},
    optional={
        "unavailable_rate": st.sampled_from([0.3, 1]),
        "error_rate": st.sampled_from([0.3, 1]),
        "drop_after_effect_rate": st.sampled_from([0.5, 1]),
        "garbage_rate": st.just(0.5),
    },
)
SURNAMES = st.sampled_from(["Luna", "Peña", "Omitido", "Repetido", "Contradicho", "Inscrito"])


@hypothesis_settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(surnames=st.lists(SURNAMES, min_size=1, max_size=6), faults=st.lists(FAULTS, max_size=4))
def test_each_request_ends_once_whatever_goes_wrong(
    job: JobContext,
    pump: PUMP,
    agencies_url: str,
    surnames: list[str],
    faults: list[dict[str, float]],
) -> None:
    enrollments = [save(job, surname) for surname in surnames]
    pump()
    collect(job)
    for rates in faults:
        fault(agencies_url, "infonavit", **rates)
        pump()
        ring_all(job)
    fault(agencies_url, "infonavit")
    ends = {"Inscrito": "rejected"}
    wanted = [ends.get(surname, "active") for surname in surnames]
    until(lambda: pumped(job, pump) and [look(job, each).status for each in enrollments] == wanted)
    folios = {look(job, each).folio for each in enrollments}
    done = effects(agencies_url, "infonavit")
    assert {folio: done[folio] for folio in folios} == dict.fromkeys(folios, 1)
    assert all(
        look(job, each).history.count(end) == 1
        for each, end in zip(enrollments, wanted, strict=True)
    )


def pumped(job: JobContext, pump: PUMP) -> bool:
    """Do all that waits, whenever it is due."""
    ring_all(job)
    pump()
    return True


def ring_all(job: JobContext) -> None:
    """What was put off is due, and every agency may be called: a test doesn't wait."""
    with job.transaction() as session:
        session.execute(
            text("UPDATE outbox SET ring_at = now(), waits_for = NULL WHERE done_at IS NULL")
        )
        session.execute(
            text(
                "UPDATE agency_states SET state = 'closed', open_until = NULL, probe_until = NULL,"
                " failures = 0"
            )
        )
