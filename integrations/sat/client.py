"""The tax register (SAT). Grade A and B: it honours our folio as key and answers by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contracts import EnrollmentApplication, EnrollmentState
from integrations.registers import RegisterClient
from integrations.sat import wire
from integrations.sat.codes import REFUSALS, REMEDIES


class SatClient(RegisterClient):
    """Implements `contracts.EnrollmentAgency`; tells of changes by callback."""

    agency = "sat"
    collection = "v1/solicitudes"
    refusals = REFUSALS
    remedies = REMEDIES

    def request_body(self, application: EnrollmentApplication) -> dict[str, Any]:
        """The request in the register's words."""
        return wire.request_body(application)

    def state(self, folio: str, body: Mapping[str, Any]) -> EnrollmentState:
        """Its answer in ours."""
        return wire.enrollment_state(folio, body)
