"""Take an agency's callbacks in, while it is checked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from integrations.background import serving

MOST_BYTES = 64 * 1024


class Listener:
    """What was called back: each folio with what is wrong with its callback, None when nothing."""

    def __init__(self, secret: str, wait_seconds: float) -> None:
        self._webhook = Webhook(secret)
        self._wait = wait_seconds
        self._heard: dict[str, str | None] = {}
        self._news = threading.Condition()

    def take(self, headers: dict[str, str], body: bytes) -> bool:
        """Take one callback in; False when it isn't signed as agreed."""
        try:
            self._webhook.verify(body, headers, json_parse=False)
            problem = None
        except (WebhookVerificationError, ValueError):
            problem = "its signature doesn't verify"
        folio = _folio_in(body)
        with self._news:
            if folio is not None:
                self._heard.setdefault(folio, problem)
            self._news.notify_all()
        return problem is None and folio is not None

    def wait_for(self, folio: str) -> str | None:
        """What is wrong with the callback about the folio, once it came."""
        with self._news:
            if self._news.wait_for(lambda: folio in self._heard, self._wait):
                return self._heard[folio]
        return f"no callback came within {self._wait:.0f} s"


def _folio_in(body: bytes) -> str | None:
    try:
        message: Any = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    folio = message.get("folio") if isinstance(message, dict) else None
    return folio if isinstance(folio, str) else None


@contextmanager
def listening(listener: Listener, host: str, port: int) -> Iterator[None]:
    """Serve the listener, at any path, until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take one callback in."""
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(min(length, MOST_BYTES))
            taken = listener.take({name.lower(): text for name, text in self.headers.items()}, body)
            self.send_response(200 if taken else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer((host, port), Handler)
    with serving(server):
        yield
