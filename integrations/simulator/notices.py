"""The message gateway: keeps what it is given, once per key, for a person to read."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from integrations.simulator.memory import KeyReused
from integrations.simulator.world import World, refuse

AGENCY = "notices"
CHANNELS = ("email", "sms")
_FIELDS = {"channel", "to", "subject", "body"}
_OF_SMS = {"encoding", "parts"}
ENCODINGS = ("gsm7", "ucs2")


class SimulatedAgency:
    """The gateway's one endpoint."""

    def __init__(self, world: World) -> None:
        self._world = world

    def blueprint(self) -> Blueprint:
        """Its routes, under /notices."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/notices")
        routes.add_url_rule("/v1/messages", "send", self.send, methods=["POST"])
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
            self._world.memory.keep_message(key, body, self._world.now())
        except KeyReused:
            raise refuse(409, {"code": "key_reused", "detail": "Simulador"}) from None
        answer = jsonify(key=key, status="accepted")
        answer.status_code = 202
        return answer


def _fault_of(key: str, body: Any) -> str | None:
    if not key or len(key) > 200 or not isinstance(body, dict) or set(body) - _OF_SMS != _FIELDS:
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
