"""A long file arrives whole, takes no memory or thread meanwhile, or is seen to be broken."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
from flask import Flask, Response, request
from werkzeug.wsgi import wrap_file

from services.kernel.settings import Settings
from tests.factories.pace import seconds
from tests.factories.server import running_server

MEGABYTE = 2**20
LONG = 32 * MEGABYTE
BEGINS = bytes(range(256))


def files(_settings: Settings) -> Flask:
    """Sends long files, and tells how much memory its process took at most."""
    app = Flask(__name__)

    @app.get("/long/<int:missing>")
    def long(missing: int) -> Response:
        file = TemporaryFile()  # noqa: SIM115 - the server closes it
        file.write(BEGINS)
        file.truncate(LONG - missing)
        file.seek(0)
        headers = {"Content-Length": str(LONG)}
        body: Any = wrap_file(request.environ, file, 64 * 1024)
        return Response(body, headers=headers, direct_passthrough=True)

    @app.get("/memory")
    def memory() -> dict[str, int]:
        status = Path("/proc/self/status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return {"kilobytes": int(peak.split()[1])}

    return app


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    settings = Settings.load({"CONSULAR_ENV": "test"})
    with running_server(settings, files) as at:
        yield at.port


@contextmanager
def _asked(port: int, path: str) -> Iterator[HTTPResponse]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        yield connection.getresponse()
    finally:
        connection.close()


def test_every_byte_arrives(port: int) -> None:
    digest = sha256()
    with _asked(port, "/long/0") as answer:
        while piece := answer.read(MEGABYTE):
            digest.update(piece)
    assert digest.digest() == sha256(BEGINS.ljust(LONG, b"\0")).digest()


def test_what_breaks_off_is_not_taken_for_whole(port: int) -> None:
    with _asked(port, f"/long/{MEGABYTE}") as answer, pytest.raises(IncompleteRead):
        answer.read()


def test_callers_who_take_nothing_hold_up_nobody_and_take_no_memory(port: int) -> None:
    """Four threads a process, and four times as many who don't read what they asked for."""
    with ExitStack() as stack:
        for _ in range(32):
            idle = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            idle.sendall(b"GET /long/0 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert idle.recv(12) == b"HTTP/1.1 200"
        began = time.monotonic()
        peaks = []
        for _ in range(8):
            with _asked(port, "/memory") as answer:
                peaks.append(json.loads(answer.read())["kilobytes"] / 1024)
        took = time.monotonic() - began
        assert took < seconds(5)
    assert max(peaks) < 300, "32 files of 32 MB are not in memory"
