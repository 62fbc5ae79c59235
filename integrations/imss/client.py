"""Social security (IMSS). Grade A and B: it honours our folio as key and answers by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contracts import EnrollmentApplication, EnrollmentState
from integrations.imss import wire
from integrations.imss.codes import REFUSALS, REMEDIES
from integrations.registers import RegisterClient


class ImssClient(RegisterClient):
    """Implements `contracts.EnrollmentAgency`; decides at once, and is asked about payments."""

    agency = "imss"
    collection = "v1/tramites"
    refusals = REFUSALS
    remedies = REMEDIES

    def request_body(self, application: EnrollmentApplication) -> dict[str, Any]:
        """The request in the institute's words."""
        return wire.request_body(application)

    def state(self, folio: str, body: Mapping[str, Any]) -> EnrollmentState:
        """Its answer in ours."""
        return wire.enrollment_state(folio, body)
