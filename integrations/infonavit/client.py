"""The housing fund (Infonavit). It takes a file of requests and gives a file of results.

Grade A and B by the batch's key: the same file under the same key has no further effect, and it can
be asked about. Each row is keyed by our folio as well.
"""

from __future__ import annotations

from functools import partial

from integrations.contracts import BatchResults, BatchStatus, EnrollmentBatch, EnrollmentState
from integrations.errors import Refused, Unanswered
from integrations.infonavit import wire
from integrations.infonavit.codes import REFUSALS, REMEDIES
from integrations.registers import DocumentClient, absent, request_key


class InfonavitClient(DocumentClient):
    """Client of Infonavit. Implements `contracts.BatchEnrollmentAgency`."""

    agency = "infonavit"
    refusals = REFUSALS
    remedies = REMEDIES

    def send_batch(self, batch: EnrollmentBatch) -> BatchStatus:
        """Hand the file over under the batch's key; the same again has no further effect."""
        file = wire.batch_file(batch)
        decode = partial(wire.batch_status, batch.key)
        return self._tell_file("send_batch", "PUT", _batch(batch.key), file, decode)

    def batch_status(self, key: str) -> BatchStatus:
        """The batch's state; `not_found` is an answer, not an error."""
        try:
            return self._ask("batch_status", _batch(key), partial(wire.batch_status, key))
        except Refused as refusal:
            if refusal.code != "not_found":
                code = f"refused_{refusal.code}"
                raise Unanswered(refusal.agency, refusal.operation, code) from None
            return BatchStatus.NOT_FOUND

    def batch_results(self, key: str) -> BatchResults:
        """The rows that are decided so far.

        Asked for the state first: a file that is fetched after the last row was decided is whole.
        """
        answered = self.batch_status(key) is BatchStatus.ANSWERED
        decode = partial(wire.batch_results, key, answered)
        try:
            return self._ask_file("batch_results", f"{_batch(key)}/resultados", decode)
        except Refused as refusal:
            code = f"refused_{refusal.code}"
            raise Unanswered(refusal.agency, refusal.operation, code) from None

    def status(self, folio: str) -> EnrollmentState:
        """A row's state, whichever batch it came in."""
        try:
            return self._ask("status", self._path(folio), partial(wire.enrollment_state, folio))
        except Refused as refusal:
            return absent(folio, refusal)

    def _path(self, folio: str) -> str:
        return f"v1/solicitudes/{request_key(folio)}"


def _batch(key: str) -> str:
    return f"v1/lotes/{request_key(key)}"
