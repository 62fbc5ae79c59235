"""Tells the product that something changed: signed, retried, with the faults that were ordered."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import structlog
from standardwebhooks import Webhook

from integrations.deadline import DeadlineTransport
from integrations.simulator.faults import FaultBoard
from integrations.simulator.memory import Memory

MAX_ATTEMPTS = 20
FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 60.0
POLL_SECONDS = 0.1
BATCH = 100
# How long a callback is held back so that later ones overtake it.
HELD_BACK_SECONDS = 1.5
# Signs what must not be believed.
WRONG_SECRET = f"whsec_{base64.b64encode(b'nobody shares this secret at all').decode()}"

log = structlog.get_logger(__name__)


class CallbackSender:
    """Posts due callbacks to `{base_url}/api/v1/callbacks/{agency}` from one background thread.

    A callback that keeps failing waits longer each time and is dropped after twenty attempts: a
    product that polls by folio loses nothing.
    """

    def __init__(
        self,
        memory: Memory,
        board: FaultBoard,
        base_url: str,
        secrets: Mapping[str, str],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._memory = memory
        self._board = board
        self._secrets = secrets
        self._http = httpx.Client(
            base_url=base_url,
            transport=transport or DeadlineTransport(),
            trust_env=False,
            timeout=5.0,
        )
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Send in the background until `stop`."""
        self._thread = threading.Thread(target=self._run, name="callbacks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the callback in hand and close the connections."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=6)
        self._http.close()

    def send_due(self, now: float) -> int:
        """Send every due callback once; returns how many were taken."""
        taken = 0
        for key, agency, body, attempts in self._memory.due_callbacks(now, BATCH):
            if not attempts and self._board.happens(self._board.of(agency).reorder_callback_rate):
                self._memory.settle_callback(key, done=False, due_at=now + HELD_BACK_SECONDS)
                continue
            done = self._deliver(key, agency, body) or attempts + 1 >= MAX_ATTEMPTS
            wait = min(FIRST_RETRY_SECONDS * 2**attempts, LONGEST_RETRY_SECONDS)
            self._memory.settle_callback(key, done=done, due_at=now + wait)
            taken += done
        return taken

    @contextmanager
    def calling_early(self, agency: str) -> Iterator[None]:
        """Send at the end of the block, as messages of their own, the callbacks that were planned
        within it: the product hears of them before it has our answer."""
        last = self._memory.last_callback()
        yield
        for key, body in self._memory.callbacks_after(last, agency):
            self._post(f"{key}-early", agency, body)

    def _run(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self.send_due(datetime.now(UTC).timestamp())
            except Exception:
                # The thread must outlive one bad moment, or callbacks stop without a word.
                log.exception("callback_sender_failed")

    def _deliver(self, key: str, agency: str, body: str) -> bool:
        twice = self._board.happens(self._board.of(agency).duplicate_callback_rate)
        return all([self._post(key, agency, body) for _ in range(2 if twice else 1)])

    def _post(self, key: str, agency: str, body: str) -> bool:
        moment = datetime.now(UTC)
        wrong = self._board.happens(self._board.of(agency).wrong_signature_rate)
        secret = WRONG_SECRET if wrong else self._secrets[f"{agency}.callbacks"]
        headers = {
            "content-type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret).sign(key, moment, body),
        }
        try:
            answer = self._http.post(f"api/v1/callbacks/{agency}", content=body, headers=headers)
        except httpx.HTTPError:
            return False
        return answer.is_success
