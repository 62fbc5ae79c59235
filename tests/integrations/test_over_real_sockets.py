"""What only a socket shows: deadlines, hung-up connections, a server that stops cleanly."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from integrations.base import MAX_RESPONSE_BYTES
from integrations.contracts import PayoutStatus
from integrations.errors import NeverSent, OutcomeUnknown, Unanswered
from integrations.finabien.client import FinabienClient
from integrations.simulator.app import create_simulator, running
from tests.factories.pace import takes_less
from tests.integrations.conftest import SECRETS, an_order, effects, order_faults

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def peer(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server of one connection that behaves as told; yields its base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                # The client gives up first: most of these tests want just that.
                with suppress(OSError):
                    behave(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(60)


def drip(prefix: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(prefix)
        for _ in range(100):
            connection.sendall(piece)
            time.sleep(0.05)

    return behave


def submit_to(behave: Callable[[socket.socket], None], patience: float) -> None:
    with peer(behave) as url, FinabienClient(url, "t", timeout_seconds=patience) as client:
        client.submit(an_order())


@pytest.mark.parametrize(
    ("prefix", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n"),
        (HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
    ids=["headers", "body", "chunks", "interim answers"],
)
def test_the_total_deadline_holds_against_a_server_that_drips(prefix: bytes, piece: bytes) -> None:
    def give_up() -> None:
        with pytest.raises(OutcomeUnknown) as unknown:
            submit_to(drip(prefix, piece), 0.4)
        assert unknown.value.code == "timeout"

    assert takes_less(give_up, 1.5)


def test_the_last_wait_is_cut_to_what_is_left() -> None:
    def lull(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Content-Length: 9\r\n\r\n")
        time.sleep(0.7)
        connection.sendall(b" ")
        connection.recv(1)

    def give_up() -> None:
        with pytest.raises(OutcomeUnknown):
            submit_to(lull, 0.8)

    # A whole timeout after the last byte would be 1.5 seconds.
    assert takes_less(give_up, 1.3)


def test_a_silent_server_is_given_up_on() -> None:
    def silent(connection: socket.socket) -> None:
        connection.recv(1)

    with (
        peer(silent) as url,
        FinabienClient(url, "t", timeout_seconds=0.3) as client,
        pytest.raises(Unanswered) as unanswered,
    ):
        client.status(an_order().folio)
    assert unanswered.value.code == "timeout"


def test_a_flood_is_cut_at_the_cap() -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(HEAD + b"Content-Length: 100000000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b" " * 100_000)
            sent += 100_000

    with (
        peer(flood) as url,
        FinabienClient(url, "t") as client,
        pytest.raises(OutcomeUnknown) as unknown,
    ):
        client.submit(an_order())
    assert unknown.value.code == "too_large"
    # What the two sockets hold comes on top.
    assert sent < MAX_RESPONSE_BYTES + 20_000_000


def test_nobody_listening_means_never_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        FinabienClient(f"http://127.0.0.1:{port}", "t") as client,
        pytest.raises(NeverSent) as never,
    ):
        client.submit(an_order())
    assert never.value.code == "connect_failed"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[str]:
    simulator = create_simulator(
        tmp_path, callback_base_url="http://127.0.0.1:9", secrets=SECRETS, settle_seconds=0
    )
    with running(simulator) as url:
        yield url


def test_a_connection_dropped_after_the_effect_is_unknown_and_asking_tells(live: str) -> None:
    with (
        httpx.Client(base_url=live) as control,
        FinabienClient(f"{live}/finabien", SECRETS["finabien"]) as client,
    ):
        order_faults(control, "finabien", drop_after_effect_rate=1)
        with pytest.raises(OutcomeUnknown) as unknown:
            client.submit(an_order())
        assert unknown.value.code == "connection_lost"
        control.delete("/_simulator/faults/finabien")
        assert client.status(an_order().folio).status is PayoutStatus.PAID
        client.submit(an_order())
        assert effects(control) == {an_order().folio: 1}


def test_an_agency_slower_than_our_patience_acts_all_the_same(live: str) -> None:
    with (
        httpx.Client(base_url=live) as control,
        FinabienClient(f"{live}/finabien", SECRETS["finabien"], timeout_seconds=0.2) as client,
    ):
        order_faults(control, "finabien", latency_ms=400)
        with pytest.raises(OutcomeUnknown):
            client.submit(an_order())
        control.delete("/_simulator/faults/finabien")
        _wait_until(lambda: effects(control) == {an_order().folio: 1})
        assert client.status(an_order().folio).status is PayoutStatus.PAID


PROGRAM = (
    "import json, sys; from integrations.simulator.app import serve;"
    "serve('127.0.0.1', int(sys.argv[1]), sys.argv[2], 'http://127.0.0.1:9',"
    " json.loads(sys.stdin.read()))"
)


@contextmanager
def served(data_dir: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The simulator as a process of its own; yields it and its base URL once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(port), str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(SECRETS).encode())
        process.stdin.close()
        process.stdin = None
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/_simulator/effects?agency=finabien")
        yield process, url
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_stops_cleanly_when_told(tmp_path: Path, number: signal.Signals) -> None:
    with served(tmp_path) as (process, _):
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, b"")


def test_what_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    with (
        served(tmp_path) as (process, url),
        FinabienClient(f"{url}/finabien", SECRETS["finabien"]) as client,
    ):
        taken = [client.submit(an_order(f"R{number}")).folio for number in range(20)]
        process.kill()
    with served(tmp_path) as (_, url), httpx.Client(base_url=url) as control:
        assert effects(control) == dict.fromkeys(taken, 1)


def _wait_for(url: str) -> None:
    """Until the simulator has started."""

    def answers() -> bool:
        try:
            return httpx.get(url).status_code == 200
        except httpx.TransportError:
            return False

    _wait_until(answers)


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
