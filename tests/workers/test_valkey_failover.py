"""After a failover of Valkey the relay and the workers go on by themselves within 30 seconds."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from redis import Redis

from consular.embedded import HOST, ValkeyServer
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.outbox.delivery import put
from tests.workers.conftest import configured, process, undone, until
from workers.runtime import Work

WITHIN_SECONDS = 30.0
# Rates are fetched from the simulator: a job that any worker can do.
TOPIC = "rates.fetch"


class Address:
    """One address before two servers. Switching it leaves the connections that are open alone."""

    def __init__(self, port: int) -> None:
        self.target = port
        self._server = socket.create_server((HOST, 0))
        self.port = self._server.getsockname()[1]
        self._ended = Event()
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._ended.set()
        self._server.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._server.accept()
                beyond = socket.create_connection((HOST, self.target))
            except OSError:
                continue
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


@contextmanager
def _address(server: ValkeyServer) -> Iterator[Address]:
    address = Address(server.port)
    try:
        yield address
    finally:
        address.close()


@pytest.mark.slow
def test_relay_and_workers_go_on_after_a_failover_and_back(
    quick: Settings, work: Work, pair: tuple[ValkeyServer, ValkeyServer]
) -> None:
    one, other = pair

    def done() -> bool:
        """everything that was put is done"""
        return undone(work) == 0

    def ask() -> None:
        with work.transaction() as session:
            for _ in range(5):
                put(session, TOPIC, new_id())

    with _address(one) as address:
        url = f"redis://:{one.password}@{HOST}:{address.port}/0"
        settings = configured(quick, REDIS_URL=url)
        with process("worker", settings), process("relay", settings):
            ask()
            until(done)
            for new, old in ((other, one), (one, other)):
                _follow(new, None)
                _follow(old, new)
                address.target = new.port
                ask()
                until(done, seconds=WITHIN_SECONDS)
