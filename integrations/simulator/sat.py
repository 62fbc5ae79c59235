"""The tax register as we assume it: requests keyed by our folio, decided as time passes.

A valid request is received, reviewed, given a video appointment, and active.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from integrations.simulator import applicants, names
from integrations.simulator.memory import Order
from integrations.simulator.registers import SimulatedRegister
from integrations.simulator.world import MEXICO_CITY

AGENCY = "sat"
# Parts of `decide_seconds` after which a request is in review and has its appointment.
REVIEW_AFTER = 0.25
APPOINTMENT_AFTER = 0.55
APPOINTMENT_AT = time(10, 0)


class SimulatedAgency(SimulatedRegister):
    """The register, which decides as time passes and calls back."""

    agency = AGENCY
    collection = "solicitudes"
    corrected = "ACLARAR"
    unknown = "NO_ENCONTRADA"
    blank: ClassVar = {"causa": None, "rfc": None, "cita": None}

    def state(self, order: Order) -> dict[str, Any]:
        """How far the request has come, by the time that has passed."""
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
        return {"estado": "ACTIVA", **self._registration(order, body)}

    def _registration(self, order: Order, body: Any) -> dict[str, str]:
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

    def plan_callback(self, folio: str, what: str) -> None:
        """Call back once it is decided."""
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
