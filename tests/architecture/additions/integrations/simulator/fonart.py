"""The fund for artisans as we assume it: it decides at once, by the rules of `applicants`."""

from __future__ import annotations

from typing import Any, ClassVar

from integrations.simulator import applicants, names
from integrations.simulator.memory import Order
from integrations.simulator.registers import SimulatedRegister


class SimulatedAgency(SimulatedRegister):
    """The fund."""

    agency = "fonart"
    collection = "registros"
    corrected = "CORREGIR"
    fields = ("oficio",)
    blank: ClassVar = {"causa": None, "credencial": None}

    def state(self, order: Order) -> dict[str, Any]:
        """Corrected once where it has to be, and decided."""
        correction = self._register.correction(order.folio)
        if self._register.wants_correction(order.body) and correction is None:
            return {"estado": "POR_CORREGIR", **self._register.asks_correction(order)}
        body = order.body
        if applicants.is_called(body, applicants.ALREADY):
            return {"estado": "NEGADO", "causa": "YA_REGISTRADO"}
        if not names.agrees(body["curp"], applicants.person(body)):
            return {"estado": "NEGADO", "causa": "DATOS_NO_COINCIDEN"}
        number = applicants.number_of(body["curp"], digits=8)
        return {"estado": "REGISTRADO", "credencial": f"A{number}"}
