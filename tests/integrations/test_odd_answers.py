"""An agency's slip in an optional field never holds up its word: dropped, and named."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.contracts import CreditKind, CreditProof, EnrollmentStatus, PayoutStatus
from integrations.finabien.wire import branches_page, payout_state
from integrations.sat.wire import enrollment_state

FOLIO = "R0000000000A"
PAID = {"claveRastreo": FOLIO, "estado": "LIQUIDADO"}
NO_TEXT: list[Any] = ["a\0b", "\ud800", "x" * 201, "a\nb", "\u202e", 7, True, [], {}]
NO_MOMENT: list[Any] = [
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+00:00", "2026-11-24T10:00:00", "ayer", "",
    "2026-13-01T00:00:00Z", 1764000000, True, [],
]  # fmt: skip
NO_AMOUNT: list[Any] = ["1e2", "-1.00", "1,000.00", "1.0", "１.00", 100, 100.0, True, [], "9" * 40]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("referencia", "sucursal", "causa") for value in NO_TEXT),
        *(("fechaLiquidacion", value) for value in NO_MOMENT),
        *(("monto", value) for value in NO_AMOUNT),
        *(("moneda", value) for value in ("", "pesos", "mxn", 7, ["MXN"])),
        *(("comprobante", value) for value in ("SPEI", 7, [])),
    ],
)
def test_paid_is_paid_whatever_an_optional_field_says(name: str, value: Any) -> None:
    state = payout_state(FOLIO, {**PAID, name: value})
    assert state.status is PayoutStatus.PAID
    assert state.dropped == (name,)
    assert (state.branch, state.agency_reference, state.paid_at, state.amount_minor) == (None,) * 4


def test_what_can_be_used_is_used() -> None:
    state = payout_state(FOLIO, {**PAID, "referencia": "FB1", "monto": "184.56", "sucursal": None})
    assert (state.agency_reference, state.amount_minor, state.dropped) == ("FB1", 18456, ())


@pytest.mark.parametrize(
    ("proof", "dropped"),
    [
        ({}, ()),
        ({"tipo": "SPEI"}, ()),
        ({"tipo": "OTRO", "referencia": "1"}, ()),
        ({"tipo": "SPEI", "referencia": "a\0b"}, ("comprobante.referencia",)),
    ],
)
def test_what_proves_nothing_is_no_proof(proof: dict[str, Any], dropped: tuple[str, ...]) -> None:
    state = payout_state(FOLIO, {**PAID, "comprobante": proof})
    assert (state.status, state.credit, state.dropped) == (PayoutStatus.PAID, None, dropped)


def test_a_proof_is_kept_without_what_cant_be_used_of_it() -> None:
    proof = {"tipo": "RECIBO", "referencia": "R1", "fechaOperacion": "ayer", "identificacion": "X"}
    state = payout_state(FOLIO, {**PAID, "comprobante": proof})
    assert state.credit == CreditProof(CreditKind.BRANCH, "R1", identification="other")
    assert state.dropped == ("comprobante.fechaOperacion",)


BRANCH = {
    "clave": "F1", "nombre": "Sucursal 1", "municipio": "20397", "domicilio": "Plaza 1",
    "horario": "9 a 17", "latitud": 17.3, "longitud": -97.7,
}  # fmt: skip


def test_a_branch_that_cant_be_read_spoils_no_other() -> None:
    odd: list[Any] = [{}, {**BRANCH, "municipio": "397"}, {**BRANCH, "latitud": "NaN"}, 7]
    odd += [{**BRANCH, "nombre": "a\0b"}, {**BRANCH, "longitud": None}]
    listed, following = branches_page({"sucursales": [*odd, BRANCH], "siguiente": None})
    assert ([branch.code for branch in listed.branches], following) == (["F1"], None)
    assert len(listed.unreadable) == len(odd)
    # By its code, where that can be read.
    assert set(listed.unreadable) <= {"", "F1"}


@pytest.mark.parametrize("change", [{"claveRastreo": "OTHER"}, {"estado": "QUIEN_SABE"}])
def test_what_decides_is_read_strictly(change: dict[str, str]) -> None:
    with pytest.raises((ValueError, KeyError)):
        payout_state(FOLIO, {**PAID, **change})


@pytest.mark.parametrize("cause", NO_TEXT)
def test_a_rejection_is_one_whatever_its_cause_looks_like(cause: Any) -> None:
    body = {"folio": FOLIO, "estado": "RECHAZADA", "causa": cause}
    state = enrollment_state(FOLIO, body)
    assert state.status is EnrollmentStatus.REJECTED
    assert (state.reason_code, state.dropped) == ("other", ("causa",))
