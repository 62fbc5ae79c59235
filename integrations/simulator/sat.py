"""The tax register as we assume it: requests keyed by our folio, decided as time passes.

A valid request is received, reviewed, given a video appointment, and active.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from integrations.simulator import applicants, names
from integrations.simulator.applicants import Register, created
from integrations.simulator.memory import Order
from integrations.simulator.world import MEXICO_CITY, World

AGENCY = "sat"
# Parts of `decide_seconds` after which a request is in review and has its appointment.
REVIEW_AFTER = 0.25
APPOINTMENT_AFTER = 0.55
APPOINTMENT_AT = time(10, 0)


class SimulatedAgency:
    """The register's endpoints over the shared world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._register = Register(world, AGENCY)

    def blueprint(self) -> Blueprint:
        """Its routes, under /sat."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/sat/v1/solicitudes")
        routes.before_request(self._authenticate)
        routes.add_url_rule("/<folio>", "request", self.request, methods=["PUT"])
        routes.add_url_rule("/<folio>/aclaracion", "amend", self.amend, methods=["PUT"])
        routes.add_url_rule("/<folio>", "status", self.status, methods=["GET"])
        return routes

    def _authenticate(self) -> None:
        self._world.require_bearer(AGENCY, applicants.error("NO_AUTORIZADO"))

    def request(self, folio: str) -> Response:
        """Take the request in once; a repeat answers with its present state."""
        new = self._register.take(folio)
        if new:
            self._call_back(folio, "decided")
        return created(self.status(folio), new)

    def amend(self, folio: str) -> Response:
        """Take the correction in; the register decides anew."""
        new = self._register.amend(folio)
        if new:
            self._call_back(folio, "decided-anew")
        return created(self.status(folio), new)

    def status(self, folio: str) -> Response:
        """Return the status of a request."""
        order = self._register.get(folio)
        return jsonify(
            {"folio": folio, "causa": None, "rfc": None, "cita": None, **self._state(order)}
        )

    def describe(self, order: Order) -> str:
        """State and cause."""
        return applicants.in_words(self._state(order))

    def _state(self, order: Order) -> dict[str, Any]:
        correction = self._register.correction(order.folio)
        part = self._part_of_time(correction or order)
        if part < REVIEW_AFTER and correction is None:
            return {"estado": "RECIBIDA"}
        correcting = self._register.wants_correction(order.body) and correction is None
        if part >= APPOINTMENT_AFTER and correcting:
            return {"estado": "POR_CORREGIR", **self._register.asks_correction(order)}
        if part < APPOINTMENT_AFTER or applicants.is_called(order.body, applicants.STUCK):
            return {"estado": "EN_REVISION"}
        return self._decision((correction or order).body, part, order)

    def _decision(self, body: Any, part: float, order: Order) -> dict[str, Any]:
        cause = _cause(body)
        if cause is not None:
            return {"estado": "RECHAZADA", "causa": cause} if part >= 1 else _REVIEWED
        if part < 1:
            return {"estado": "CITA_PROGRAMADA", **self._appointment(order)}
        return {"estado": "ACTIVA", **self._given(order, body)}

    def _given(self, order: Order, body: Any) -> dict[str, str]:
        return {
            "rfc": names.make_rfc(applicants.person(body)),
            "acuse": f"RF{order.folio}",
            "cedula": str(applicants.number_of(order.folio, digits=11)),
            "fechaInscripcion": self._world.day().isoformat(),
        }

    def _part_of_time(self, order: Order) -> float:
        """How much of the time that a decision takes is over, from 0 to 1 and beyond."""
        age = self._world.now() - order.taken_at
        return age / self._world.decide_seconds if self._world.decide_seconds else 1.0

    def _appointment(self, order: Order) -> dict[str, str]:
        """The next day at ten, Mexico City; in the simulator the official is early."""
        day = self._world.day(order.taken_at) + timedelta(days=1)
        at = datetime.combine(day, APPOINTMENT_AT, MEXICO_CITY)
        return {
            "cita": at.isoformat(),
            "ligaCita": f"https://videocita.sat.example.org/{order.folio}",
        }

    def _call_back(self, folio: str, what: str) -> None:
        self._world.memory.plan_callback(
            f"{AGENCY}-{folio}-{what}",
            AGENCY,
            {"type": "registration.updated", "folio": folio},
            self._world.now() + self._world.decide_seconds,
        )


_REVIEWED = {"estado": "EN_REVISION"}


def _cause(body: Any) -> str | None:
    """Why the register says no."""
    if applicants.is_called(body, applicants.ALREADY):
        return "YA_INSCRITO"
    agrees = names.agrees(body["curp"], applicants.person(body))
    return None if agrees else "DATOS_NO_COINCIDEN"
