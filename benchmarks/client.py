"""The load: HTTP/1.1 over keep-alive connections, with as little CPU as Python allows.

``python -m benchmarks.client HOST PORT CONNECTIONS FILE`` sends the requests of FILE, each
connection one after the other, and prints a JSON object: seconds for all of them, how many
answers had each status, bytes of the last body, and every latency in milliseconds. It runs in a
process of its own and shares the machine with the server, alike for whatever is measured.
"""

from __future__ import annotations

import json
import selectors
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

_LENGTH = struct.Struct(">I")
_PATIENCE = 30.0  # seconds without any answer


def write_requests(path: Path, requests: Iterable[bytes]) -> None:
    """Whole requests, head and body, as the client reads them."""
    with path.open("wb") as file:
        for request in requests:
            file.write(_LENGTH.pack(len(request)) + request)


def read_requests(path: Path) -> list[bytes]:
    """The requests that `write_requests` wrote."""
    data, at, requests = path.read_bytes(), 0, []
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size + length
        requests.append(data[at - length : at])
    return requests


class Connection:
    """One keep-alive connection with one request in the air."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0.0
        self.received = b""

    def send(self, request: bytes) -> None:
        """Start another request."""
        self.received = b""
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, int] | None:
        """(Status, bytes of the body) once the answer is whole. Raises ConnectionError."""
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self.received += chunk
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        return (int(head[9:12]), length) if len(body) >= length else None


class Load:
    """All connections, and what came back."""

    def __init__(self, address: tuple[str, int], connections: int) -> None:
        self.connections = [Connection(address) for _ in range(connections)]
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.body_bytes = 0

    def run(self, requests: list[bytes]) -> float:
        """Send them all; the seconds that it took."""
        waiting = iter(requests)
        with selectors.DefaultSelector() as selector:
            for connection in self.connections:
                selector.register(connection.socket, selectors.EVENT_READ, connection)
            began = time.perf_counter()
            in_air = sum(_next(connection, waiting) for connection in self.connections)
            while in_air:
                ready = selector.select(_PATIENCE)
                if not ready:
                    raise TimeoutError(f"no answer within {_PATIENCE:.0f} s")
                for key, _ in ready:
                    in_air -= self._advance(key.data, waiting)
            return time.perf_counter() - began

    def _advance(self, connection: Connection, waiting: Iterator[bytes]) -> bool:
        """Read; True when this connection has nothing left to do."""
        answer = connection.receive()
        if answer is None:
            return False
        self.latencies.append((time.perf_counter() - connection.sent) * 1000)
        self.statuses[answer[0]] += 1
        self.body_bytes = answer[1]
        return not _next(connection, waiting)


def _next(connection: Connection, waiting: Iterator[bytes]) -> bool:
    request = next(waiting, None)
    if request is None:
        return False
    connection.send(request)
    return True


def main(arguments: list[str]) -> dict[str, Any]:
    """Run the load client from the command line."""
    host, port, connections, path = arguments
    load = Load((host, int(port)), int(connections))
    seconds = load.run(read_requests(Path(path)))
    return {
        "seconds": seconds,
        "statuses": dict(load.statuses),
        "body_bytes": load.body_bytes,
        "latencies": load.latencies,
    }


if __name__ == "__main__":
    json.dump(main(sys.argv[1:]), sys.stdout)
