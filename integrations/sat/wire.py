"""Our request for an RFC in the register's words, and its answers in ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.answers import OptionalFields
from integrations.contracts import EnrollmentApplication, EnrollmentState, EnrollmentStatus
from integrations.sat.codes import OTHER_REASON, REASONS, STATUSES

_RFC = re.compile(r"[A-ZÑ&]{4}[0-9]{6}[A-Z0-9]{3}")


def request_key(folio: str) -> str:
    """The folio as it stands in a path. ValueError when it is not one of ours."""
    if not re.fullmatch(r"[A-Z0-9]{1,29}", folio):
        raise ValueError("not a folio")
    return folio


def request_body(application: EnrollmentApplication) -> dict[str, Any]:
    """The body of a request; names as the person writes them, accents and Ñ included."""
    return {
        "folio": request_key(application.folio),
        "curp": application.curp,
        "nombres": application.given_names,
        "primerApellido": application.first_surname,
        "segundoApellido": application.second_surname,
        "fechaNacimiento": application.birth_date.isoformat(),
        "correo": application.email,
    }


def enrollment_state(folio: str, body: Mapping[str, Any]) -> EnrollmentState:
    """The state in the answer. ValueError or KeyError when unreadable or about another folio.

    Folio, state and, once active, the RFC decide; the cause is optional.
    """
    if body["folio"] != folio:
        raise ValueError("an answer about another request")
    status = STATUSES[body["estado"]]
    optional = OptionalFields(body)
    return EnrollmentState(
        folio=folio,
        status=status,
        result={"rfc": _rfc(body["rfc"])} if status is EnrollmentStatus.ACTIVE else {},
        reason_code=_reason(status, optional.text("causa")),
        dropped=tuple(optional.dropped),
    )


def _reason(status: EnrollmentStatus, cause: str | None) -> str | None:
    if status is not EnrollmentStatus.REJECTED:
        return None
    return REASONS.get(cause or "", OTHER_REASON)


def _rfc(value: object) -> str:
    # The form only: about one real RFC in seventy has a wrong check digit.
    if not isinstance(value, str) or not _RFC.fullmatch(value):
        raise ValueError("not an RFC")
    return value
