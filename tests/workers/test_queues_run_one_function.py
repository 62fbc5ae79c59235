"""Whoever can write to Redis can make a worker look at the outbox, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.serializers import DefaultSerializer, JSONSerializer

from workers import logs, queues, retention
from workers.jobs.run import use
from workers.rq_worker import RUN, OutboxWorker, count_jobs, enqueue_jobs, open_queue
from workers.runtime import JobContext

Listen = Callable[[], None]


@pytest.fixture
def listen(job: JobContext, redis: Redis) -> Listen:
    def listen() -> None:
        OutboxWorker(redis, lambda _: None).work(burst=True, logging_level=None)

    return listen


@pytest.fixture
def foreign(redis: Redis) -> Queue:
    """A queue as an intruder would open it: RQ's own, without our limits."""
    return Queue("money", connection=redis, serializer=JSONSerializer)


@pytest.mark.parametrize(
    "call",
    [
        ("os.mkdir", "{target}"),
        ("pathlib.Path.mkdir", "{target}"),
        (f"{use.__module__}.{use.__name__}", None),
        (RUN,),
        (RUN, "not-an-id"),
        (RUN, 7),
        (RUN, str(uuid4()), "more"),
        (RUN, *[str(uuid4()) for _ in range(9)]),
    ],
)
def test_any_other_call_is_thrown_away_unmade(
    foreign: Queue, listen: Listen, redis: Redis, tmp_path: Path, call: tuple[Any, ...]
) -> None:
    target = tmp_path / "made"
    function, *args = [str(target) if part == "{target}" else part for part in call]
    job = foreign.enqueue(function, args=args)
    listen()
    assert not target.exists()
    assert not redis.exists(job.key)


@pytest.mark.parametrize("field", ["on_success", "on_failure", "on_stopped"])
def test_callbacks_are_not_called(
    foreign: Queue, listen: Listen, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    called: list[object] = []
    monkeypatch.setattr(retention, "delete_expired", lambda *args: called.append(args))
    hook: Any = {field: Callback(f"{retention.__name__}.delete_expired")}
    foreign.enqueue(RUN, args=[str(uuid4())], **hook)
    listen()
    assert not called


def test_a_pickle_is_not_opened(redis: Redis, listen: Listen, tmp_path: Path) -> None:
    queue = Queue("money", connection=redis, serializer=DefaultSerializer)
    job = queue.enqueue("os.mkdir", args=[str(tmp_path / "made")])
    listen()
    assert not (tmp_path / "made").exists()
    assert not redis.exists(job.key)


def test_a_job_holds_an_id_and_nothing_stays_when_it_is_done(redis: Redis, listen: Listen) -> None:
    item = uuid4()
    enqueue_jobs(open_queue("money", redis), [item])
    [key] = redis.keys("rq:job:*")
    stored = redis.hgetall(key)
    assert stored[b"description"] == b"outbox"
    assert stored[b"timeout"] == b"-1"
    listen()
    assert redis.keys("rq:job:*") == []


def test_many_items_share_jobs_and_a_few_go_one_by_one(redis: Redis) -> None:
    for count, jobs in ((1, 1), (7, 7), (16, 8), (60, 9), (64, 8), (100, 13)):
        redis.flushdb()
        enqueue_jobs(open_queue("notices", redis), [uuid4() for _ in range(count)], together=8)
        assert count_jobs(redis)[queues.Queue.NOTICES] == jobs, count


def test_after_its_share_of_jobs_a_worker_makes_way(job: JobContext, redis: Redis) -> None:
    enqueue_jobs(open_queue("money", redis), [uuid4() for _ in range(3)])
    assert OutboxWorker(redis, lambda _: None).listen(2)
    assert sum(count_jobs(redis).values()) == 1


def test_what_libraries_would_fill_in_stays_out_of_the_logs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever tests before this one, or workers in them, have set.
    monkeypatch.setattr(logging.getLogger("rq.worker"), "disabled", False)
    monkeypatch.setattr(logging.getLogger("rq.worker"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("rq.worker"), "level", logging.NOTSET)
    monkeypatch.setattr(logging.root.manager, "disable", logging.NOTSET)
    logging.getLogger("rq.worker").manager._clear_cache()
    loggers = {name: logging.getLogger(name) for name in logs.LIBRARIES}
    before = {name: (log.handlers, log.propagate) for name, log in loggers.items()}
    try:
        logs.configure()
        logging.getLogger("rq.worker").error("could not run %s", "HEQG800101MDFRRD09")
        written = capsys.readouterr().out
    finally:
        for name, (handlers, propagate) in before.items():
            loggers[name].handlers, loggers[name].propagate = handlers, propagate
    assert "could not run %s" in written
    assert "HEQG800101" not in written
