"""Faults on demand: what each agency does wrong, how often, and the middleware that does it."""

from __future__ import annotations

import json
import math
import random
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from integrations.registry import AGENCIES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Within the block the agency acts; at its end it has called back about what it did.
CallBack = Callable[[str], AbstractContextManager[None]]
MAX_LATENCY_MS = 600_000
GARBAGE = b'<html>{"claveRastreo": '
# More than any caller should read of an answer.
OVERSIZED_BYTES = 1024 * 1024
# Later than our adapters wait for an answer.
LATE_ANSWER_MS = 12_000


class ConnectionDropped(ConnectionAbortedError):
    """The agency acted and hung up. The server treats it as a client gone: silence."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong at one agency. Rates are probabilities, 0 to 1; the default is calm.

    README.md says what each does. `honours_key` False makes the agency act again on a repeated
    key: for adversarial tests only.
    """

    latency_ms: int = 0
    unavailable_rate: float = 0.0
    error_rate: float = 0.0
    drop_after_effect_rate: float = 0.0
    late_answer_rate: float = 0.0
    late_answer_ms: int = LATE_ANSWER_MS
    garbage_rate: float = 0.0
    oversized_rate: float = 0.0
    duplicate_callback_rate: float = 0.0
    reorder_callback_rate: float = 0.0
    early_callback_rate: float = 0.0
    wrong_signature_rate: float = 0.0
    own_reference_rate: float = 0.0
    bounce_rate: float = 0.0
    unpaid_rate: float = 0.0
    declined_rate: float = 0.0
    honours_key: bool = True


CALM = Faults()


class InvalidFaults(ValueError):
    """`errors` maps each field to what is wrong with it."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("invalid faults")
        self.errors = errors


def parse_faults(body: object) -> Faults:
    """Read what was sent; a field left out is calm. Raises InvalidFaults."""
    if not isinstance(body, dict):
        raise InvalidFaults({"_": ["A JSON object is expected."]})
    known = {field.name for field in fields(Faults)}
    errors = {
        name: [problem]
        for name, value in body.items()
        if (problem := _problem(name, value) if name in known else "Unknown field.")
    }
    if errors:
        raise InvalidFaults(errors)
    return Faults(**body)


def _problem(name: str, value: Any) -> str | None:
    if name == "honours_key":
        return None if isinstance(value, bool) else "true or false is expected."
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "A number is expected."
    if name.endswith("_ms"):
        ok = isinstance(value, int) and 0 <= value <= MAX_LATENCY_MS
        return None if ok else f"A whole number from 0 to {MAX_LATENCY_MS} is expected."
    return None if 0 <= value <= 1 else "A number from 0 to 1 is expected."


class FaultBoard:
    """The faults in force, for every thread. They don't outlive the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[str, Faults] = {}
        self._random = random.Random()

    def of(self, agency: str) -> Faults:
        """The agency's faults, calm by default."""
        with self._lock:
            return self._faults.get(agency, CALM)

    def put(self, agency: str, faults: Faults) -> None:
        """Set the faults, from the next request on."""
        with self._lock:
            self._faults[agency] = faults

    def happens(self, rate: float) -> bool:
        """Decide at random whether a fault happens."""
        if not rate:
            return False
        with self._lock:
            return self._random.random() < rate


class FaultyApplication:
    """Middleware: plays the faults of the agency that the path names, around the calm app."""

    def __init__(
        self, application: WSGIApplication, board: FaultBoard, call_back: CallBack
    ) -> None:
        self._application = application
        self._board = board
        self._call_back = call_back

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or fail as ordered."""
        agency = _agency_in(environ.get("PATH_INFO", ""))
        faults = self._board.of(agency)
        if faults == CALM:
            return self._application(environ, start_response)
        time.sleep(faults.latency_ms / 1000)
        answer = self._refusal(agency, faults, environ) or self._answer(agency, faults, environ)
        return answer(environ, start_response)

    def _refusal(self, agency: str, faults: Faults, environ: WSGIEnvironment) -> Response | None:
        """An answer that tells that nothing was done (503), or tells nothing at all (500)."""
        if self._board.happens(faults.unavailable_rate):
            return _problem_answer(agency, 503)
        if self._board.happens(faults.error_rate):
            # A 500 tells nothing: the change may be made or not.
            if self._board.happens(0.5):
                self._act(environ)
            return _problem_answer(agency, 500)
        return None

    def _answer(self, agency: str, faults: Faults, environ: WSGIEnvironment) -> Response:
        """Act, and let the answer suffer what was ordered."""
        if self._board.happens(faults.early_callback_rate):
            with self._call_back(agency):
                answer = self._act(environ)
        else:
            answer = self._act(environ)
        asks_only = environ["REQUEST_METHOD"] == "GET"
        if not asks_only and self._board.happens(faults.drop_after_effect_rate):
            _hang_up(environ)
        if self._board.happens(faults.late_answer_rate):
            time.sleep(faults.late_answer_ms / 1000)
        return self._spoilt(faults) or answer

    def _spoilt(self, faults: Faults) -> Response | None:
        """In place of the answer something that nobody can use."""
        if self._board.happens(faults.garbage_rate):
            return Response(GARBAGE, mimetype="application/json")
        if self._board.happens(faults.oversized_rate):
            filling = b'{"relleno": "%s"}' % (b"x" * OVERSIZED_BYTES)
            return Response(filling, mimetype="application/json")
        return None

    def _act(self, environ: WSGIEnvironment) -> Response:
        body, status, headers = run_wsgi_app(self._application, environ, buffered=True)
        return Response(b"".join(body), status=status, headers=headers)


def _agency_in(path: str) -> str:
    """The agency in a path: "/finabien/v1/pagos" -> "finabien"."""
    return path.lstrip("/").partition("/")[0]


def _problem_answer(agency: str, status: int) -> Response:
    headers = {"Retry-After": "1"} if status == 503 else {}
    body = json.dumps({AGENCIES[agency].client.error_field: "NO_DISPONIBLE"})
    return Response(body, status, headers=headers, mimetype="application/json")


def _hang_up(environ: WSGIEnvironment) -> None:
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionDropped
