"""What READMEs and OpenAPI say of an agency is what client and simulator do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

import integrations
from integrations.contracts import (
    CitizenSignIn,
    EnrollmentAgency,
    MessageSender,
    PayoutAgency,
    PayoutChannel,
    RateSource,
    StaffSignIn,
)
from integrations.finabien import codes as finabien_codes
from integrations.finabien import wire
from integrations.finabien.client import FinabienClient
from integrations.identity.llavemx import LlaveMxClient
from integrations.identity.oidc import OidcClient
from integrations.notices.client import NoticesClient
from integrations.rates.client import BanxicoClient
from integrations.sat import codes as sat_codes
from integrations.sat.client import SatClient
from integrations.simulator.app import Simulator
from integrations.simulator.inprocess import InProcessTransport
from tests.integrations.conftest import SECRETS, Clock, an_order, order_faults

ROOT = Path(next(iter(integrations.__path__)))
OPENAPI: dict[str, Any] = json.loads((ROOT / "finabien/openapi.json").read_text())


def schema(name: str) -> jsonschema_rs.Validator:
    document = {"$ref": f"#/components/schemas/{name}", "components": OPENAPI["components"]}
    return jsonschema_rs.validator_for(document, validate_formats=True)


class Recorder(httpx.BaseTransport):
    """Passes calls on and holds both sides to the OpenAPI document."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.seen: set[tuple[str, int]] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            schema("Orden").validate(json.loads(request.content))
        answer = self._inner.handle_request(request)
        answer.read()
        body = json.loads(answer.content)
        schema("Estado" if answer.is_success else "Error").validate(body)
        path = request.url.path.removeprefix("/finabien").split("/")
        path[3] = "{claveRastreo}"
        responses = OPENAPI["paths"]["/".join(path)][request.method.lower()]["responses"]
        assert str(answer.status_code) in responses
        self.seen.add((request.method, answer.status_code))
        return answer


def test_client_and_simulator_keep_to_finabiens_openapi(
    simulator: Simulator, control: httpx.Client, clock: Clock
) -> None:
    recorder = Recorder(InProcessTransport(simulator))
    with FinabienClient("http://s.test/finabien", SECRETS["finabien"], recorder) as client:
        client.status("RNONE")
        for surname in ("Demo", "Rechazado", "Bloqueado"):
            for channel, account in (
                (PayoutChannel.ACCOUNT, an_order().account),
                (PayoutChannel.CARD, "4000000000000002"),
                (PayoutChannel.BRANCH, None),
            ):
                order = an_order(
                    f"R{surname.upper()}{channel.upper()}",
                    channel=channel,
                    account=account,
                    beneficiary_first_surname=surname,
                )
                for step in (client.submit, client.submit):
                    _ignoring_errors(step, order)
                clock.forward(2)
                client.status(order.folio)
                client.cancel(order.folio)
        _ignoring_errors(client.submit, an_order("RDEMOACCOUNT", amount_minor=1))
        order_faults(control, "finabien", unavailable_rate=1)
        _ignoring_errors(client.submit, an_order())
        order_faults(control, "finabien", error_rate=1)
        _ignoring_errors(client.submit, an_order())
    assert {status for _, status in recorder.seen} == {200, 201, 404, 409, 422, 500, 503}


def _ignoring_errors(step: Any, order: Any) -> None:
    try:
        step(order)
    except Exception as error:
        # Only what the agency said matters here; a broken promise must still fail the test.
        if isinstance(error, AssertionError | jsonschema_rs.ValidationError):
            raise


@pytest.mark.parametrize(
    ("folder", "tables"),
    [
        (
            "finabien",
            [finabien_codes.STATUSES, finabien_codes.REASONS, finabien_codes.REFUSALS],
        ),
        ("sat", [sat_codes.STATUSES, sat_codes.REASONS, sat_codes.REFUSALS]),
    ],
)
def test_every_code_is_in_the_readme(folder: str, tables: list[Mapping[str, str]]) -> None:
    text = (ROOT / folder / "README.md").read_text()
    for table in tables:
        for theirs, ours in table.items():
            assert f"`{theirs}`" in text or f" {theirs}`" in text, theirs
            assert re.search(rf"\b{ours}\b", text), ours


def test_the_adapters_are_what_the_contracts_ask_for() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(503))
    payouts: PayoutAgency = FinabienClient("http://x.test", "t", transport)
    register: EnrollmentAgency = SatClient("http://x.test", "t", transport)
    rates: RateSource = BanxicoClient("http://x.test", "t", transport)
    sender: MessageSender = NoticesClient("http://x.test", "t", transport)
    citizens: CitizenSignIn = LlaveMxClient("http://x.test", "i", "s", transport=transport)
    staff: StaffSignIn = OidcClient("http://x.test", "i", "s", transport)
    assert all((payouts, register, rates, sender, citizens, staff))


@pytest.mark.parametrize(
    ("text", "limit", "written"),
    [
        ("Muñoz  Peña", 39, "MUNOZ PENA"),
        ("O'Brien-Ávila, Jr.", 39, "O BRIEN AVILA JR"),
        ("ﬁnca ①", 39, "FINCA 1"),
        ("A" * 50, 39, "A" * 39),
        ("AAAA BBBB", 5, "AAAA"),
        ("=cmd|' /C calc'!A0", 39, "CMD C CALC A0"),
        ("\x00\n\t", 39, ""),
        ("Москва", 39, ""),
    ],
)
def test_names_are_written_in_spei_s_alphabet(text: str, limit: int, written: str) -> None:
    assert wire.ascii_upper(text, limit) == written


@pytest.mark.parametrize(
    ("centavos", "pesos"),
    [(1, "0.01"), (100, "1.00"), (123_456, "1234.56"), (10**11, "1000000000.00")],
)
def test_amounts_are_written_to_the_centavo(centavos: int, pesos: str) -> None:
    assert wire.order_body(an_order(amount_minor=centavos))["monto"] == pesos


@pytest.mark.parametrize("centavos", [0, -1])
def test_no_order_without_money(centavos: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        wire.order_body(an_order(amount_minor=centavos))


@pytest.mark.parametrize("folio", ["", "R/../x", "r1", "R" * 30, "R 1", "R1?", "Ñ1"])
def test_only_a_folio_becomes_part_of_an_address(folio: str) -> None:
    client = FinabienClient(
        "http://x.test", "t", httpx.MockTransport(lambda _: httpx.Response(503))
    )
    with pytest.raises(ValueError, match="folio"):
        client.status(folio)
