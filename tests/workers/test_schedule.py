"""Periodic work starts once, however many schedulers there are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import text

from services.kernel.clock import system_clock
from services.kernel.db import Database
from services.kernel.settings import Settings
from services.outbox.periodic import start_if_due
from tests.factories.enrollments import make_request
from tests.workers.conftest import enroll, look, outcomes, process, until
from workers import schedule
from workers.jobs.run import run_outbox
from workers.retention import RETENTION, delete_expired
from workers.routes import ROUTES
from workers.runtime import JobContext
from workers.schedule import PERIODIC, Schedule


def test_many_schedulers_start_a_job_once(job: JobContext) -> None:
    def tick(_: int) -> list[str]:
        return Schedule(job.database, job.clock).tick()

    with ThreadPoolExecutor(6) as pool:
        started = [job for jobs in pool.map(tick, range(24)) for job in jobs]
    once = [periodic.job for periodic in PERIODIC if periodic.every_seconds >= 1800]
    assert sorted(job for job in started if job in once) == sorted(once)
    for topic in once:
        assert outcomes(job, topic) == [None]


def test_two_schedule_processes_make_one_run(quick: Settings, job: JobContext) -> None:
    with process("schedule", quick), process("schedule", quick):
        until(lambda: len(_runs(job)) >= len(PERIODIC))
    assert len(_runs(job)) == len(set(_runs(job)))
    assert len(outcomes(job, "housekeeping.sweep")) == 1


def test_a_start_that_is_rolled_back_is_left_to_the_next(job: JobContext) -> None:
    with job.transaction() as session:
        assert start_if_due(session, "test", every_seconds=3600)
        session.rollback()
    with job.transaction() as session:
        assert start_if_due(session, "test", every_seconds=3600)
        assert not start_if_due(session, "test", every_seconds=3600)


def test_due_times_lie_on_a_grid(job: JobContext) -> None:
    with job.transaction() as session:
        start_if_due(session, "test", every_seconds=1800)
        minute = session.execute(text("SELECT extract(epoch FROM due_at) FROM scheduled_runs"))
        assert int(minute.scalar_one()) % 1800 == 0


def test_a_schedule_without_its_database_waits(job: JobContext) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:9/none")
    assert Schedule(nowhere, job.clock).tick() == []
    nowhere.dispose()


def test_an_enrollment_that_nothing_is_on_its_way_about_is_asked_for(job: JobContext) -> None:
    enrollment = enroll(job, make_request())
    with job.transaction() as session:
        session.execute(text("UPDATE outbox SET done_at = now(), outcome = 'lost'"))
    later = system_clock() + schedule.UNATTENDED_AFTER + timedelta(seconds=1)
    Schedule(job.database, lambda _session: later).tick()
    assert outcomes(job, "enrollments.refresh") == [None]
    assert look(job, enrollment).status == "received"


def test_every_periodic_topic_has_a_handler() -> None:
    topics = {periodic.job for periodic in PERIODIC}
    assert {topic for topic in topics if not topic.endswith(".unattended")} <= set(ROUTES)


def test_housekeeping_deletes_what_is_past_its_time_and_nothing_else(job: JobContext) -> None:
    with job.transaction() as session:
        insert = text(
            "INSERT INTO outbox (id, topic, ref, done_at, outcome) VALUES (gen_random_uuid(),"
            " :topic, gen_random_uuid(), now() - make_interval(days => :days), :outcome)"
        )
        for topic, days, outcome in (
            ("old", 30, "sent"),
            ("old_parked", 30, "parked"),
            ("new", 0, "sent"),
            ("undone", None, None),
        ):
            session.execute(insert, {"topic": topic, "days": days, "outcome": outcome})
        session.execute(
            text("INSERT INTO attempts VALUES ('a', now() - interval '2 days', 1), ('b', now(), 1)")
        )
    with job.transaction() as session:
        counts = {table: delete_expired(session, table) for table in RETENTION}
    assert counts == {
        "login_codes": 0,
        "attempts": 1,
        "idempotency_keys": 0,
        "web_sessions": 0,
        "drafts": 0,
        "form_submissions": 0,
        "outbox": 1,
        "identity_checks": 0,
        "blocked_records": 0,
        "heartbeats": 0,
        "helper_links": 0,
        "vacated_places": 0,
        "desk_steps": 0,
        "noted_offline": 0,
        "visits": 0,
        "appointment_reminders": 0,
        "pre_application_documents": 0,
        "imported_appointments": 0,
        "messages": 0,
        "place_watches": 0,
        "scheduled_runs": 0,
        "dataset_months": 0,
        "holder_checks": 0,
    }
    assert outcomes(job, "old") == []


def test_the_sweep_ends_its_item(job: JobContext) -> None:
    Schedule(job.database, job.clock).tick()
    with job.transaction() as session:
        query = text("SELECT id FROM outbox WHERE topic = 'housekeeping.sweep'")
        item = session.execute(query).scalar_one()
    run_outbox(str(item))
    assert outcomes(job, "housekeeping.sweep") == ["swept"]


def _runs(job: JobContext) -> list[tuple[str, object]]:
    with job.transaction() as session:
        rows = session.execute(text("SELECT job, due_at FROM scheduled_runs"))
        return [(row.job, row.due_at) for row in rows]
