"""Our request for an RFC in the register's words, and its answers in ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.answers import OptionalFields
from integrations.contracts import (
    AgencyAppointment,
    EnrollmentApplication,
    EnrollmentState,
    EnrollmentStatus,
)
from integrations.registers import applicant, reason_of, status_of
from integrations.sat.codes import REASONS, REQUESTED, STATUSES

_RFC = re.compile(r"[A-ZÑ&]{4}[0-9]{6}[A-Z0-9]{3}")


def request_body(application: EnrollmentApplication) -> dict[str, Any]:
    """The body of a request or correction."""
    return applicant(application)


def enrollment_state(folio: str, body: Mapping[str, Any]) -> EnrollmentState:
    """The state in the answer. ValueError or KeyError when unreadable or about another folio.

    Folio, state and, once active, the RFC decide; everything else is optional.
    """
    status = status_of(folio, body, STATUSES)
    optional = OptionalFields(body)
    return EnrollmentState(
        folio=folio,
        status=status,
        result=_result(body, optional) if status is EnrollmentStatus.ACTIVE else {},
        reason_code=reason_of(status, optional.text("causa"), REASONS),
        requested=optional.known("porCorregir", REQUESTED),
        answer_by=optional.day("limiteCorreccion"),
        appointment=_appointment(optional),
        changed_at=optional.moment("actualizada"),
        dropped=tuple(optional.dropped),
    )


def _result(body: Mapping[str, Any], optional: OptionalFields) -> dict[str, str]:
    enrolled_on = optional.day("fechaInscripcion")
    values = {
        "rfc": _rfc(body["rfc"]),
        "acknowledgement": optional.text("acuse"),
        "tax_id_card": optional.text("cedula"),
        "enrolled_on": enrolled_on and enrolled_on.isoformat(),
    }
    return {name: value for name, value in values.items() if value}


def _appointment(optional: OptionalFields) -> AgencyAppointment | None:
    starts_at, link = optional.moment("cita"), optional.link("ligaCita")
    return AgencyAppointment(starts_at, link) if starts_at else None


def _rfc(value: object) -> str:
    # The form only: about one real RFC in seventy has a wrong check digit.
    if not isinstance(value, str) or not _RFC.fullmatch(value):
        raise ValueError("not an RFC")
    return value
