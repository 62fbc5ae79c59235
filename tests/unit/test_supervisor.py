"""The supervisor gives up on what can't be started while all starts, and on nothing afterwards."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from consular.local import launcher, supervisor
from consular.local.supervisor import Child, Supervisor
from consular.startup import CannotStart

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="There is no /dev/full here.")


class FailingServer:
    """Is down, and can't be started ``fails`` times."""

    name = "Failing"
    port = 5

    def __init__(self, *fails: Exception) -> None:
        self.fails = list(fails)
        self.running = False

    def is_running(self) -> bool:
        return self.running

    def start(self, port: int) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.running = True

    def stop(self) -> None:
        self.running = False


class Clock:
    """Time that passes when the test says so."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(supervisor, "time", clock)
    return clock


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def watched(said: list[str]) -> Supervisor:
    return Supervisor(said.append, lambda: None)


NO_ROOM = CannotStart("PostgreSQL did not start.", "The disk is full: free some space.")


def _servers(watched: Supervisor, server: Any) -> None:
    watched.servers.append(server)


def test_a_server_that_cannot_start_at_first_ends_all(watched: Supervisor, clock: Clock) -> None:
    _servers(watched, FailingServer(NO_ROOM))
    with pytest.raises(CannotStart):
        watched.tick()


def test_a_server_that_cannot_start_again_is_tried_until_it_can(
    watched: Supervisor, clock: Clock, said: list[str]
) -> None:
    server = FailingServer(*[NO_ROOM, OSError(28, "No space left on device")] * 5)
    _servers(watched, server)
    watched.settled = True
    began, ticks = clock.now, 0
    while not server.is_running():
        watched.tick()
        clock.sleep(0.25)
        ticks += 1
        assert ticks < 10_000
    assert 150 < clock.now - began < 300  # 1, 2, 4, 8, 16 s, then every half minute
    assert any("The disk is full: free some space. Trying again in 1 s." in line for line in said)
    watched.tick()
    assert len([line for line in said if "can't be started now" in line]) == 10


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> list[float]:
    """Children that end at once; the moments at which they were started."""
    started: list[float] = []

    def fork(_: Supervisor, child: Child) -> None:
        child.pid, child.started = 1, clock.now
        started.append(clock.now)

    monkeypatch.setattr(Supervisor, "_fork", fork)
    monkeypatch.setattr(supervisor, "_reap", lambda _child: 1)
    return started


def _run(watched: Supervisor, clock: Clock, seconds: float) -> None:
    until = clock.now + seconds
    while clock.now < until:
        watched.tick()
        clock.sleep(0.25)


def test_a_child_that_dies_at_once_ends_all_while_all_starts(
    watched: Supervisor, clock: Clock, dying: list[float], tmp_path: Path
) -> None:
    watched.start(Child("web", lambda: None, tmp_path / "web.log"))
    with pytest.raises(CannotStart, match="ended 5 times"):
        _run(watched, clock, 60)


def test_a_child_that_dies_at_once_is_started_for_ever_afterwards(
    watched: Supervisor, clock: Clock, dying: list[float], tmp_path: Path
) -> None:
    watched.start(Child("web", lambda: None, tmp_path / "web.log"))
    watched.settled = True
    _run(watched, clock, 12 * 3600)
    assert len(dying) > 1000
    assert max(b - a for a, b in pairwise(dying)) < 31


@needs_full
def test_what_cannot_be_said_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    with FULL.open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        for _ in range(3):
            launcher.say("a line that finds no room")
        with launcher.Step("A step"):
            pass


def test_a_child_without_room_for_its_log_still_runs(said: list[str], tmp_path: Path) -> None:
    done, nowhere = tmp_path / "done", tmp_path / "a file"
    nowhere.write_text("where the directory of the log should be")
    child = Child("web", done.touch, nowhere / "web.log")
    Supervisor(said.append, lambda: None).start(child)
    _, status = os.waitpid(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert done.exists()
