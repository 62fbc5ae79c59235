"""The tax register (SAT). Grade A and B: it honours our folio as key and answers by it."""

from __future__ import annotations

from functools import partial

from integrations.base import TokenClient
from integrations.contracts import EnrollmentApplication, EnrollmentState, EnrollmentStatus
from integrations.errors import Refused, Unanswered
from integrations.sat import wire
from integrations.sat.codes import REFUSALS


class SatClient(TokenClient):
    """Implements `contracts.EnrollmentAgency`."""

    agency = "sat"
    refusals = REFUSALS

    def request(self, application: EnrollmentApplication) -> EnrollmentState:
        """Send the request under its folio; the same again is the same request."""
        folio = application.folio
        body = wire.request_body(application)
        return self._tell("request", "PUT", _path(folio), body, _about(folio))

    def amend(self, application: EnrollmentApplication) -> EnrollmentState:
        """Send what it wanted corrected; the same again has no further effect."""
        folio = application.folio
        body = wire.request_body(application)
        return self._tell("amend", "PUT", f"{_path(folio)}/aclaracion", body, _about(folio))

    def status(self, folio: str) -> EnrollmentState:
        """The folio's state; `not_found` is an answer, not an error."""
        try:
            return self._ask("status", _path(folio), _about(folio))
        except Refused as refusal:
            if refusal.code != "not_found":
                # A question can't be refused: this answers nothing, and is asked again.
                code = f"refused_{refusal.code}"
                raise Unanswered(refusal.agency, refusal.operation, code) from None
            return EnrollmentState(folio=folio, status=EnrollmentStatus.NOT_FOUND)


def _path(folio: str) -> str:
    return f"v1/solicitudes/{wire.request_key(folio)}"


def _about(folio: str) -> partial[EnrollmentState]:
    return partial(wire.enrollment_state, folio)
