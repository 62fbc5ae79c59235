"""The fund for artisans. Grade A and B: it honours our folio as key and answers by it."""

from __future__ import annotations

from integrations.fonart import wire
from integrations.fonart.codes import REFUSALS, REMEDIES
from integrations.registers import RegisterClient


class FonartClient(RegisterClient):
    """Implements `contracts.EnrollmentAgency`; decides at once."""

    agency = "fonart"
    collection = "v1/registros"
    refusals = REFUSALS
    remedies = REMEDIES

    request_body = staticmethod(wire.request_body)
    state = staticmethod(wire.enrollment_state)
