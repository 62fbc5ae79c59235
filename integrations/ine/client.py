"""The electoral institute (INE): counts of credential requests by office. A question only, so that
no grade is needed and asking again is always harmless."""

from __future__ import annotations

from integrations.base import TokenClient
from integrations.contracts import CredentialCounts
from integrations.errors import Refused, Unanswered
from integrations.ine import wire
from integrations.ine.codes import REFUSALS, REMEDIES


class IneClient(TokenClient):
    """Client of INE. Implements `contracts.CredentialCountSource`."""

    agency = "ine"
    refusals = REFUSALS
    remedies = REMEDIES

    def latest(self) -> CredentialCounts:
        """The newest counts that were published. Raises `Retryable` when there are none."""
        try:
            return self._ask("latest", "v1/credenciales/conteos", wire.credential_counts)
        except Refused as refusal:
            raise Unanswered(refusal.agency, refusal.operation, refusal.code) from None
