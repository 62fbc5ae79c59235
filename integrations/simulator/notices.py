"""The message gateway: keeps what it is given, once per key, and says what became of it.

An e-mail to ``rebota@…`` bounces; a telephone whose number ends in 0000 takes no texts, in 00000
no calls either. The fault ``bounce_rate`` lets any message be lost like that.
"""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from integrations.simulator.memory import Acts, KeyReused
from integrations.simulator.world import World, refuse

AGENCY = "notices"
CHANNELS = ("email", "sms", "voice")
_FIELDS = {"channel", "to", "subject", "body"}
_OF_SMS = {"encoding", "parts"}
_OPTIONAL = _OF_SMS | {"attachments"}
ENCODINGS = ("gsm7", "ucs2")
# What a lost message is called, by its channel, and why.
_LOST = {
    "email": ("bounced", "mailbox_unknown"),
    "sms": ("failed", "number_takes_no_texts"),
    "voice": ("failed", "not_answered"),
}


class SimulatedAgency:
    """The gateway's endpoints."""

    def __init__(self, world: World) -> None:
        self._world = world

    def blueprint(self) -> Blueprint:
        """The gateway's routes, under /notices."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/notices")
        routes.add_url_rule("/v1/messages", "send", self.send, methods=["POST"])
        routes.add_url_rule("/v1/messages/<key>", "report", self.report)
        return routes

    def send(self) -> Response:
        """Keep the message; a repeated key has no effect."""
        self._world.require_bearer(AGENCY, {"code": "unauthorized"})
        key = request.headers.get("Idempotency-Key", "")
        body: Any = request.get_json(silent=True)
        code = _fault_of(key, body)
        if code is not None:
            raise refuse(422, {"code": code, "detail": "Simulador"})
        try:
            self.take(key, body)
        except KeyReused:
            raise refuse(409, {"code": "key_reused", "detail": "Simulador"}) from None
        answer = jsonify(key=key, status="accepted", id=_number(key))
        answer.status_code = 202
        return answer

    def take(self, key: str, body: dict[str, Any]) -> None:
        """Keep it, decide at once what becomes of it, and tell of that. Raises KeyReused."""
        now = self._world.now()
        self._world.memory.keep_message(key, body, now)
        if self._world.memory.find(AGENCY, key) is not None:
            return
        status, reason = self._outcome(body)
        outcome = {"status": status, "reason": reason}
        self._world.memory.take(AGENCY, key, outcome, now, acts=Acts.ONCE)
        # Who takes e-mail tells only of what came back; a telephone network tells of everything.
        if status == "accepted" or f"{AGENCY}.callbacks" not in self._world.secrets:
            return
        self._world.memory.plan_callback(f"{key}-{status}", AGENCY, {"folio": key}, now)

    def report(self, key: str) -> Response:
        """The delivery report of a message."""
        self._world.require_bearer(AGENCY, {"code": "unauthorized"})
        order = self._world.memory.find(AGENCY, key)
        if order is None:
            raise refuse(404, {"code": "not_found", "detail": "Simulador"})
        return jsonify(key=key, **order.body)

    def _outcome(self, body: dict[str, Any]) -> tuple[str, str | None]:
        channel = body["channel"]
        rate = self._world.board.of(AGENCY).bounce_rate
        if _reaches_nobody(channel, body["to"]) or self._world.board.happens(rate):
            return _LOST[channel]
        return ("accepted" if channel == "email" else "delivered"), None


def _reaches_nobody(channel: str, to: str) -> bool:
    if channel == "email":
        return to.startswith("rebota@")
    return to.endswith("0000" if channel == "sms" else "00000")


def _number(key: str) -> str:
    """The gateway's own number of the message."""
    return f"SIM{hashlib.sha256(key.encode()).hexdigest()[:16].upper()}"


def _fault_of(key: str, body: Any) -> str | None:
    if not key or len(key) > 200 or not isinstance(body, dict) or set(body) - _OPTIONAL != _FIELDS:
        return "data_invalid"
    if not all(isinstance(body[name], str) for name in _FIELDS):
        return "data_invalid"
    if body["channel"] not in CHANNELS or not body["body"] or not body["subject"].isprintable():
        return "data_invalid"
    if body["channel"] == "sms" and not _is_sms(body):
        return "data_invalid"
    sign = "@" if body["channel"] == "email" else "+"
    return None if sign in body["to"] else "recipient_invalid"


def _is_sms(body: Any) -> bool:
    """Says in what it is written and how long it is; a sender from before says neither."""
    if not _OF_SMS & set(body):
        return True
    parts = body.get("parts")
    return body.get("encoding") in ENCODINGS and isinstance(parts, int) and parts > 0
