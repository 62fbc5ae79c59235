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
from werkzeug.wsgi import FileWrapper

from consular.app import MAX_REQUEST, create_app
from consular.errors import CROWDED, LATE
from consular.health import prepare_metrics
from consular.startup import die_with_parent
from consular.uploads import MAX_UPLOAD, MULTIPART
from services.kernel.settings import Settings

PROCESSES = 2
THREADS = 4
# At once, in each process. What comes then waits in the kernel's queue of 1,024.
CONNECTIONS = 4096


@dataclass(frozen=True)
class Most:
    """How many bytes are kept of a body, one more than it may have, and how many are read of one
    that is too long, so that its sender gets an answer."""

    kept: int
    read: int


WITHOUT_FILE = Most(MAX_REQUEST, 8 * 1024 * 1024)
# Read: a photo of a good camera, a long scan.
WITH_FILE = Most(MAX_UPLOAD + 1, 40 * 1024 * 1024)
# What bodies with files may take of a process's memory while they arrive. What doesn't fit is sent
# away: it may come again in some seconds.
MOST_ARRIVING = 128 * 1024 * 1024
STOP_SECONDS = 3
# By when granian has opened a file that it is to send.
OPENED_SECONDS = 30
# New objects between two looks for cycles; a request makes thousands, nearly all without one.
GARBAGE = 20_000

Environ = dict[str, Any]


@dataclass(frozen=True)
class Deadlines:
    """Seconds that a caller has: for the head of a request, which includes the time between two
    requests of a connection, and for its body.

    ``slowest``: bytes a second. What has arrived of a body gives its rest that much more time.
    """

    head: float = 10
    # A form of 64 KiB over a mobile connection of the slowest kind.
    body: float = 20
    # A file of 10 MB has three and a half minutes; whoever sends nothing has 20 seconds.
    slowest: float = 50_000


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
        return WholeRequests(application, deadlines)

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
    """The bytes that arrived of a request's body.

    ``late``: the rest didn't come within the deadline. ``endless``: the rest wasn't waited for.
    ``crowded``: too much else was arriving.
    """

    data: bytes = b""
    lost: bool = False
    late: bool = False
    endless: bool = False
    crowded: bool = False


@dataclass
class Arriving:
    """How many bytes of bodies with files a process holds that aren't whole yet, or answered."""

    size: int = 0


class Room:
    """What one request takes of `MOST_ARRIVING`, until it is answered."""

    def __init__(self, arriving: Arriving) -> None:
        self._arriving = arriving
        self._mine = 0

    def take(self, size: int) -> bool:
        """Whether so many bytes more have room."""
        if self._arriving.size + size > MOST_ARRIVING:
            return False
        self._arriving.size += size
        self._mine += size
        return True

    def leave(self) -> None:
        """Give the place in the queue back."""
        self._arriving.size -= self._mine
        self._mine = 0


@dataclass(frozen=True)
class FileAnswer:
    """An answer whose body is a file, which is sent piece by piece."""

    status: int
    headers: list[tuple[str, str]]
    pieces: FileWrapper


class WholeRequests:
    """An RSGI application that gives a WSGI application requests that have arrived whole.

    Answers are sent whole too, except files (``wsgi.file_wrapper``): those may be long.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], deadlines: Deadlines) -> None:
        self._application = application
        self._deadlines = deadlines
        self._arriving = Arriving()
        self._threads = ThreadPoolExecutor(THREADS, "request")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        room = Room(self._arriving)
        try:
            body = await _arrived(scope.headers, protocol, self._deadlines, room)
            if body.lost:
                # The caller went away in the middle; what it meant to ask must not be done by half.
                protocol.response_empty(400, [])
                return
            loop = asyncio.get_running_loop()
            file = await loop.run_in_executor(self._threads, self._answer, scope, body, protocol)
        finally:
            room.leave()
        if file is not None:
            _send(file, protocol)

    def _answer(self, scope: Any, body: Body, protocol: Any) -> FileAnswer | None:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            started[:] = int(status[:3]), headers

        answer = self._application(_environ(scope, body), start_response)
        if isinstance(answer, FileWrapper):
            status, headers = started
            return FileAnswer(status, headers, answer)
        try:
            content = b"".join(answer)
        finally:
            if close := getattr(answer, "close", None):
                close()
        status, headers = started
        if body.late or body.endless or body.crowded:
            headers = [*headers, ("Connection", "close")]
        protocol.response_bytes(status, headers, content)
        return None


def _send(answer: FileAnswer, protocol: Any) -> None:
    """Let granian send the file, as fast as it is taken; a stream of ours it would take into memory
    whole (emmett-framework/granian#885). It opens the file by itself, soon after this."""
    descriptor = answer.pieces.file.fileno()
    protocol.response_file(answer.status, answer.headers, f"/proc/self/fd/{descriptor}")
    asyncio.get_running_loop().call_later(OPENED_SECONDS, answer.pieces.close)


async def _arrived(headers: Any, protocol: Any, deadlines: Deadlines, room: Room) -> Body:
    """The body of a request with ``headers``, as far as it comes in time."""
    announced = headers.get("content-length", "0")
    length = None if "transfer-encoding" in headers else int(announced)
    if length == 0:
        return Body()
    with_file = headers.get("content-type", "").lower().startswith(MULTIPART)
    try:
        async with asyncio.timeout(deadlines.body) as deadline:
            began = asyncio.get_running_loop().time() + deadlines.body

            def more(size: int) -> None:
                deadline.reschedule(began + size / deadlines.slowest)

            most = WITH_FILE if with_file else WITHOUT_FILE
            return await _read(protocol, length, most, room, more)
    except TimeoutError:
        return Body(late=True)


async def _read(
    protocol: Any, length: int | None, most: Most, room: Room, more: Callable[[int], None]
) -> Body:
    """Read to the end, keeping no more than is needed to see that it is too long."""
    data, size, ends = bytearray(), 0, 0
    async for chunk in protocol:
        # The end comes as an empty chunk, and so does, before it, a connection that was lost.
        ends += not chunk
        size += len(chunk)
        kept = chunk[: most.kept - len(data)]
        if len(data) + len(kept) > MAX_REQUEST and not room.take(len(kept)):
            return Body(crowded=True)
        data += kept
        more(size)
        if size == length or size > most.read:
            break
    endless = size > most.read
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
        "wsgi.file_wrapper": FileWrapper,
        LATE: body.late,
        CROWDED: body.crowded,
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
