"""The tax register (SAT). Grade A and B: it honours our folio as key and answers by it."""

from __future__ import annotations

from functools import partial

from integrations.base import BearerClient
from integrations.contracts import RegistrationState, RegistrationStatus, RfcRequest
from integrations.errors import Refused
from integrations.sat import wire
from integrations.sat.codes import REFUSALS


class SatClient(BearerClient):
    """Implements `contracts.TaxRegistry`."""

    agency = "sat"
    refusals = REFUSALS

    def request(self, request: RfcRequest) -> RegistrationState:
        """Send the request under its folio; the same again is the same request."""
        body = wire.request_body(request)
        return self._tell("request", "PUT", _path(request.folio), body, _about(request.folio))

    def status(self, folio: str) -> RegistrationState:
        """The folio's state; `not_found` is an answer, not an error."""
        try:
            return self._ask("status", _path(folio), _about(folio))
        except Refused as refusal:
            if refusal.code != "not_found":
                raise
            return RegistrationState(folio=folio, status=RegistrationStatus.NOT_FOUND)


def _path(folio: str) -> str:
    return f"v1/solicitudes/{wire.request_key(folio)}"


def _about(folio: str) -> partial[RegistrationState]:
    return partial(wire.registration_state, folio)
