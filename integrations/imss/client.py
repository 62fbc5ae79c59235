"""Social security (IMSS). Grade A and B: it honours our folio as key and answers by it."""

from __future__ import annotations

from integrations.imss import wire
from integrations.imss.codes import REFUSALS, REMEDIES
from integrations.registers import RegisterClient


class ImssClient(RegisterClient):
    """Implements `contracts.EnrollmentAgency`; decides at once, and is asked about payments."""

    agency = "imss"
    collection = "v1/tramites"
    refusals = REFUSALS
    remedies = REMEDIES

    request_body = staticmethod(wire.request_body)
    state = staticmethod(wire.enrollment_state)
