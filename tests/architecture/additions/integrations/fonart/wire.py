"""Our request for an artisan's credential in the fund's words, and its answers in ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.answers import OptionalFields
from integrations.contracts import EnrollmentApplication, EnrollmentState, EnrollmentStatus
from integrations.fonart.codes import REASONS, REQUESTED, STATUSES
from integrations.registers import applicant, reason_of, status_of


def request_body(application: EnrollmentApplication) -> dict[str, Any]:
    """The body of a request or correction."""
    return {**applicant(application), "oficio": application.data["craft"]}


def enrollment_state(folio: str, body: Mapping[str, Any]) -> EnrollmentState:
    """The state in the answer. ValueError or KeyError when unreadable or about another folio."""
    status, optional = status_of(folio, body, STATUSES), OptionalFields(body)
    active = status is EnrollmentStatus.ACTIVE
    return EnrollmentState(
        folio,
        status,
        result={"credential": str(body["credencial"])} if active else {},
        requested=optional.known("porCorregir", REQUESTED),
        answer_by=optional.day("limiteCorreccion"),
        reason_code=reason_of(status, optional.text("causa"), REASONS),
        dropped=tuple(optional.dropped),
    )
