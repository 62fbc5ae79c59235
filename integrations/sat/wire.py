"""Our request for an RFC in the register's words, and its answers in ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.contracts import RegistrationState, RegistrationStatus, RfcRequest
from integrations.sat.codes import OTHER_REASON, REASONS, STATUSES

_RFC = re.compile(r"[A-ZÑ&]{4}[0-9]{6}[A-Z0-9]{3}")


def request_key(folio: str) -> str:
    """The folio as it stands in a path. ValueError when it is not one of ours."""
    if not re.fullmatch(r"[A-Z0-9]{1,29}", folio):
        raise ValueError("not a folio")
    return folio


def request_body(request: RfcRequest) -> dict[str, Any]:
    """The body of a request; names as the person writes them, accents and Ñ included."""
    return {
        "folio": request_key(request.folio),
        "curp": request.curp,
        "nombres": request.given_names,
        "primerApellido": request.first_surname,
        "segundoApellido": request.second_surname,
        "fechaNacimiento": request.birth_date.isoformat(),
        "correo": request.email,
    }


def registration_state(folio: str, body: Mapping[str, Any]) -> RegistrationState:
    """The state in the answer. ValueError or KeyError when unreadable or about another folio."""
    if body["folio"] != folio:
        raise ValueError("an answer about another request")
    status = STATUSES[body["estado"]]
    return RegistrationState(
        folio=folio,
        status=status,
        rfc=_rfc(body["rfc"]) if status is RegistrationStatus.ACTIVE else None,
        reason_code=_reason(status, body.get("causa")),
    )


def _reason(status: RegistrationStatus, cause: object) -> str | None:
    if status is not RegistrationStatus.REJECTED:
        return None
    return REASONS.get(str(cause), OTHER_REASON)


def _rfc(value: object) -> str:
    # The form only: about one real RFC in seventy has a wrong check digit.
    if not isinstance(value, str) or not _RFC.fullmatch(value):
        raise ValueError("not an RFC")
    return value
