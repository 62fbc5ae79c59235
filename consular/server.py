"""The web server: granian's forked workers, which run the application once a request is whole.

A WSGI server that reads bodies in the application's threads stops when as many callers as there
are threads announce a body and don't send it. Here an event loop reads them, against a deadline,
and a thread is taken only by a request that has arrived whole (docs/decisions/0005-granian.md).
"""

from __future__ import annotations

import asyncio
import gc
import io
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from consular.app import MAX_REQUEST, create_app
from consular.errors import LATE
from consular.health import prepare_metrics
from consular.startup import die_with_parent
from services.kernel.settings import Settings

PROCESSES = 2
THREADS = 4
# At once, in each process. What comes then waits in the kernel's queue of 1,024.
CONNECTIONS = 4096
# What is read of a body that is too long, so that its sender gets an answer.
MOST_UNWANTED = 8 * 1024 * 1024
STOP_SECONDS = 3
# New objects between two looks for cycles; a request makes thousands, nearly all without one.
GARBAGE = 20_000

Environ = dict[str, Any]


@dataclass(frozen=True)
class Deadlines:
    """Seconds that a caller has: for the head of a request, which includes the time between two
    requests of a connection, and for its body."""

    head: float = 10
    # A form of 64 KiB over a mobile connection of the slowest kind.
    body: float = 20


def serve_web(
    load_app: Callable[[], Any], *, host: str, port: int, deadlines: Deadlines = Deadlines()
) -> None:
    """Serve until SIGTERM, with forked processes over one application.

    The application is built before the fork, so that the processes share it; it must open no
    connection before its first request.
    """
    multiprocessing.set_start_method("fork", force=True)
    application, parent = load_app(), os.getpid()
    _allow_files(CONNECTIONS + 1024)
    # What was built so far stays: collecting it again and again would cost each request a share.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, 50, 50)

    def load() -> Any:
        die_with_parent(signal.SIGKILL, parent)
        prepare_metrics()
        return WholeRequests(application, deadlines.body)

    Server(
        "consular",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=PROCESSES,
        backlog=1024,
        backpressure=CONNECTIONS,
        # Told to expect either version, granian waits for the first byte without a deadline.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=int(deadlines.head * 1000)),
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=STOP_SECONDS,
        process_name="consular: web",
    ).serve(target_loader=load, wrap_loader=False)


def run_web(settings: Settings) -> None:
    """The web as production runs it, at CONSULAR_HOST and CONSULAR_PORT."""
    serve_web(partial(create_app, settings), host=settings.host, port=settings.port)


@dataclass(frozen=True)
class Body:
    """What arrived of a request's body.

    ``late``: the rest didn't come within the deadline. ``endless``: the rest wasn't waited for.
    """

    data: bytes = b""
    lost: bool = False
    late: bool = False
    endless: bool = False


class WholeRequests:
    """An RSGI application that gives a WSGI application requests that have arrived whole."""

    def __init__(self, application: Callable[..., Iterable[bytes]], seconds: float) -> None:
        self._application = application
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(THREADS, "request")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        body = await _arrived(scope.headers, protocol, self._seconds)
        if body.lost:
            # The caller went away in the middle; what it meant to ask must not be done by half.
            protocol.response_empty(400, [])
            return
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._answer, scope, body, protocol)

    def _answer(self, scope: Any, body: Body, protocol: Any) -> None:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            started[:] = int(status[:3]), headers

        answer = self._application(_environ(scope, body), start_response)
        try:
            content = b"".join(answer)
        finally:
            if close := getattr(answer, "close", None):
                close()
        status, headers = started
        if body.late or body.endless:
            headers = [*headers, ("Connection", "close")]
        protocol.response_bytes(status, headers, content)


async def _arrived(headers: Any, protocol: Any, seconds: float) -> Body:
    """The body of a request with ``headers``, as far as it comes within ``seconds``."""
    announced = headers.get("content-length", "0")
    length = None if "transfer-encoding" in headers else int(announced)
    if length == 0:
        return Body()
    try:
        async with asyncio.timeout(seconds):
            return await _read(protocol, length)
    except TimeoutError:
        return Body(late=True)


async def _read(protocol: Any, length: int | None) -> Body:
    """Read to the end, keeping no more than is needed to see that it is too long."""
    data, size, ends = bytearray(), 0, 0
    async for chunk in protocol:
        # The end comes as an empty chunk, and so does, before it, a connection that was lost.
        ends += not chunk
        size += len(chunk)
        data += chunk[: MAX_REQUEST - len(data)]
        if size == length or size > MOST_UNWANTED:
            break
    endless = size > MOST_UNWANTED
    whole = endless or (ends == 1 if length is None else size == length)
    return Body(bytes(data), lost=not whole, endless=endless)


def _environ(scope: Any, body: Body) -> Environ:
    """As PEP 3333 wants it. Names with an underscore are dropped: they'd pass for others."""
    server, _, port = scope.server.rpartition(":")
    environ: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body.data),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        LATE: body.late,
    }
    for name, value in scope.headers.items():
        if "_" not in name:
            _add_header(environ, name, value)
    return environ


def _add_header(environ: Environ, name: str, value: str) -> None:
    key = name.upper().replace("-", "_")
    if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        key = f"HTTP_{key}"
    if key in environ:
        value = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}"
    environ[key] = value


def _allow_files(wanted: int) -> None:
    """Let this process hold as many connections as it may take; 1,024 files is a common limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = hard == resource.RLIM_INFINITY
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if unlimited else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
