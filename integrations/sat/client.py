"""The tax register (SAT). Grade A and B: it honours our folio as key and answers by it."""

from __future__ import annotations

from integrations.registers import RegisterClient
from integrations.sat import wire
from integrations.sat.codes import REFUSALS, REMEDIES


class SatClient(RegisterClient):
    """Implements `contracts.EnrollmentAgency`; tells of changes by callback."""

    agency = "sat"
    collection = "v1/solicitudes"
    refusals = REFUSALS
    remedies = REMEDIES

    request_body = staticmethod(wire.request_body)
    state = staticmethod(wire.enrollment_state)
