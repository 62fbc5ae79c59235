"""The agencies as one HTTP server, for development and tests. Never in production."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from flask import Flask, request
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from integrations import background
from integrations.registry import AGENCIES
from integrations.simulator import control
from integrations.simulator.callbacks import CallbackSender
from integrations.simulator.english import init_language
from integrations.simulator.faults import FaultBoard, FaultyApplication
from integrations.simulator.finabien_names import SimulatedNames
from integrations.simulator.memory import Memory
from integrations.simulator.smtp import relaying
from integrations.simulator.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# A document of 10 MB in base64, and the rest of the body.
MAX_BODY_BYTES = 15 * 1024 * 1024
# One sees that cash is waiting, and can still cancel; then somebody collects it.
COLLECT_SECONDS = 8.0
DECIDE_SECONDS = 2.0


class Simulator:
    """WSGI application of the simulated agencies, with a store and callbacks.

    `start` lets it send callbacks in the background; `send_due_callbacks` sends them at once.
    """

    def __init__(self, world: World, sender: CallbackSender, application: Flask) -> None:
        self.world = world
        self._sender = sender
        self._application = FaultyApplication(
            application.wsgi_app, world.board, sender.calling_early
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._application(environ, start_response)

    def start(self) -> None:
        """Begin to send callbacks."""
        self._sender.start()

    def send_due_callbacks(self) -> int:
        """Send every due callback now; returns how many are settled."""
        return self._sender.send_due(self.world.now())

    def close(self) -> None:
        """Stop sending and close the memory."""
        self._sender.stop()
        self.world.memory.close()


def create_simulator(
    data_dir: str | Path,
    *,
    callback_base_url: str,
    secrets: Mapping[str, str],
    settle_seconds: float = 1.0,
    collect_seconds: float | None = None,
    decide_seconds: float = DECIDE_SECONDS,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    callback_transport: httpx.BaseTransport | None = None,
) -> Simulator:
    """Build the agencies over the memory in `data_dir`.

    `secrets` by the agency's code: the token that a caller shows, not asked for when absent, or
    "client_id:client_secret"; under "<code>.callbacks" the Standard Webhooks secret ("whsec_…")
    that signs its callbacks.
    """
    directory = Path(data_dir)
    directory.mkdir(parents=True, exist_ok=True)
    world = World(
        directory=directory,
        memory=Memory(directory / "simulator.sqlite3"),
        board=FaultBoard(),
        secrets=dict(secrets),
        clock=clock,
        settle_seconds=settle_seconds,
        collect_seconds=collect_seconds,
        decide_seconds=decide_seconds,
        callback_base_url=callback_base_url,
    )
    sender = CallbackSender(
        world.memory, world.board, callback_base_url, world.secrets, callback_transport
    )
    return Simulator(world, sender, _application(world))


def _application(world: World) -> Flask:
    application = Flask("integrations.simulator", static_folder=None)
    application.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    played = {
        code: import_module(f"integrations.simulator.{code}").SimulatedAgency(world)
        for code in AGENCIES
    }
    names = SimulatedNames(world, played["finabien"])
    for part in (*played.values(), names, control.Control(world, played)):
        application.register_blueprint(part.blueprint())
    init_language(application)
    application.after_request(_secure)
    return application


def _secure(response: Response) -> Response:
    """No scripts, nothing from elsewhere, nothing kept: the pages show synthetic people only."""
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    )
    if request.blueprint == control.NAME:
        # The pages of the sign-in lead back to the product by what their forms answer.
        policy += "; form-action 'self'"
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


class _Silent(WSGIRequestHandler):
    """Writes no access log: addresses of sign-in pages carry codes."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


@contextmanager
def running(simulator: Simulator, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve within the block, on a free port by default; yields the base URL."""
    server = make_server(host, port, simulator, threaded=True, request_handler=_Silent)
    try:
        with background.serving(server):
            simulator.start()
            yield f"http://{host}:{server.server_port}"
    finally:
        simulator.close()


def serve(
    host: str,
    port: int,
    data_dir: str | Path,
    callback_base_url: str,
    secrets: Mapping[str, str],
    *,
    decide_seconds: float = DECIDE_SECONDS,
    mail_port: int | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. Everything is opened here, so a fork may call it.

    With a `mail_port` e-mail is taken there by SMTP too.
    """
    stop = threading.Event()

    def ask_to_stop(*_: Any) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    simulator = create_simulator(
        data_dir,
        callback_base_url=callback_base_url,
        secrets=secrets,
        collect_seconds=COLLECT_SECONDS,
        decide_seconds=decide_seconds,
    )
    mail = relaying(simulator.world, host, mail_port) if mail_port else nullcontext()
    with running(simulator, host, port), mail:
        stop.wait()
