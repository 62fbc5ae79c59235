"""What READMEs and OpenAPI say of an agency is what client and simulator do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import jsonschema_rs
import pytest

import integrations
from integrations.contracts import (
    BatchEnrollmentAgency,
    ChargeMethod,
    ChargeOrder,
    CitizenSignIn,
    DocumentFile,
    EnrollmentAgency,
    EnrollmentBatch,
    HolderQuestion,
    MessageSender,
    NameCorrection,
    PartOrder,
    PaymentProvider,
    PayoutAgency,
    PayoutChannel,
    PopulationRegister,
    RateSource,
    StaffSignIn,
)
from integrations.errors import Refused, Retryable
from integrations.finabien import codes as finabien_codes
from integrations.finabien import wire
from integrations.finabien.client import FinabienClient
from integrations.identity.llavemx import LlaveMxClient
from integrations.identity.oidc import OidcClient
from integrations.imss.client import ImssClient
from integrations.ine.client import IneClient
from integrations.infonavit.client import InfonavitClient
from integrations.notices.client import NoticesClient
from integrations.payments import wire as payments_wire
from integrations.payments.client import PaymentsClient
from integrations.rates.client import BanxicoClient
from integrations.registers import OTHER_REASON, DocumentClient, RegisterClient
from integrations.registry import AGENCIES, Purpose
from integrations.renapo.client import RenapoClient
from integrations.sat.client import SatClient
from integrations.simulator.app import Simulator
from integrations.simulator.inprocess import InProcessTransport
from services.enrollments.rules import CURP_REASONS
from tests.integrations.conftest import (
    SECRETS,
    Clock,
    a_batch,
    a_question,
    an_application,
    an_order,
    order_faults,
)

ROOT = Path(next(iter(integrations.__path__)))


class Recorder(httpx.BaseTransport):
    """Passes calls on and holds both sides to the agency's OpenAPI document."""

    def __init__(self, agency: str, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self._agency = agency
        self._document: dict[str, Any] = json.loads((ROOT / agency / "openapi.json").read_text())
        self.seen: set[tuple[str, int]] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        operation = self._operation(request)
        if request.content:
            said = operation["requestBody"]["content"]
            self._hold(said, request.headers["content-type"], request.content)
        answer = self._inner.handle_request(request)
        answer.read()
        promised = operation["responses"][str(answer.status_code)]
        if "$ref" in promised:
            name = promised["$ref"].rpartition("/")[2]
            promised = self._document["components"]["responses"][name]
        self._hold(promised["content"], answer.headers["content-type"], answer.content)
        self.seen.add((operation["operationId"], answer.status_code))
        return answer

    def not_seen(self) -> set[tuple[str, int]]:
        """What the document promises and the test didn't meet."""
        promised = {
            (operation["operationId"], int(status))
            for item in self._document["paths"].values()
            for operation in item.values()
            if isinstance(operation, dict)
            for status in operation["responses"]
        }
        return promised - self.seen

    def _operation(self, request: httpx.Request) -> dict[str, Any]:
        path = request.url.path.removeprefix(f"/{self._agency}")
        [template] = [
            template
            for template in self._document["paths"]
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
        ]
        operation: dict[str, Any] = self._document["paths"][template][request.method.lower()]
        return operation

    def _hold(self, content: Mapping[str, Any], kind: str, body: bytes) -> None:
        kind = kind.partition(";")[0]
        schema = {**content[kind]["schema"], "components": self._document["components"]}
        said = json.loads(body) if kind == "application/json" else body.decode()
        jsonschema_rs.validator_for(schema, validate_formats=True).validate(said)


def test_client_and_simulator_keep_to_finabiens_openapi(
    simulator: Simulator, control: httpx.Client, clock: Clock
) -> None:
    recorder = Recorder("finabien", InProcessTransport(simulator))
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
        for account in (an_order().account, "9" * 18):
            client.match_holder(
                HolderQuestion(PayoutChannel.ACCOUNT, account, "Rosa", "Demo", None)
            )
        for folio, name in (("RNONE", "Sol"), ("RDEMOACCOUNT", "Sol"), ("RLATE", "Bloqueado")):
            _ignoring_errors(client.correct_name, NameCorrection("R1", folio, "Rosa", name, None))
        order_faults(control, "finabien", unavailable_rate=1)
        _ignoring_errors(client.submit, an_order())
        order_faults(control, "finabien", error_rate=1)
        _ignoring_errors(client.submit, an_order())
    assert {status for _, status in recorder.seen} == {200, 201, 404, 409, 422, 500, 503}


@pytest.mark.parametrize(
    ("agency", "client_type", "programs", "data"),
    [
        ("sat", SatClient, ["rfc"], {}),
        ("imss", ImssClient, ["nss", "imss", "imss_family_health"], {"rfc": "DEUP850314AB1"}),
    ],
)
def test_client_and_simulator_keep_to_a_registers_openapi(
    simulator: Simulator,
    control: httpx.Client,
    clock: Clock,
    agency: str,
    client_type: type[RegisterClient],
    programs: list[str],
    data: dict[str, Any],
) -> None:
    recorder = Recorder(agency, InProcessTransport(simulator))
    with client_type(f"http://s.test/{agency}", SECRETS[agency], recorder) as client:
        client.status("ENONE")
        _ignoring_errors(client.amend, an_application("ENONE", program=programs[0]))
        for program in programs:
            for surname in (
                *("Demo", "Inscrito", "Pendiente", "Enfermo", "Moroso", "Vencido"),
                *("Aclarar", "Corregir"),
            ):
                folio = f"E{program}{surname}".upper().replace("_", "")
                request = an_application(folio, surname, program=program, data=data)
                for step in (client.request, client.request, client.amend, client.amend):
                    _ignoring_errors(step, request)
                    client.status(folio)
                    clock.forward(1.3)
                _ignoring_errors(client.amend, replace(request, email="other@example.org"))
                _ignoring_errors(client.request, replace(request, email="other@example.org"))
        wrong = an_application("EWRONG", curp="XXXX000000XXXXXX00", program=programs[0])
        for step in (client.request, client.amend):
            _ignoring_errors(step, wrong)
        _ignoring_errors(client.amend, replace(wrong, folio=f"E{programs[0]}DEMO".upper()))
        send = _send_documents(client, folio)
        steps = [client.request, client.amend, _status(client), send]
        _meet_faults(control, agency, steps, programs[0])
    assert not {(what, code) for what, code in recorder.not_seen() if code not in (401, 429)}


def test_client_and_simulator_keep_to_the_payment_providers_openapi(
    simulator: Simulator, control: httpx.Client, clock: Clock
) -> None:
    recorder = Recorder("payments", InProcessTransport(simulator))
    until = clock() + timedelta(hours=1)
    with PaymentsClient("http://s.test/payments", SECRETS["payments"], recorder) as client:
        client.status("RNONE")
        client.void("RNONE")
        for method in ChargeMethod:
            for fault in ("unpaid_rate", "declined_rate", "none"):
                order_faults(control, "payments", **({} if fault == "none" else {fault: 1}))
                order = ChargeOrder(
                    f"R{method}{fault}".upper().replace("_", ""), 500, method, until
                )
                _meet_every_end_of_a_charge(client, control, order)
        expired = ChargeOrder("REXPIRED", 500, ChargeMethod.CASH, until)
        order_faults(control, "payments", unpaid_rate=1)
        client.charge(expired)
        clock.forward(3600)
        client.status(expired.folio)
        control.delete("/_simulator/faults/payments")
        # Stopped before it came, and out of time.
        for folio in ("RNONE", "REXPIRED"):
            _ignoring_errors(client.charge, replace(expired, folio=folio))
        _ask_for_nothing(client, expired)
        _meet_faults(
            control,
            "payments",
            [
                lambda _: client.charge(replace(expired, folio="RNEW")),
                lambda _: client.status("RNEW"),
                lambda _: client.void("RNEW"),
                lambda _: client.refund("RNEW", 1),
                lambda _: client.refund_part(PartOrder("RNEW", "D1", 1)),
                lambda _: client.part_status(PartOrder("RNEW", "D1", 1)),
            ],
        )
    assert not {(what, code) for what, code in recorder.not_seen() if code not in (401, 429)}
    with PaymentsClient("http://s.test/payments", "another", recorder) as stranger:
        for step in (stranger.status, stranger.void):
            _ignoring_errors(step, "RNONE")
    assert {code for _, code in recorder.seen} == {200, 201, 401, 404, 409, 422, 500, 503}


def _ask_for_nothing(client: PaymentsClient, order: ChargeOrder) -> None:
    """The adapter refuses to write no amount down; the provider refuses it as well."""
    with pytest.raises(ValueError, match="positive"):
        client.charge(replace(order, amount_minor=0))
    nothing, path = {"amount": "0.00", "currency": "USD"}, f"v1/charges/{order.folio}"
    charge = {**payments_wire.charge_body(order), **nothing}
    for to, body in ((path, charge), (f"{path}/refund", nothing), (f"{path}/refunds/D1", nothing)):
        with pytest.raises(Refused, match="data_invalid"):
            client._tell("charge", "PUT", to, body, dict)


def _meet_every_end_of_a_charge(
    client: PaymentsClient, control: httpx.Client, order: ChargeOrder
) -> None:
    """Charged twice, and as another; parts of it and then all given back, and taken back."""
    folio = order.folio
    for each in (order, order, replace(order, amount_minor=499)):
        _ignoring_errors(client.charge, each)
    part = PartOrder(folio, f"D{folio}", 200)
    others = (replace(part, key="D2", amount_minor=400), replace(part, folio="RNOBODY"))
    for each in (part, part, replace(part, amount_minor=1), *others):
        _ignoring_errors(client.refund_part, each)
        _ignoring_errors(client.part_status, each)
    for cents in (301, 300, 300):
        _ignoring_errors(lambda amount: client.refund(folio, amount), cents)
    _ignoring_errors(lambda amount: client.refund("RNOBODY", amount), 1)
    control.post(f"/_simulator/charges/{folio}/return")
    _ignoring_errors(client.refund_part, replace(part, key=f"L{folio}"))
    _ignoring_errors(client.part_status, replace(part, key=f"L{folio}"))
    client.void(folio)
    client.status(folio)


def test_client_and_simulator_keep_to_renapos_openapi(
    simulator: Simulator, control: httpx.Client
) -> None:
    recorder = Recorder("renapo", InProcessTransport(simulator))
    with RenapoClient("http://s.test/renapo", SECRETS["renapo"], recorder) as client:
        for surname in ("Demo", "Desconocido", "Sustituido", "Finado", "Distinto"):
            client.check_curp(a_question(surname))
        client.check_curp(replace(a_question(), curp="XXXX000000XXXXXX00"))
        ask = partial(_ignoring_errors, client.check_curp)
        _meet_faults(control, "renapo", [lambda _: ask(a_question())])
    assert not {(what, code) for what, code in recorder.not_seen() if code not in (401, 429)}


def test_client_and_simulator_keep_to_ines_openapi(
    simulator: Simulator, control: httpx.Client, clock: Clock
) -> None:
    recorder = Recorder("ine", InProcessTransport(simulator))
    with IneClient("http://s.test/ine", SECRETS["ine"], recorder) as client:
        client.latest()
        _meet_faults(control, "ine", [lambda _: client.latest()])
        # Before there was anything to count.
        clock.now = datetime(2016, 2, 9, 18, tzinfo=UTC)
        with pytest.raises(Retryable, match="not_published"):
            client.latest()
    assert not {(what, code) for what, code in recorder.not_seen() if code not in (401, 429)}


def test_client_and_simulator_keep_to_infonavits_openapi(
    simulator: Simulator, control: httpx.Client, clock: Clock
) -> None:
    recorder = Recorder("infonavit", InProcessTransport(simulator))
    with InfonavitClient("http://s.test/infonavit", SECRETS["infonavit"], recorder) as client:
        client.status("ENONE")
        client.batch_status("BNONE")
        _ignoring_errors(client.batch_results, "BNONE")
        batch = a_batch(
            "B1", "Demo", "Inscrito", "Pendiente", "Sinseguro", "Rectificar", "Repetido", "Extra"
        )
        for _ in range(2):
            client.send_batch(batch)
        for _ in range(3):
            client.batch_results("B1")
            for application in batch.applications:
                client.status(application.folio)
            clock.forward(1)
        _ignoring_errors(client.send_batch, replace(batch, applications=batch.applications[:1]))
        _ignoring_errors(client.send_batch, EnrollmentBatch("B2", batch.day, ()))
        _meet_faults(
            control,
            "infonavit",
            [
                lambda _: client.send_batch(batch),
                lambda _: client.batch_status("B1"),
                lambda _: client._ask_file("batch_results", "v1/lotes/B1/resultados", str),
                _status(client),
                _send_documents(client, batch.applications[0].folio),
            ],
        )
    assert not {(what, code) for what, code in recorder.not_seen() if code not in (401, 429)}


def _send_documents(client: DocumentClient, folio: str) -> Callable[[Any], Any]:
    """One new, again, with another content, of an unknown request, damaged; returns one more."""
    document = DocumentFile(UUID(int=1), "curp", "application/pdf", b"a document")
    for each in (document, document, replace(document, content=b"another")):
        _ignoring_errors(partial(client.send_document, folio), each)
    _ignoring_errors(partial(client.send_document, "ENONE"), document)
    path = f"{client._path(folio)}/documentos/{UUID(int=2).hex}"
    damaged = {"tipo": "curp", "formato": "image/jpeg", "huella": "0" * 64, "contenido": ""}
    _ignoring_errors(lambda body: client._tell("send_document", "PUT", path, body, dict), damaged)
    return lambda _: client.send_document(folio, document)


def _status(client: Any) -> Callable[[Any], Any]:
    return lambda application: client.status(application.folio)


def _meet_faults(
    control: httpx.Client, agency: str, steps: Sequence[Callable[[Any], Any]], program: str = ""
) -> None:
    for fault in ("unavailable_rate", "error_rate"):
        order_faults(control, agency, **{fault: 1})
        for step in steps:
            _ignoring_errors(step, an_application(program=program))
    control.delete(f"/_simulator/faults/{agency}")


def _ignoring_errors(step: Any, order: Any) -> None:
    try:
        step(order)
    except Exception as error:
        # Only what the agency said matters here; a broken promise must still fail the test.
        if isinstance(error, AssertionError | jsonschema_rs.ValidationError | KeyError):
            raise


# What an agency says by a code; what it may ask for again, and how it pays out, its document has.
EXPLAINED = (
    *("PROCEDURES", "METHODS", "STATUSES", "BATCH_STATUSES", "PARTS"),
    *("REASONS", "DIFFERENCES", "REFUSALS", "REMEDIES"),
)
CODED = sorted(path.parent.name for path in ROOT.glob("*/codes.py"))


@pytest.mark.parametrize("agency", CODED)
def test_every_code_is_in_the_readme(agency: str) -> None:
    text = (ROOT / agency / "README.md").read_text()
    codes = import_module(f"integrations.{agency}.codes")
    tables: list[Mapping[str, str]] = [getattr(codes, name, {}) for name in EXPLAINED]
    assert codes.REMEDIES in tables
    for table in tables:
        for said in (*table, *table.values()):
            assert re.search(rf"\b{said}\b", text), said


# What can be done about a no to a message or a sign-in is said where that is; rates have no no.
TELLING = [
    agency.code
    for agency in AGENCIES.values()
    if agency.purpose
    not in (Purpose.RATES, Purpose.MESSAGES, Purpose.CITIZEN_SIGN_IN, Purpose.STAFF_SIGN_IN)
]
# Said before anything is sent.
UNSENT = {"finabien": {finabien_codes.BENEFICIARY_UNWRITABLE, finabien_codes.SENDER_UNWRITABLE}}


@pytest.mark.parametrize("agency", TELLING)
def test_whatever_is_refused_has_a_remedy(agency: str) -> None:
    codes = import_module(f"integrations.{agency}.codes")
    theirs = getattr(codes, "REASONS", {})
    reasons = {*theirs.values(), *UNSENT.get(agency, ())}
    # The payment provider's state is its reason, so that there is no other one.
    if theirs and not theirs.keys() <= codes.STATUSES.keys():
        reasons.add(OTHER_REASON)
    # The population register says how a CURP stands, and that is why.
    reasons |= set(CURP_REASONS.values()) if agency == "renapo" else set()
    assert reasons | set(codes.REFUSALS.values()) == set(codes.REMEDIES)


def test_the_adapters_are_what_the_contracts_ask_for() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(503))
    payouts: PayoutAgency = FinabienClient("http://x.test", "t", transport)
    payments: PaymentProvider = PaymentsClient("http://x.test", "t", transport)
    register: EnrollmentAgency = SatClient("http://x.test", "t", transport)
    insurance: EnrollmentAgency = ImssClient("http://x.test", "t", transport)
    fund: BatchEnrollmentAgency = InfonavitClient("http://x.test", "t", transport)
    population: PopulationRegister = RenapoClient("http://x.test", "t", transport)
    rates: RateSource = BanxicoClient("http://x.test", "t", transport)
    sender: MessageSender = NoticesClient("http://x.test", "t", transport)
    citizens: CitizenSignIn = LlaveMxClient("http://x.test", "i", "s", transport=transport)
    staff: StaffSignIn = OidcClient("http://x.test", "i", "s", transport=transport)
    assert all(
        (payouts, payments, register, insurance, fund, population, rates, sender, citizens, staff)
    )


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
