"""The tax register as we assume it: requests keyed by our folio, decided as time passes.

A valid request is received, reviewed, given a video appointment, and active. Besides the rules of
`applicants`: first surname `CITADO` stays at the appointment until an hour after it, or until
somebody says on the people's page that it took place.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from integrations.simulator import applicants, names
from integrations.simulator.memory import Acts, Order
from integrations.simulator.registers import SimulatedRegister
from integrations.simulator.world import MEXICO_CITY

AGENCY = "sat"
# Parts of `decide_seconds` after which a request is in review and has its appointment.
REVIEW_AFTER = 0.25
APPOINTMENT_AFTER = 0.55
APPOINTMENT_AT = time(10, 0)
# Whoever is called so is seen at the appointment itself, and the official writes that up so long.
WAITS = "CITADO"
WRITTEN_UP = timedelta(hours=1)
_TOOK_PLACE = f"{AGENCY}.appointments"


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
        if part < 1 or self._waits(body, order):
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
        return {
            "cita": self._starts_at(order).isoformat(),
            "ligaCita": f"https://videocita.sat.example.org/{order.folio}",
        }

    def _starts_at(self, order: Order) -> datetime:
        """The next day at ten, Mexico City; in the simulator the official is early."""
        day = self._world.day(order.taken_at) + timedelta(days=1)
        return datetime.combine(day, APPOINTMENT_AT, MEXICO_CITY)

    def _waits(self, body: Any, order: Order) -> bool:
        """Whether the person is one who stays at the appointment, and it isn't over."""
        if not applicants.is_called(body, WAITS) or self._world.now() >= self._over_at(order):
            return False
        return self._world.memory.find(_TOOK_PLACE, order.folio) is None

    def _over_at(self, order: Order) -> float:
        return (self._starts_at(order) + WRITTEN_UP).timestamp()

    def plan_callback(self, folio: str, what: str) -> None:
        """Call back once it is decided; of whoever stays at the appointment, also once there is
        one."""
        order, now = self._register.get(folio), self._world.now()
        if applicants.is_called(order.body, WAITS):
            later = now + APPOINTMENT_AFTER * self._world.decide_seconds
            self._call_back(folio, f"{what}-appointment", later)
            self._call_back(folio, f"{what}-over", self._over_at(order))
        self._call_back(folio, what, now + self._world.decide_seconds)

    def end_appointment(self, folio: str) -> None:
        """The appointment took place: it is decided, and we are told. 404 for a folio that isn't
        known."""
        self._register.get(folio)
        now = self._world.now()
        self._world.memory.take(_TOOK_PLACE, folio, {}, now, acts=Acts.NEVER)
        self._call_back(folio, "over", now)

    def _call_back(self, folio: str, what: str, due_at: float) -> None:
        body = {"type": "registration.updated", "folio": folio}
        self._world.memory.plan_callback(f"{AGENCY}-{folio}-{what}", AGENCY, body, due_at)


_REVIEWED = {"estado": "EN_REVISION"}


def _cause(body: Any) -> str | None:
    """Why the register says no."""
    if applicants.is_called(body, applicants.ALREADY):
        return "YA_INSCRITO"
    agrees = names.agrees(body["curp"], applicants.person(body))
    return None if agrees else "DATOS_NO_COINCIDEN"
