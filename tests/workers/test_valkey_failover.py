"""After a failover of Valkey the relay and the workers go on by themselves within 30 seconds."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest
from redis import Redis
from redis.exceptions import RedisError

from consular.local.ports import HOST
from consular.local.valkey import ValkeyServer, valkey_program
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.outbox.delivery import enqueue
from tests.factories.pace import seconds
from tests.workers.conftest import configured, process, undone, until
from workers.runtime import JobContext

WITHIN_SECONDS = 30.0
# Rates are fetched from the simulator: a job that any worker can do.
TOPIC = "rates.fetch"
NAME = "doorbell"


class Address:
    """One address before two servers. Switching it leaves the connections that are open alone."""

    def __init__(self, leads_to: Callable[[], int]) -> None:
        self.leads_to = leads_to
        self._server = socket.create_server((HOST, 0))
        self.port = self._server.getsockname()[1]
        self._ended = Event()
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._ended.set()
        self._server.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            with suppress(OSError, RedisError), ExitStack() as open_:
                client = open_.enter_context(self._server.accept()[0])
                beyond = socket.create_connection((HOST, self.leads_to()))
                open_.pop_all()
                Thread(target=self._pass_on, args=[client, beyond], daemon=True).start()

    def _pass_on(self, client: socket.socket, beyond: socket.socket) -> None:
        other = {client: beyond, beyond: client}
        with client, beyond, selectors.DefaultSelector() as both:
            for end in other:
                both.register(end, selectors.EVENT_READ)
            while not self._ended.is_set():
                for key, _ in both.select(0.2):
                    end: socket.socket = key.fileobj  # type: ignore[assignment]
                    try:
                        data = end.recv(65536)
                        if not data:
                            return
                        other[end].sendall(data)
                    except OSError:
                        return


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[ValkeyServer, ValkeyServer]]:
    """A primary and its replica, with one password."""
    one, other = (
        ValkeyServer(tmp_path / name, log=tmp_path / f"{name}.log") for name in ("one", "other")
    )
    other.password = one.password
    one.start()
    other.start()
    try:
        for server in (one, other):
            with Redis.from_url(server.url) as client:
                client.config_set("masterauth", one.password)
        _follow(other, one)
        yield one, other
    finally:
        one.stop()
        other.stop()


def _follow(server: ValkeyServer, primary: ValkeyServer | None) -> None:
    with Redis.from_url(server.url) as client:
        client.replicaof(HOST, str(primary.port)) if primary else client.replicaof("NO", "ONE")


class Sentinel(ValkeyServer):
    """Watches ``primary`` and, once it is gone, makes its replica the primary."""

    def __init__(self, directory: Path, *, log: Path, primary: ValkeyServer) -> None:
        super().__init__(directory, log=log)
        self._primary = primary

    def leads_to(self) -> int:
        """Where the primary is now. A proxy before Sentinel's servers knows as much."""
        with Redis.from_url(self.url) as client:
            return int(client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)[1])

    def follows(self) -> bool:
        """it knows the replica, without which there is no failover"""
        with Redis.from_url(self.url) as client:
            return int(client.sentinel_master(NAME)["num-slaves"]) == 1

    def command(self) -> list[str]:
        config = self.directory / "sentinel.conf"
        config.write_text(self.standard_input())
        return [str(valkey_program()), str(config), "--sentinel"]

    def standard_input(self) -> str:
        primary = self._primary
        return (
            f"bind {HOST}\nport {self.port}\nrequirepass {self.password}\nprotected-mode yes\n"
            f"sentinel monitor {NAME} {HOST} {primary.port} 1\n"
            f"sentinel auth-pass {NAME} {primary.password}\n"
            f"sentinel down-after-milliseconds {NAME} 1000\n"
            f"sentinel failover-timeout {NAME} 3000\n"
        )


@pytest.fixture
def sentinel(tmp_path: Path, pair: tuple[ValkeyServer, ValkeyServer]) -> Iterator[Sentinel]:
    sentinel = Sentinel(tmp_path / "sentinel", log=tmp_path / "sentinel.log", primary=pair[0])
    sentinel.start()
    try:
        until(sentinel.follows)
        yield sentinel
    finally:
        sentinel.stop()


@contextmanager
def _address(leads_to: Callable[[], int]) -> Iterator[Address]:
    address = Address(leads_to)
    try:
        yield address
    finally:
        address.close()


@contextmanager
def _at_work(quick: Settings, address: Address, password: str) -> Iterator[None]:
    """A worker and a relay that know one address."""
    url = f"redis://:{password}@{HOST}:{address.port}/0"
    settings = configured(quick, REDIS_URL=url)
    with process("worker", settings) as worker, process("relay", settings) as relay:
        for started in (worker, relay):
            assert started.stdout is not None
            assert b"process_started" in started.stdout.readline()
        yield


def _ask(job: JobContext) -> None:
    with job.transaction() as session:
        for _ in range(5):
            enqueue(session, TOPIC, new_id())


def _until_done(job: JobContext) -> None:
    def done() -> bool:
        """everything that was put is done"""
        return undone(job) == 0

    until(done, seconds=seconds(WITHIN_SECONDS))


@pytest.mark.slow
def test_relay_and_workers_go_on_after_a_failover_and_back(
    quick: Settings, job: JobContext, pair: tuple[ValkeyServer, ValkeyServer]
) -> None:
    one, other = pair
    with _address(lambda: one.port) as address, _at_work(quick, address, one.password):
        _ask(job)
        _until_done(job)
        for new, old in ((other, one), (one, other)):
            _follow(new, None)
            _follow(old, new)
            address.leads_to = partial(int, new.port)
            _ask(job)
            _until_done(job)


@pytest.mark.slow
def test_relay_and_workers_go_on_after_sentinel_replaced_a_primary_that_died(
    quick: Settings, job: JobContext, pair: tuple[ValkeyServer, ValkeyServer], sentinel: Sentinel
) -> None:
    one, other = pair

    def replaced() -> bool:
        """Sentinel made the replica the primary"""
        return sentinel.leads_to() == other.port

    with _address(sentinel.leads_to) as address, _at_work(quick, address, one.password):
        _ask(job)
        _until_done(job)
        assert one.process is not None
        one.process.kill()
        _ask(job)
        until(replaced, seconds=seconds(WITHIN_SECONDS))
        _until_done(job)
