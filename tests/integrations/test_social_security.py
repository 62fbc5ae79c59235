"""IMSS decides at once: a number, a line to pay by, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import httpx
import pytest
from stdnum import luhn

from integrations.contracts import EnrollmentStatus, PaymentLine, PayoutChannel, PayoutOrder
from integrations.errors import OutcomeUnknown, Refused
from integrations.finabien.client import FinabienClient
from integrations.imss.client import ImssClient
from integrations.imss.wire import enrollment_state
from tests.integrations import conftest
from tests.integrations.conftest import NSS, Clock, an_order, connected, effects, order_faults

imss = connected(ImssClient)
an_application = partial(conftest.an_application, program="imss")
INCOME = {"income": {"amount": "12000.00", "currency": "MXN"}, "period": "two_monthly"}


def test_a_number_is_assigned_at_once_and_is_always_the_same(imss: ImssClient) -> None:
    first = imss.request(an_application(program="nss"))
    assert first.status is EnrollmentStatus.ACTIVE
    assert luhn.is_valid(first.result["nss"])
    assert len(first.result["nss"]) == 11
    again = imss.request(an_application("EOTHER", program="nss"))
    assert again.result == first.result


def test_a_worker_pays_by_the_line_and_is_covered(imss: ImssClient, clock: Clock) -> None:
    state = imss.request(an_application(data=INCOME))
    assert state.status is EnrollmentStatus.PAYMENT_PENDING
    assert state.payment is not None
    # Until the twentieth; today is the 24th.
    assert replace(state.payment, reference="") == PaymentLine(
        "", 600_000, "MXN", date(2026, 12, 20)
    )
    assert state.payment.reference.isdigit()
    clock.forward(2)
    active = imss.status(an_application().folio)
    assert active.status is EnrollmentStatus.ACTIVE
    assert active.result == {
        "nss": state.result["nss"],
        "covered_from": "2027-01-01",
        "covered_to": "2027-02-28",
    }


def _dues(line: PaymentLine) -> PayoutOrder:
    """They are paid with a transfer."""
    return an_order(
        amount_minor=line.amount_minor,
        channel=PayoutChannel.DUES,
        account=line.reference,
        concept="CUOTAS IMSS",
    )


def test_a_cover_is_paid_for_anew_before_it_ends(
    imss: ImssClient, finabien: FinabienClient, clock: Clock
) -> None:
    request = an_application(first_surname="Renueva", data={**INCOME, "period": "monthly"})
    state = imss.request(request)
    assert state.status is EnrollmentStatus.ACTIVE
    assert (state.result["covered_from"], state.result["covered_to"]) == (
        "2026-12-01",
        "2026-12-31",
    )
    assert state.payment is not None
    assert (state.payment.amount_minor, state.payment.due_on) == (300_000, date(2026, 12, 20))
    finabien.submit(_dues(state.payment))
    clock.forward(30)
    renewed = imss.status(request.folio)
    assert renewed.result == {**state.result, "covered_to": "2027-01-31"}
    assert renewed.payment is None or renewed.payment.reference != state.payment.reference


def test_a_cover_that_nobody_pays_for_anew_just_ends(imss: ImssClient, clock: Clock) -> None:
    request = an_application(first_surname="Renueva", data={"period": "monthly"})
    first = imss.request(request)
    clock.forward(27 * 86_400)
    late = imss.status(request.folio)
    assert (late.payment, late.result) == (None, first.result)


def test_a_number_that_was_given_is_kept(imss: ImssClient) -> None:
    state = imss.request(an_application(data={"nss": NSS}))
    assert state.result == {"nss": NSS}


def test_a_family_pays_by_age(imss: ImssClient) -> None:
    members = [{"born": "2010-01-01", "ill": False}, {"born": "1970-01-01", "ill": False}]
    request = an_application(program="imss_family_health", data={"members": members})
    state = imss.request(request)
    assert state.payment is not None
    assert state.payment.amount_minor == (8900 + 14250) * 100
    assert state.result == {}


@pytest.mark.parametrize(
    ("surname", "program", "data", "reason"),
    [
        ("Inscrito", "imss", {}, "already_registered"),
        ("Ajeno", "imss", {"nss": NSS}, "nss_mismatch"),
        ("Enfermo", "imss_family_health", {}, "pre_existing_illness"),
        ("Demo", "imss_family_health", {"members": [{"ill": True}]}, "pre_existing_illness"),
        ("Vencido", "imss", {}, "not_paid"),
    ],
)
def test_why_not(
    imss: ImssClient,
    clock: Clock,
    surname: str,
    program: str,
    data: Mapping[str, Any],
    reason: str,
) -> None:
    request = an_application(first_surname=surname, program=program, data=data)
    imss.request(request)
    clock.forward(2)
    state = imss.status(request.folio)
    assert (state.status, state.reason_code) == (EnrollmentStatus.REJECTED, reason)


def test_unlike_names_are_rejected(imss: ImssClient) -> None:
    state = imss.request(replace(an_application(), first_surname="Otra"))
    assert (state.status, state.reason_code) == (EnrollmentStatus.REJECTED, "data_mismatch")


def test_who_never_pays_stays_to_be_paid(imss: ImssClient, clock: Clock) -> None:
    imss.request(an_application(first_surname="Moroso"))
    clock.forward(3600)
    assert imss.status(an_application().folio).status is EnrollmentStatus.PAYMENT_PENDING


def test_what_is_asked_for_is_corrected_once(imss: ImssClient, control: httpx.Client) -> None:
    request = an_application(first_surname="Corregir")
    state = imss.request(request)
    assert state.status is EnrollmentStatus.MORE_INFORMATION_REQUESTED
    assert state.requested == ("proof_of_address",)
    for _ in range(2):
        assert imss.amend(request).status is EnrollmentStatus.PAYMENT_PENDING
    assert effects(control, "imss") == {request.folio: 1}


def test_no_number_but_an_nss_is_taken(imss: ImssClient) -> None:
    with pytest.raises(Refused) as refused:
        imss.request(an_application(data={"nss": "92038500011"}))
    assert refused.value.code == "nss_invalid"


def test_a_lost_answer_is_settled_by_asking(imss: ImssClient, control: httpx.Client) -> None:
    order_faults(control, "imss", drop_after_effect_rate=1)
    with pytest.raises(OutcomeUnknown):
        imss.request(an_application())
    control.delete("/_simulator/faults/imss")
    assert imss.status(an_application().folio).status is EnrollmentStatus.PAYMENT_PENDING
    assert imss.request(an_application()).status is EnrollmentStatus.PAYMENT_PENDING
    assert effects(control, "imss") == {an_application().folio: 1}


COVER = {"estado": "VIGENTE", "vigenciaDesde": "2027-02-01", "vigenciaHasta": "2027-02-28"}
LINE = {"referencia": "1" * 24, "importe": "10.00", "moneda": "MXN", "vence": "2026-12-20"}


@pytest.mark.parametrize(
    "odd",
    [
        {"lineaPago": None},
        {"lineaPago": {**LINE, "importe": "0.00"}},
        {"lineaPago": {**LINE, "importe": "-1.00"}},
        {"lineaPago": {**LINE, "importe": 10}},
        {"lineaPago": {**LINE, "moneda": "USD"}},
        {"lineaPago": {**LINE, "vence": "20/12/2026"}},
        {"lineaPago": {**LINE, "referencia": "1234"}},
        {"lineaPago": {**LINE, "referencia": "javascript:1234567890"}},
        {"estado": "PAGADO", "lineaPago": LINE},
        {"folio": "EOTHER", "lineaPago": LINE},
        {"estado": "ASIGNADO"},
        {"estado": "ASIGNADO", "nss": "123"},
        {"estado": "VIGENTE", "vigenciaDesde": "2027-02-01"},
        {**COVER, "lineaPago": {**LINE, "importe": "0.00"}},
        {**COVER, "lineaPago": {**LINE, "referencia": "1234"}},
        {"estado": "VIGENTE", "vigenciaDesde": "2027-02-01", "vigenciaHasta": "2027-01-31"},
    ],
)
def test_nobody_is_told_to_pay_or_covered_by_an_odd_answer(odd: Mapping[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        enrollment_state("E1", {"folio": "E1", "estado": "POR_PAGAR", **odd})


def test_what_is_optional_and_odd_is_dropped() -> None:
    body = {
        "folio": "E1",
        "estado": "POR_CORREGIR",
        "porCorregir": ["CURP", "CURP", "ALMA"],
        "limiteCorreccion": "ayer",
        "actualizado": "2026-11-24T10:00:00",
    }
    state = enrollment_state("E1", body)
    assert state.requested == ("curp",)
    assert (state.answer_by, state.changed_at) == (None, None)
    assert state.dropped == ("porCorregir", "limiteCorreccion", "actualizado")
