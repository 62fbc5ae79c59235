"""What every simulated agency shares: memory, faults, secrets, the clock and the pace."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from flask import request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from integrations.registry import AGENCIES
from integrations.simulator.faults import FaultBoard
from integrations.simulator.memory import Acts, Memory, Order

MEXICO_CITY = ZoneInfo("America/Mexico_City")


class Answer(HTTPException):
    """Stops a view and answers in the agency's own shape."""


def refuse(status: int, body: Mapping[str, Any]) -> Answer:
    """Return an agency's refusal as a JSON error to raise."""
    from_json = Response(json.dumps(body), status, mimetype="application/json")
    return Answer(response=from_json)


@runtime_checkable
class Describes(Protocol):
    """A simulated agency that can say how one of its orders stands, for the pages of control."""

    def describe(self, order: Order) -> str:
        """The agency's own words for the order's state now."""
        ...


def known_agency(code: str) -> str:
    """The code of an agency that is played here. Raises 404 for any other."""
    if code not in AGENCIES:
        raise refuse(404, {"errors": {"agency": ["Unknown agency."]}})
    return code


@dataclass(frozen=True, slots=True)
class World:
    """`settle_seconds`: how long a payout takes; `decide_seconds`: how long the register thinks;
    `collect_seconds`: when cash at a branch is collected by itself, None for never."""

    directory: Path
    memory: Memory
    board: FaultBoard
    secrets: Mapping[str, str]
    clock: Callable[[], datetime]
    settle_seconds: float
    collect_seconds: float | None
    decide_seconds: float
    callback_base_url: str

    def now(self) -> float:
        """Seconds since 1970."""
        return self.clock().timestamp()

    def day(self, moment: float | None = None) -> date:
        """The day in Mexico City, now or at that moment."""
        at = self.clock() if moment is None else datetime.fromtimestamp(moment, UTC)
        return at.astimezone(MEXICO_CITY).date()

    def acts(self, agency: str) -> Acts:
        """Once per key, unless the agency was told to forget keys."""
        return Acts.ONCE if self.board.of(agency).honours_key else Acts.ALWAYS

    def client(self, agency: str) -> tuple[str, str]:
        """The (id, secret) of a sign-in client."""
        identifier, _, secret = self.secrets[agency].partition(":")
        return identifier, secret

    def require_bearer(self, agency: str, error: Mapping[str, Any]) -> None:
        """Raises 401 unless the caller shows the agency's secret; no secret, no check."""
        expected = self.secrets.get(agency)
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if expected and not hmac.compare_digest(shown.encode(), expected.encode()):
            raise refuse(401, error)
