"""Our requests to the social security institute in its words, and its answers in ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from integrations.answers import OptionalFields
from integrations.contracts import (
    EnrollmentApplication,
    EnrollmentState,
    EnrollmentStatus,
    PaymentLine,
)
from integrations.imss.codes import PROCEDURES, REASONS, REQUESTED, STATUSES
from integrations.registers import applicant, reason_of, status_of

_NSS = re.compile(r"[0-9]{11}")
_REFERENCE = re.compile(r"[0-9]{10,40}")
# Numbers of other agencies, which have a place of their own beside the program's fields.
_NUMBERS = ("rfc", "nss")


def request_body(application: EnrollmentApplication) -> dict[str, Any]:
    """The body of a request or correction: `datos` are the program's fields, by our names."""
    data = application.data
    return {
        **applicant(application),
        "tramite": PROCEDURES[application.program],
        "rfc": data.get("rfc") or None,
        "nss": data.get("nss") or None,
        "datos": {name: value for name, value in data.items() if name not in _NUMBERS},
    }


def enrollment_state(folio: str, body: Mapping[str, Any]) -> EnrollmentState:
    """The state in the answer. ValueError or KeyError when unreadable or about another folio.

    Folio, state, number, cover and the line of what is to be paid decide; the rest is optional.
    """
    status = status_of(folio, body, STATUSES)
    optional = OptionalFields(body)
    return EnrollmentState(
        folio=folio,
        status=status,
        result=_result(body),
        reason_code=reason_of(status, optional.text("causa"), REASONS),
        requested=optional.known("porCorregir", REQUESTED),
        answer_by=optional.day("limiteCorreccion"),
        payment=_payment(status, body),
        changed_at=optional.moment("actualizado"),
        dropped=tuple(optional.dropped),
    )


def _result(body: Mapping[str, Any]) -> dict[str, str]:
    """The number, as soon as there is one, and the cover of whoever has paid."""
    result: dict[str, str] = {}
    if body.get("nss") is not None or body["estado"] == "ASIGNADO":
        result["nss"] = _matching(_NSS, body["nss"])
    if body["estado"] == "VIGENTE":
        covered_from = date.fromisoformat(body["vigenciaDesde"])
        covered_to = date.fromisoformat(body["vigenciaHasta"])
        if covered_to < covered_from:
            raise ValueError("a cover that ends before it begins")
        result |= {
            "covered_from": covered_from.isoformat(),
            "covered_to": covered_to.isoformat(),
        }
    return result


def _payment(status: EnrollmentStatus, body: Mapping[str, Any]) -> PaymentLine | None:
    """What is to be paid before it is given, or for what follows the cover that is."""
    if status is EnrollmentStatus.PAYMENT_PENDING:
        return _line(body["lineaPago"])
    renews = body["estado"] == "VIGENTE" and body.get("lineaPago") is not None
    return _line(body["lineaPago"]) if renews else None


def _line(line: object) -> PaymentLine:
    """Whoever pays does so by these: a line that can't be read is no line."""
    if not isinstance(line, dict):
        raise ValueError("not a line to pay by")
    amount = OptionalFields(line).minor_units("importe")
    if not amount or line["moneda"] != "MXN":
        raise ValueError("not an amount to pay")
    due_on = date.fromisoformat(line["vence"])
    return PaymentLine(_matching(_REFERENCE, line["referencia"]), amount, "MXN", due_on)


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError("not of the form that was agreed")
    return value
