"""What the agencies that enroll people share: a request under our folio, asked about by it.

SAT and IMSS take one request at a time, by the same three calls; `RegisterClient` makes them. What
is said in them is each agency's own `wire.py`.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any, ClassVar

from integrations.base import TokenClient
from integrations.contracts import (
    DocumentFile,
    EnrollmentApplication,
    EnrollmentState,
    EnrollmentStatus,
    Remedy,
)
from integrations.errors import Refused, Unanswered

OTHER_REASON = "other"
# What can be done about the codes that every register has.
REMEDIES: Mapping[str, Remedy] = {
    "data_mismatch": Remedy.CORRECT,
    "already_registered": Remedy.ASK_AGENCY,
    OTHER_REASON: Remedy.ASK_AGENCY,
    "curp_invalid": Remedy.CORRECT,
    "data_invalid": Remedy.CORRECT,
    "not_found": Remedy.OURS,
    "key_reused": Remedy.OURS,
}


class DocumentClient(TokenClient):
    """Implements `contracts.TakesDocuments`: a document stands below its request, under its id."""

    @abstractmethod
    def _path(self, folio: str) -> str:
        """Where the request stands, below the base URL."""

    def send_document(self, folio: str, document: DocumentFile) -> None:
        """Hand a document over; the same again has no further effect."""
        path = f"{self._path(folio)}/documentos/{document.id.hex}"
        body = {
            "tipo": document.kind,
            "formato": document.media_type,
            "huella": sha256(document.content).hexdigest(),
            "contenido": b64encode(document.content).decode("ascii"),
        }
        self._tell("send_document", "PUT", path, body, partial(_taken, document.id.hex))


def _taken(document: str, body: Mapping[str, Any]) -> None:
    if body["documento"] != document:
        raise ValueError("an answer about another document")


class RegisterClient(DocumentClient):
    """Implements `contracts.EnrollmentAgency`. Grade A and B: it honours our folio as key and
    answers by it."""

    # Where its requests stand, below the base URL.
    collection: ClassVar[str]
    remedies: ClassVar[Mapping[str, Remedy]]

    @abstractmethod
    def request_body(self, application: EnrollmentApplication) -> dict[str, Any]:
        """The request in the agency's words."""

    @abstractmethod
    def state(self, folio: str, body: Mapping[str, Any]) -> EnrollmentState:
        """The agency's answer in our words. ValueError or KeyError when unreadable or about
        another folio."""

    def request(self, application: EnrollmentApplication) -> EnrollmentState:
        """Send the request under its folio; the same again is the same request."""
        return self._send("request", self._path(application.folio), application)

    def amend(self, application: EnrollmentApplication) -> EnrollmentState:
        """Send what it wanted corrected; the same again has no further effect."""
        return self._send("amend", f"{self._path(application.folio)}/aclaracion", application)

    def status(self, folio: str) -> EnrollmentState:
        """The folio's state; `not_found` is an answer, not an error."""
        try:
            return self._ask("status", self._path(folio), partial(self.state, folio))
        except Refused as refusal:
            return absent(folio, refusal)

    def _send(
        self, operation: str, path: str, application: EnrollmentApplication
    ) -> EnrollmentState:
        body = self.request_body(application)
        return self._tell(operation, "PUT", path, body, partial(self.state, application.folio))

    def _path(self, folio: str) -> str:
        return f"{self.collection}/{request_key(folio)}"


def absent(folio: str, refusal: Refused) -> EnrollmentState:
    """The state of a folio that the agency doesn't know. Raises `Unanswered` for another code:
    a question can't be refused, so that one answers nothing, and is asked again."""
    if refusal.code != "not_found":
        code = f"refused_{refusal.code}"
        raise Unanswered(refusal.agency, refusal.operation, code) from None
    return EnrollmentState(folio=folio, status=EnrollmentStatus.NOT_FOUND)


def request_key(folio: str) -> str:
    """The folio as it stands in a path. ValueError when it is not one of ours."""
    if not re.fullmatch(r"[A-Z0-9]{1,29}", folio):
        raise ValueError("not a folio")
    return folio


def applicant(application: EnrollmentApplication) -> dict[str, Any]:
    """The applicant, as every register here is told; names as written, accents and Ñ included."""
    return {
        "folio": request_key(application.folio),
        "curp": application.curp,
        "nombres": application.given_names,
        "primerApellido": application.first_surname,
        "segundoApellido": application.second_surname,
        "fechaNacimiento": application.birth_date.isoformat(),
        "correo": application.email,
    }


def status_of(
    folio: str, body: Mapping[str, Any], statuses: Mapping[str, EnrollmentStatus]
) -> EnrollmentStatus:
    """The state in an answer. ValueError or KeyError when it is unknown or about another folio."""
    if body["folio"] != folio:
        raise ValueError("an answer about another request")
    return statuses[body["estado"]]


def reason_of(
    status: EnrollmentStatus, cause: str | None, reasons: Mapping[str, str]
) -> str | None:
    """Why it was rejected or ended, in our words; `other` for a cause that isn't in the table."""
    if status not in (EnrollmentStatus.REJECTED, EnrollmentStatus.ENDED):
        return None
    return reasons.get(cause or "", OTHER_REASON)
