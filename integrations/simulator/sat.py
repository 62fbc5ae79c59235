"""The tax register as we assume it: requests keyed by our folio, decided as time passes."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from integrations.simulator import names
from integrations.simulator.memory import KeyReused, Order
from integrations.simulator.world import World, refuse

AGENCY = "sat"

# First surnames that make the simulator misbehave on purpose.
ALREADY = "INSCRITO"
STUCK = "PENDIENTE"

_FIELDS = {
    "folio",
    "curp",
    "nombres",
    "primerApellido",
    "segundoApellido",
    "fechaNacimiento",
    "correo",
}


class SimulatedAgency:
    """The register's endpoints over the shared world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def blueprint(self) -> Blueprint:
        """Its routes, under /sat."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/sat/v1/solicitudes")
        routes.before_request(self._authenticate)
        routes.add_url_rule("/<folio>", "request", self.request, methods=["PUT"])
        routes.add_url_rule("/<folio>", "status", self.status, methods=["GET"])
        return routes

    def _authenticate(self) -> None:
        self._world.require_bearer(AGENCY, _error("NO_AUTORIZADO"))

    def request(self, folio: str) -> Response:
        """Take the request in once; a repeat answers with its present state."""
        body: Any = request.get_json(silent=True)
        code = _fault_of(folio, body)
        if code is not None:
            raise refuse(422, _error(code))
        now = self._world.now()
        try:
            new = self._world.memory.take(AGENCY, folio, body, now, acts=self._world.acts(AGENCY))
        except KeyReused:
            raise refuse(409, _error("FOLIO_REUTILIZADO")) from None
        if new:
            self._world.memory.plan_callback(
                f"{AGENCY}-{folio}-decided",
                AGENCY,
                {"type": "registration.updated", "folio": folio},
                now + self._world.decide_seconds,
            )
        return self._state(folio, 201 if new else 200)

    def status(self, folio: str) -> Response:
        """Return the status of a request."""
        return self._state(folio, 200)

    def describe(self, order: Order) -> str:
        """State and cause."""
        return " ".join(word for word in self._verdict(order) if word)

    def _state(self, folio: str, status: int) -> Response:
        order = self._world.memory.find(AGENCY, folio)
        if order is None:
            raise refuse(404, _error("NO_ENCONTRADA"))
        word, cause = self._verdict(order)
        rfc = names.make_rfc(_person(order.body)) if word == "ACTIVA" else None
        answer = jsonify(folio=folio, estado=word, causa=cause, rfc=rfc)
        answer.status_code = status
        return answer

    def _verdict(self, order: Order) -> tuple[str, str | None]:
        """(state, cause) now: received, then in review, then decided."""
        surname = names.words(order.body["primerApellido"])
        age = self._world.now() - order.taken_at
        if age < self._world.decide_seconds / 4:
            return "RECIBIDA", None
        if age < self._world.decide_seconds or STUCK in surname:
            return "EN_REVISION", None
        if ALREADY in surname:
            return "RECHAZADA", "YA_INSCRITO"
        if not names.agrees(order.body["curp"], _person(order.body)):
            return "RECHAZADA", "DATOS_NO_COINCIDEN"
        return "ACTIVA", None


def _error(code: str) -> dict[str, str]:
    return {"codigo": code, "mensaje": f"Simulador: {code}"}


def _fault_of(folio: str, body: Any) -> str | None:
    """The code of what is wrong with a request, None when it can be taken in."""
    if not isinstance(body, dict) or set(body) != _FIELDS or body["folio"] != folio:
        return "DATOS_INVALIDOS"
    required = (body["curp"], body["nombres"], body["primerApellido"], body["fechaNacimiento"])
    if not all(isinstance(text, str) and text.strip() for text in required):
        return "DATOS_INVALIDOS"
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", body["fechaNacimiento"]):
        return "DATOS_INVALIDOS"
    return None if names.well_formed(body["curp"]) else "CURP_INVALIDA"


def _person(body: Any) -> names.Person:
    return names.Person(
        given_names=body["nombres"],
        first_surname=body["primerApellido"],
        second_surname=body["segundoApellido"],
        birth_date=date.fromisoformat(body["fechaNacimiento"]),
    )
