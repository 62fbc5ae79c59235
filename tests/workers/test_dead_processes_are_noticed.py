"""A relay, workers, a schedule or books that are dead are noticed, and told once an outage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.incidents.reporting import Report, report, suspend
from services.incidents.rules import Kind, Subject
from services.kernel.clock import database_clock
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.operations import heartbeats
from services.operations.rules import DEAD_AFTER, Liveness, Process, judge
from tests.workers.conftest import fault, messages, process, until
from workers.agencies import build_notices
from workers.alarm import Alarm
from workers.gate import Gate
from workers.pulse import Pulse
from workers.runtime import JobContext

ADDRESS = "guardia@example.org"


@pytest.fixture
def alarm(job: JobContext, quick: Settings) -> Alarm:
    notices = build_notices(quick, Gate(job.database))
    return Alarm(job.database, notices, address=ADDRESS, site="http://localhost")


def beat(job: JobContext, *processes: Process) -> None:
    with job.transaction() as session:
        for each in processes:
            heartbeats.beat(session, each, new_id())


def silence(job: JobContext, process: Process | None = None, seconds: float = 61) -> None:
    """So much time passes, without a sign of life from this process (None: from any)."""
    with job.transaction() as session:
        session.execute(
            text(
                "UPDATE heartbeats SET started_at = started_at - make_interval(secs => :s),"
                " beat_at = CASE WHEN process = coalesce(:process, process)"
                " THEN beat_at - make_interval(secs => :s) ELSE beat_at END"
            ),
            {"s": seconds, "process": process},
        )


def column(job: JobContext, query: str) -> list[Any]:
    with job.transaction() as session:
        return list(session.execute(text(query)).scalars())


OPEN = "SELECT detail ->> 'process' FROM incidents WHERE resolved_at IS NULL"


@pytest.mark.parametrize("dead", list(Process))
def test_it_is_an_incident_and_one_message_an_outage(
    job: JobContext, alarm: Alarm, agencies_url: str, dead: Process
) -> None:
    beat(job, *Process)
    silence(job, dead)
    for _ in range(3):
        alarm.tick()
    assert column(job, OPEN) == [dead]
    [message] = messages(agencies_url, ADDRESS)
    assert str(dead) in message["subject"]
    assert "http://localhost/operations" in message["body"]
    beat(job, dead)
    alarm.tick()
    assert column(job, OPEN) == []
    assert column(job, "SELECT resolution FROM incidents") == ["recovered"]
    silence(job, dead)
    alarm.tick()
    assert len(messages(agencies_url, ADDRESS)) == 2


def test_two_that_watch_tell_once(job: JobContext, alarm: Alarm, agencies_url: str) -> None:
    """Even where one died between sending and saying that it had."""
    beat(job, *Process)
    silence(job, Process.RELAY)
    alarm.tick()
    with job.transaction() as session:
        session.execute(text("UPDATE outages SET told_at = NULL"))
    alarm.tick()
    assert len(messages(agencies_url, ADDRESS)) == 1


def test_what_can_not_be_told_now_is_told_later(
    job: JobContext, alarm: Alarm, agencies_url: str
) -> None:
    beat(job, *Process)
    silence(job, Process.WORKER)
    fault(agencies_url, "notices", unavailable_rate=1.0)
    alarm.tick()
    assert messages(agencies_url, ADDRESS) == []
    fault(agencies_url, "notices")
    alarm.tick()
    assert len(messages(agencies_url, ADDRESS)) == 1


def test_nothing_is_dead_while_all_are_starting(job: JobContext, alarm: Alarm) -> None:
    beat(job, *Process)
    silence(job)
    beat(job, Process.RELAY)
    alarm.tick()
    assert column(job, OPEN) == []


@pytest.mark.parametrize(
    ("alive", "watched", "liveness"),
    [
        (1, timedelta(0), Liveness.ALIVE),
        (0, timedelta(seconds=1), Liveness.STARTING),
        (0, DEAD_AFTER[Process.RELAY], Liveness.DEAD),
        (0, None, Liveness.DEAD),
    ],
)
def test_what_counts_as_dead(alive: int, watched: timedelta | None, liveness: Liveness) -> None:
    assert judge(Process.RELAY, alive, watched) is liveness


def test_a_pulse_counts_the_workers_and_ends_with_its_process(job: JobContext) -> None:
    beat(job, Process.WORKER, Process.WORKER)
    pulse = Pulse(Process.WORKER, job.database, job.gate)
    pulse.tick()
    assert job.gate.workers == 3
    pulse.stop()
    assert len(column(job, "SELECT 1 FROM heartbeats")) == 2


@pytest.mark.slow
def test_a_killed_relay_is_noticed_by_the_schedule(
    quick: Settings, job: JobContext, agencies_url: str
) -> None:
    settings = Settings(**{**vars(quick), "values": {**quick.values,
                           "CONSULAR_DUTY_EMAIL": ADDRESS}})  # fmt: skip
    with process("relay", settings) as relay, process("schedule", settings):
        until(lambda: len(column(job, "SELECT 1 FROM heartbeats")) == 2)
        relay.kill()
        silence(job, Process.RELAY)
        until(lambda: messages(agencies_url, ADDRESS))
    subjects = {message["subject"] for message in messages(agencies_url, ADDRESS)}
    assert any("relay" in subject for subject in subjects)
    assert "relay" in column(job, OPEN)


@pytest.mark.slow
def test_the_books_give_signs_of_life_until_they_are_killed(
    quick: Settings, job: JobContext, alarm: Alarm, agencies_url: str
) -> None:
    kinds = "SELECT process FROM heartbeats"
    with process("books", quick) as books:
        until(lambda: column(job, kinds) == ["books"])
        books.kill()
    beat(job, Process.RELAY, Process.WORKER, Process.SCHEDULE)
    silence(job, Process.BOOKS)
    alarm.tick()
    assert column(job, OPEN) == ["books"]
    [message] = messages(agencies_url, ADDRESS)
    assert "Comparación de los libros" in message["subject"]


@pytest.mark.slow
def test_books_that_are_stopped_are_known_to_have_ended(quick: Settings, job: JobContext) -> None:
    kinds = "SELECT process FROM heartbeats"
    with process("books", quick) as books:
        until(lambda: column(job, kinds) == ["books"])
        books.terminate()
        until(lambda: column(job, kinds) == [])


def test_incidents_that_cannot_wait_are_told_once(
    job: JobContext, alarm: Alarm, agencies_url: str
) -> None:
    beat(job, *Process)
    with job.transaction() as session:
        now = database_clock(session)
        for kind in (Kind.BOOKS_DIFFER, Kind.ANSWER_OVERDUE, Kind.JOB_PARKED, Kind.AMOUNT_DIFFERS):
            incident = report(session, Report(kind, Subject.SUMS, new_id()), now=now)
        assert suspend(session, incident, 5)
    alarm.tick()
    told = [message["subject"] for message in messages(agencies_url, ADDRESS)]
    assert sorted(told) == [
        "Guardia: Libros de los envíos que no cuadran", "Guardia: Respuesta vencida",
    ]  # fmt: skip
    with job.transaction() as session:
        session.execute(text("UPDATE incidents SET opened_at = opened_at - interval '25 hours'"))
    for _ in range(2):
        alarm.tick()
    told = [message["subject"] for message in messages(agencies_url, ADDRESS)]
    assert len(told) == 3
    assert "Guardia: Otro monto o moneda que lo ordenado" in told
