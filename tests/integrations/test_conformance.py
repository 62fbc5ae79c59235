"""An agency is checked against its contract and graded: the calm simulator keeps to all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from consular.cli import commands
from consular.local.ports import free_port
from consular.startup import CannotStart
from integrations.conformance import probes
from integrations.conformance.checking import GIVES, REPEATS, REUSED, Checker, Grade, Report
from integrations.conformance.enrolling import AMENDS, DOCUMENTS, RESULTS, ROWS
from integrations.registry import AGENCIES, Purpose
from integrations.simulator.app import Simulator, create_simulator, running
from integrations.simulator.inprocess import InProcessTransport
from tests.integrations.conftest import SECRETS, effects, order_faults

TODAY = date(2026, 11, 24)


def _with(*purposes: Purpose) -> list[str]:
    return [each.code for each in AGENCIES.values() if each.purpose in purposes]


ENROLLING = _with(Purpose.ENROLLMENT, Purpose.BATCH_ENROLLMENT)
KEYED = [*_with(Purpose.PAYOUTS, Purpose.PAYMENTS), *ENROLLING]
ASKED = _with(Purpose.POPULATION_REGISTER, Purpose.CREDENTIAL_COUNTS)


def check(code: str, transport: httpx.BaseTransport, secret: str | None = None) -> Report:
    url = f"http://agency.test/{code}"
    shown = SECRETS[code] if secret is None else secret
    return Checker(AGENCIES[code], url, shown, today=TODAY, transport=transport).run()


def breaches(report: Report) -> dict[str, str]:
    return {f.check: f.problem for f in report.findings if f.problem is not None}


@pytest.mark.parametrize("code", KEYED)
def test_the_calm_simulator_keeps_to_the_contract_and_is_graded_a(
    simulator: Simulator, control: httpx.Client, code: str
) -> None:
    report = check(code, InProcessTransport(simulator))
    assert (breaches(report), report.grade) == ({}, Grade.A)
    assert set(effects(control, code).values()) == {1}


@pytest.mark.parametrize("code", ASKED)
def test_who_is_only_asked_needs_no_grade(simulator: Simulator, code: str) -> None:
    report = check(code, InProcessTransport(simulator))
    assert (breaches(report), report.grade) == ({}, Grade.NONE)


@pytest.mark.parametrize("code", KEYED)
def test_an_agency_that_forgets_keys_is_graded_b(
    simulator: Simulator, control: httpx.Client, code: str
) -> None:
    order_faults(control, code, honours_key=False)
    report = check(code, InProcessTransport(simulator))
    parts = {GIVES} if code == "payments" else set()
    documents = {DOCUMENTS} if code in ENROLLING else set()
    assert set(breaches(report)) == {REPEATS, REUSED} | parts | documents
    assert report.grade is Grade.B


class Changed(httpx.BaseTransport):
    """The simulator's answers, changed."""

    def __init__(
        self,
        simulator: Simulator,
        change: Callable[[httpx.Request, httpx.Response], httpx.Response],
    ) -> None:
        self._inner = InProcessTransport(simulator)
        self._change = change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        # Whole, for a stream is read once.
        whole = httpx.Response(answer.status_code, headers=answer.headers, content=answer.read())
        return self._change(request, whole)


