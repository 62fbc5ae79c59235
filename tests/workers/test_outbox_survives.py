"""Whatever dies, what is in the outbox is done, once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import text

from consular.local.valkey import ValkeyServer
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.outbox import delivery
from tests.factories.enrollments import make_request
from tests.factories.pace import seconds
from tests.workers.conftest import (
    configured,
    effects,
    enroll,
    fault,
    look,
    outcomes,
    process,
    undone,
    until,
)
from workers import rq_worker
from workers.jobs import run
from workers.main import open_redis
from workers.queues import Queue
from workers.relay import Relay
from workers.routes import ROUTES, Route
from workers.runtime import JobContext, LeaseLost

KILLS = 4


@pytest.mark.slow
def test_a_wiped_valkey_is_refilled_and_everything_is_done(
    quick: Settings, job: JobContext, redis: Redis
) -> None:
    enrollments = [enroll(job, make_request()) for _ in range(10)]
    Relay(job.database, redis, again_seconds=1).tick()
    assert sum(rq_worker.count_jobs(redis).values()) == 10
    redis.flushall()
    with process("relay", quick), process("worker", quick):
        until(lambda: {look(job, f).status for f in enrollments} == {"active"})


@pytest.mark.slow
def test_while_valkey_is_down_rows_wait_and_then_are_rung(
    quick: Settings, job: JobContext, tmp_path: Path
) -> None:
    valkey = ValkeyServer(tmp_path / "valkey", log=tmp_path / "valkey.log")
    valkey.start()
    try:
        mine = configured(quick, REDIS_URL=valkey.url)
        with process("relay", mine) as relay, process("worker", mine) as worker:
            first = enroll(job, make_request())
            until(lambda: look(job, first).status == "active")
            valkey.stop()
            second = enroll(job, make_request())
            time.sleep(1)
            assert look(job, second).status == "received"
            valkey.start(preferred_port=valkey.port)
            until(lambda: look(job, second).status == "active")
            assert relay.poll() is worker.poll() is None
    finally:
        valkey.stop()


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_of_a_job_leaves_it_to_be_done_once(
    quick: Settings, job: JobContext, agencies_url: str
) -> None:
    """Killed while the agency is acting, which it tells nobody: the worst moment."""
    fault(agencies_url, "sat", latency_ms=300)
    with process("relay", quick):
        enrollments = [enroll(job, make_request()) for _ in range(KILLS)]
        for kill in range(KILLS):
            with process("worker", quick) as worker:
                until(lambda kill=kill: _sent(job, enrollments) > kill)
                time.sleep(0.07 * kill)
                worker.kill()
        fault(agencies_url, "sat")
        with process("worker", quick):
            until(lambda: {look(job, f).status for f in enrollments} == {"active"})
    assert sorted(effects(agencies_url, "sat").values()) == [1] * KILLS


@pytest.mark.slow
def test_a_worker_that_slept_past_its_lease_writes_nothing_when_it_wakes(
    quick: Settings, job: JobContext, agencies_url: str
) -> None:
    fault(agencies_url, "sat", latency_ms=3000)
    enrollment = enroll(job, make_request())
    with process("relay", quick), process("worker", quick) as sleeper:
        until(lambda: _sent(job, [enrollment]))
        sleeper.send_signal(signal.SIGSTOP)
        fault(agencies_url, "sat")
        with process("worker", quick):
            until(lambda: look(job, enrollment).status == "active")
        before = look(job, enrollment)
        sleeper.send_signal(signal.SIGCONT)
        assert sleeper.stdout is not None
        until(lambda: b"lease_lost" in sleeper.stdout.readline())
    assert look(job, enrollment) == before
    assert effects(agencies_url, "sat") == {before.folio: 1}


def test_who_lost_the_lease_settles_nothing(job: JobContext) -> None:
    enrollment = enroll(job, make_request())
    item = _item(job, enrollment)
    first = job.take_lease(item)
    assert first is not None
    assert job.take_lease(item) is None
    _expire(job, item)
    second = job.take_lease(item)
    assert second is not None
    entered = False
    with pytest.raises(LeaseLost), job.settle(first, "sent"):
        entered = True
    assert not entered
    job.retry_later(first, 0)
    assert job.take_lease(item) is None
    with job.settle(second, "sent"):
        pass
    assert outcomes(job, "enrollments.submit") == ["sent"]


def test_what_the_block_raises_undoes_the_settling(job: JobContext) -> None:
    lease = job.take_lease(_item(job, enroll(job, make_request())))
    assert lease is not None
    with pytest.raises(RuntimeError), job.settle(lease, "sent"):
        raise RuntimeError
    assert outcomes(job, "enrollments.submit") == [None]


def test_a_handler_that_fails_is_tried_again_and_parked_in_the_end(
    job: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = _failing(job, monkeypatch, parks=True)
    for attempt in range(run.ATTEMPTS_BEFORE_PARKING):
        assert outcomes(job, "tests.failing") == [None], attempt
        _time_passes(job, item)
        run.run_outbox(str(item))
    assert outcomes(job, "tests.failing") == ["parked"]


def test_money_is_never_parked(job: JobContext, monkeypatch: pytest.MonkeyPatch) -> None:
    item = _failing(job, monkeypatch, parks=False)
    for _ in range(run.ATTEMPTS_BEFORE_PARKING + 3):
        _time_passes(job, item)
        run.run_outbox(str(item))
    assert outcomes(job, "tests.failing") == [None]


def test_a_topic_of_a_newer_version_waits_for_it(job: JobContext) -> None:
    with job.transaction() as session:
        item = delivery.enqueue(session, "tomorrow.topic", UUID(int=1))
    run.run_outbox(str(item))
    assert outcomes(job, "tomorrow.topic") == [None]


def test_an_item_that_was_rung_twice_is_done_once(
    job: JobContext, redis: Redis, pump: Callable[[], int]
) -> None:
    enrollment = enroll(job, make_request())
    rq_worker.enqueue_jobs(rq_worker.open_queue("agencies", redis), [_item(job, enrollment)] * 3)
    pump()
    assert look(job, enrollment).history == ["received", "sent_to_agency"]


def test_one_job_does_several_items_and_a_fault_of_one_is_no_other_s(job: JobContext) -> None:
    done = [_item(job, enroll(job, make_request())) for _ in range(2)]
    with job.transaction() as session:
        unknown = delivery.enqueue(session, "tomorrow.topic", UUID(int=1))
    seen: list[None] = []
    run.use(job, lambda: seen.append(None))
    run.run_outbox(str(done[0]), "not-an-id", str(unknown), str(done[1]))
    assert outcomes(job, "enrollments.submit") == ["sent_to_agency"] * 2
    assert outcomes(job, "tomorrow.topic") == [None]
    assert len(seen) == 4


def test_what_a_slow_item_holds_up_goes_back_into_the_queues_at_once(
    job: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [_item(job, enroll(job, make_request())) for _ in range(3)]
    # As the relay does when it puts them into a queue.
    with job.transaction() as session:
        assert len(delivery.take_due(session, most=10, again_seconds=60)) >= 3
    monkeypatch.setattr("workers.jobs.run.LONGEST_TOGETHER_SECONDS", 0)
    run.run_outbox(*map(str, items))
    assert outcomes(job, "enrollments.submit") == ["sent_to_agency", None, None]
    with job.transaction() as session:
        due = delivery.take_due(session, most=10, again_seconds=60, topics=["enrollments.submit"])
    assert {item.id for item in due} == set(items[1:])


def test_what_waits_behind_an_item_that_lasts_goes_back_meanwhile(
    job: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [_item(job, enroll(job, make_request())) for _ in range(3)]
    with job.transaction() as session:
        delivery.take_due(session, most=10, again_seconds=60)
    monkeypatch.setattr("workers.jobs.run.LONGEST_BEFORE_SECONDS", 0)
    due: list[set[UUID]] = []

    def lasts(job: JobContext, _item: str) -> None:
        """While it is done, a thread beside looks after the others."""
        run.hand_back()
        with job.database.transaction(NETWORK_SCOPE) as session:
            taken = delivery.take_due(session, most=10, again_seconds=60)
        due.append({each.id for each in taken})

    monkeypatch.setattr("workers.jobs.run._run", lasts)
    run.run_outbox(*map(str, items))
    assert due == [set(items[1:])]


def test_a_lease_ends_with_the_transaction_that_took_it(job: JobContext) -> None:
    """Whoever wakes up after another took the item writes nothing."""
    item = _item(job, enroll(job, make_request()))
    with job.in_hand(item) as lease:
        assert lease is not None
        with pytest.raises(RuntimeError), job.transaction():
            raise RuntimeError
        with job.transaction():
            pass
        with job.database.transaction(NETWORK_SCOPE) as session:
            assert delivery.take_lease(session, item, lease_seconds=30) is None
    other = _item(job, enroll(job, make_request()))
    with job.in_hand(other) as lease:
        assert lease is not None
        with pytest.raises(RuntimeError), job.transaction():
            raise RuntimeError
        with job.database.transaction(NETWORK_SCOPE) as session:
            assert delivery.take_lease(session, other, lease_seconds=30) is not None
        with pytest.raises(LeaseLost), job.settle(lease, "sent"):
            pass


def test_a_long_queue_is_not_rung_for(
    job: JobContext, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(7):
        enroll(job, make_request())
    monkeypatch.setattr("workers.queues.MOST_WAITING", 5)
    monkeypatch.setattr("workers.queues.MOST_TOGETHER", dict.fromkeys(Queue, 1))
    relay = Relay(job.database, redis, again_seconds=0)
    assert [relay.tick() for _ in range(3)] == [5, 0, 0]


def test_what_a_long_queue_had_no_room_for_comes_in_fewer_jobs(
    job: JobContext, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.queues.MOST_WAITING", 4)
    for _ in range(12):
        enroll(job, make_request())
    relay = Relay(job.database, redis, again_seconds=60)
    assert [relay.tick() for _ in range(2)] == [12, 0]
    assert rq_worker.count_jobs(redis)[Queue.AGENCIES] == 4
    with job.transaction() as session:
        session.execute(
            text("INSERT INTO agency_states (agency, slow_until)"
                 " VALUES ('imss', now() + interval '1 minute')")
        )  # fmt: skip
        session.execute(text("UPDATE outbox SET ring_at = now()"))
    redis.flushdb()
    # Behind a slow agency's call another's would wait: one in a job.
    assert relay.tick() == rq_worker.count_jobs(redis)[Queue.AGENCIES] == 4


@pytest.mark.parametrize(("workers", "jobs"), [(0, 9), (2, 2), (3, 3), (12, 12)])
def test_every_worker_has_some_of_what_is_due(
    job: JobContext, redis: Redis, workers: int, jobs: int
) -> None:
    """Cut no smaller than that, for each job costs as much as several items."""
    with job.transaction() as session:
        for _ in range(workers * 3 or 9):
            delivery.enqueue(session, "appointments.confirmation", new_id())
    relay = Relay(job.database, redis, again_seconds=60)
    relay.gate.workers = workers
    relay.tick()
    assert rq_worker.count_jobs(redis)[Queue.NOTICES] == jobs
    with job.transaction() as session:
        for _ in range(4):
            delivery.enqueue(session, "appointments.confirmation", new_id())
    relay.tick()
    # As many jobs wait as there are workers: each has some already.
    assert rq_worker.count_jobs(redis)[Queue.NOTICES] == jobs + 1


def test_a_long_queue_keeps_no_other_from_being_rung(
    job: JobContext, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.queues.MOST_WAITING", 5)
    monkeypatch.setattr("workers.queues.MOST_TOGETHER", dict.fromkeys(Queue, 1))
    with job.transaction() as session:
        for _ in range(9):
            delivery.enqueue(session, "appointments.confirmation", new_id())
    relay = Relay(job.database, redis, again_seconds=0)
    assert relay.tick() == 5
    with job.transaction() as session:
        delivery.enqueue(session, "remittances.payout", new_id())
    assert relay.tick() == 1
    assert rq_worker.count_jobs(redis)[Queue.MONEY] == 1


def test_a_second_ring_does_not_shorten_the_pause(job: JobContext) -> None:
    with job.transaction() as session:
        item = delivery.enqueue(session, "appointments.confirmation", new_id())
        held = delivery.take_lease(session, item, lease_seconds=30)
        assert held
        delivery.release(session, held, delay_seconds=60)
        assert delivery.take_lease(session, item, lease_seconds=30) is None


@pytest.mark.parametrize("name", ["worker", "relay", "schedule", "books"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_stops_within_two_seconds(
    quick: Settings, name: str, number: signal.Signals
) -> None:
    with process(name, quick) as running:
        assert running.stdout is not None
        assert b"process_started" in running.stdout.readline()
        time.sleep(0.5)
        running.send_signal(number)
        assert running.wait(seconds(2)) == 0


def test_a_process_stops_although_a_job_does_not(
    quick: Settings, job: JobContext, agencies_url: str
) -> None:
    fault(agencies_url, "sat", latency_ms=8000)
    enrollment = enroll(job, make_request())
    with process("relay", quick), process("worker", quick) as worker:
        until(lambda: _sent(job, [enrollment]))
        worker.terminate()
        assert worker.wait(seconds(2)) == 0
    fault(agencies_url, "sat")


def test_a_stuck_worker_ends_itself(job: JobContext) -> None:
    ended: list[bool] = []
    watchdog = rq_worker.Watchdog(0.1, lambda: ended.append(True))
    watchdog.start()
    time.sleep(0.3)
    assert not ended
    watchdog.busy(True)
    until(lambda: ended)
    watchdog.stop()


def test_lost_redis_does_not_touch_the_outbox(job: JobContext) -> None:
    enroll(job, make_request())
    with open_redis("redis://127.0.0.1:9/0") as nowhere:
        assert Relay(job.database, nowhere, again_seconds=60).tick() == 0
    with job.transaction() as session:
        assert len(delivery.take_due(session, most=9, again_seconds=0)) == 1
    assert undone(job) == 1


def _sent(job: JobContext, enrollments: list[UUID]) -> int:
    return sum(look(job, f).status != "received" for f in enrollments)


def _item(job: JobContext, ref: UUID) -> UUID:
    query = text("SELECT id FROM outbox WHERE ref = :ref")
    with job.transaction() as session:
        item: UUID = session.execute(query, {"ref": ref}).scalar_one()
        return item


def _expire(job: JobContext, item: UUID) -> None:
    with job.transaction() as session:
        session.execute(text("UPDATE outbox SET lease_until = now() - interval '1 second'"))


def _time_passes(job: JobContext, item: UUID) -> None:
    """Until the pause after a failure is over."""
    with job.transaction() as session:
        session.execute(
            text("UPDATE outbox SET lease_until = NULL, ring_at = now() WHERE id = :id"),
            {"id": item},
        )


def _failing(job: JobContext, monkeypatch: pytest.MonkeyPatch, *, parks: bool) -> UUID:
    def fail(_work: JobContext, _claim: delivery.Lease) -> None:
        raise ZeroDivisionError

    route = Route(ROUTES["enrollments.submit"].queue, fail, parks=parks)
    monkeypatch.setattr(run, "ROUTES", {"tests.failing": route})
    with job.transaction() as session:
        return delivery.enqueue(session, "tests.failing", UUID(int=1))