def test_one_that_forgets_keys_and_cannot_be_asked_is_graded_c(
    simulator: Simulator, control: httpx.Client
) -> None:
    def forgetful(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        body = {"codigo": "NO_ENCONTRADA", "mensaje": ""}
        return httpx.Response(404, json=body) if request.method == "GET" else answer

    order_faults(control, "sat", honours_key=False)
    report = check("sat", Changed(simulator, forgetful))
    assert report.grade is Grade.C
    assert not report.good


GARBAGE: dict[str, Callable[[httpx.Response], httpx.Response]] = {
    "another field's type": lambda answer: httpx.Response(
        answer.status_code, json={**answer.json(), "estado": 7}
    ),
    "not JSON": lambda answer: httpx.Response(
        answer.status_code, content=b"<html>", headers={"content-type": "application/json"}
    ),
    "another kind": lambda answer: httpx.Response(answer.status_code, html="<p>bien"),
    "another status": lambda answer: httpx.Response(418, json=answer.json()),
    "nothing": lambda _answer: httpx.Response(204),
    "too much": lambda answer: httpx.Response(200, content=b" " * 1_000_000),
}


@pytest.mark.parametrize("how", GARBAGE)
def test_garbage_is_a_breach(simulator: Simulator, how: str) -> None:
    report = check("sat", Changed(simulator, lambda _, answer: GARBAGE[how](answer)))
    assert not report.good
    assert "every answer has the contract's shape" in breaches(report)
    assert report.grade is Grade.C


def test_an_agency_that_takes_anything_in_is_a_breach(simulator: Simulator) -> None:
    def open_to_all(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        key = request.url.path.rpartition("/")[2]
        body = {"folio": key, "estado": "RECIBIDA", "causa": None, "rfc": None}
        return httpx.Response(200, json=body)

    breach = breaches(check("sat", Changed(simulator, open_to_all)))
    assert {"wrong credentials do nothing", "a body that can't be read does nothing"} <= set(breach)
    assert breach["says so when it doesn't know a key"] == "says that it has what was never sent"


@pytest.mark.parametrize("unpaid", [False, True])
@pytest.mark.parametrize("asked", [False, True])
def test_a_provider_whose_refunds_are_other_than_agreed_is_a_breach(
    simulator: Simulator, control: httpx.Client, unpaid: bool, asked: bool
) -> None:
    """It gives back what nobody paid, or not what was paid; or does well and says otherwise."""

    def lying(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/refunds/" not in request.url.path or (request.method == "GET") is not asked:
            return answer
        if not unpaid:
            code = "not_found" if asked else "not_paid"
            return httpx.Response(404 if asked else 409, json={"code": code, "detail": ""})
        _, charge, _, part = request.url.path.rsplit("/", 3)
        body = {"key": part, "charge": charge, "status": "given", "amount": "0.01"}
        return httpx.Response(200 if asked else 201, json={**body, "currency": "USD"})

    order_faults(control, "payments", unpaid_rate=float(unpaid))
    assert GIVES not in breaches(check("payments", InProcessTransport(simulator)))
    assert GIVES in breaches(check("payments", Changed(simulator, lying)))


Change = Callable[[httpx.Request, httpx.Response], httpx.Response]
AMEND = r"/(?P<folio>\w+)/aclaracion$"
DOCUMENT = r"/documentos/(?P<documento>\w+)$"
ROW = r"/v1/solicitudes/(?P<folio>\w+)$"
COUNTS = r"/conteos$"
ABSENT = {"codigo": "NO_ENCONTRADO", "mensaje": ""}
RECEIVED = {"estado": "RECIBIDA", "causa": None, "rfc": None}
UNDER_WAY = {"estado": "EN_PROCESO", "causa": None}


def instead(path: str, was: int, status: int, body: Mapping[str, Any]) -> Change:
    """Answers to that path that had a status have another, and the key in their body."""

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        found = re.search(path, request.url.path)
        if found is None or answer.status_code != was:
            return answer
        return httpx.Response(status, json={**body, **found.groupdict()})

    return change


@pytest.mark.parametrize(
    ("code", "change", "breach"),
    [
        ("sat", instead(AMEND, 409, 200, RECEIVED), AMENDS),
        ("sat", instead(AMEND, 404, 200, RECEIVED), AMENDS),
        ("imss", instead(AMEND, 409, 422, {"codigo": "DATOS_INVALIDOS"}), AMENDS),
        *(
            (code, instead(DOCUMENT, was, status, {}), DOCUMENTS)
            for code in ENROLLING
            for was, status in ((200, 201), (409, 200), (404, 201))
        ),
        ("infonavit", instead(ROW, 200, 404, ABSENT), ROWS),
        ("infonavit", instead(ROW, 404, 200, UNDER_WAY), ROWS),
    ],
)
def test_one_that_breaks_what_enrolling_promises_is_found(
    simulator: Simulator, code: str, change: Change, breach: str
) -> None:
    assert set(breaches(check(code, Changed(simulator, change)))) == {breach}


@pytest.mark.parametrize(("status", "broken"), [(200, set()), (201, {AMENDS})])
def test_a_correction_that_was_asked_for_is_taken_once(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, status: int, broken: set[str]
) -> None:
    def answered(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        again = request.url.path.endswith("/aclaracion") and answer.status_code == 200
        return httpx.Response(status, json=answer.json()) if again else answer

    monkeypatch.setattr(probes, "FIRST_SURNAME", "Corregir")
    assert set(breaches(check("imss", Changed(simulator, answered)))) == broken


@pytest.mark.parametrize(
    ("surname", "broken"),
    [("Demo", set()), *((each, {RESULTS}) for each in ("Omitido", "Repetido", "Extra"))],
)
def test_results_are_those_of_the_rows_that_were_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, surname: str, broken: set[str]
) -> None:
    monkeypatch.setattr(probes, "FIRST_SURNAME", surname)
    at_once = create_simulator(
        tmp_path, callback_base_url="http://product.test", secrets=SECRETS, decide_seconds=0
    )
    with closing(at_once):
        assert set(breaches(check("infonavit", InProcessTransport(at_once)))) == broken


PUBLISHED = {"corte": "2026-11-23", "conteos": [{"oficina": "chicago", "solicitudes": 3}]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"conteos": [{"oficina": "chicago", "solicitudes": "3"}]},
        {"conteos": [{"oficina": "Chicago, IL", "solicitudes": 3}]},
        {"conteos": []},
        {"corte": "ayer"},
    ],
)
def test_counts_of_another_shape_are_a_breach(
    simulator: Simulator, wrong: Mapping[str, Any]
) -> None:
    change = instead(COUNTS, 200, 200, {**PUBLISHED, **wrong})
    broken = breaches(check("ine", Changed(simulator, change)))
    assert broken["takes a request"] == "ine.latest: garbage"
    assert "every answer has the contract's shape" in broken


def test_counts_for_anybody_are_a_breach(simulator: Simulator) -> None:
    change = instead(COUNTS, 401, 200, PUBLISHED)
    assert set(breaches(check("ine", Changed(simulator, change)))) == {
        "wrong credentials do nothing"
    }


def test_without_our_credentials_nothing_is_taken(simulator: Simulator) -> None:
    report = check("sat", InProcessTransport(simulator), secret="another")
    assert breaches(report)["takes a request"] == "sat.request: credentials_refused"


@pytest.fixture
def at_home(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The simulator on a real port, which calls back at another: its address, and that one's."""
    listen = f"127.0.0.1:{free_port()}"
    simulator = create_simulator(
        tmp_path, callback_base_url=f"http://{listen}", secrets=SECRETS, decide_seconds=0.2
    )
    with running(simulator) as url:
        yield url, listen


def run(*arguments: str, **environ: str) -> tuple[int, str]:
    done = CliRunner(env=environ).invoke(commands, ["conformance", *arguments])
    if isinstance(done.exception, CannotStart):
        raise done.exception
    return done.exit_code, done.output


def test_the_command_prints_a_table_and_hears_a_signed_callback(at_home: tuple[str, str]) -> None:
    url, listen = at_home
    code, said = run(
        f"{url}/sat", "--agency", "sat", "--listen", listen, "--wait", "20",
        CONSULAR_CONFORMANCE_SECRET=SECRETS["sat"],
        CONSULAR_CONFORMANCE_CALLBACK_SECRET=SECRETS["sat.callbacks"],
    )  # fmt: skip
    assert code == 0, said
    assert "ok      calls back, signed" in said
    assert "Grade A" in said
    assert SECRETS["sat"] not in said


def test_the_command_checks_who_is_only_asked(at_home: tuple[str, str]) -> None:
    code, said = run(f"{at_home[0]}/ine", "--agency", "ine", "--secret", SECRETS["ine"])
    assert code == 0, said
    assert "Grade none needed" in said


def test_a_callback_signed_by_another_is_a_breach(at_home: tuple[str, str]) -> None:
    url, listen = at_home
    code, said = run(
        f"{url}/sat", "--agency", "sat", "--listen", listen, "--wait", "20",
        "--secret", SECRETS["sat"], "--callback-secret", SECRETS["finabien.callbacks"],
    )  # fmt: skip
    assert code == 1
    assert "its signature doesn't verify" in said


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("https://agency.example.org/sat", "--agency", "sat"), "isn't this machine"),
        (("http://10.0.0.1/sat", "--agency", "sat"), "isn't this machine"),
        (("localhost/sat", "--agency", "sat"), "no URL"),
        (("http://localhost/x", "--agency", "nadie"), "no agency"),
        (("http://localhost/x", "--agency", "banxico"), "no contract"),
        (("http://localhost/x", "--agency", "oidc"), "no contract"),
        (("http://localhost/x", "--agency", "imss", "--listen", ":1"), "calls nobody back"),
        (
            ("http://localhost/x", "--agency", "payments", "--listen", ":1"),
            "calls nobody back about synthetic requests",
        ),
        (("http://localhost/x", "--agency", "sat", "--listen", ":1"), "secret isn't given"),
    ],
)
def test_the_command_says_what_it_cannot_do_before_it_sends(
    arguments: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(CannotStart) as refused:
        run(*arguments)
    assert problem in refused.value.problem


def test_every_contract_of_an_agency_that_takes_requests_can_be_checked() -> None:
    root = Path(__file__).resolve().parents[2] / "integrations"
    documents = {path.parent.name for path in root.glob("*/openapi.json")}
    assert documents == {*KEYED, *ASKED}
    for name in documents:
        assert json.loads((root / name / "openapi.json").read_text())["openapi"] == "3.1.0"
