"""A program of enrollment is data: page, API, its document and the result follow from its row."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import jsonschema_rs
import pytest
from werkzeug.test import TestResponse

from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.progress import AgencyStatus, begin_submission, record_progress
from services.enrollments.rules import Status
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.contract import contract_of
from tests.factories.enrollments import applicant_form, make_account, make_applicant
from tests.factories.programs import CHOIR
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import Web

DATA: dict[str, Any] = {
    "voice": "Soprano",
    "years": 12,
    "reads": True,
    "key": "GODE561231GR8",
    "income": {"amount": "9000.00", "currency": "MXN"},
    "zone": "north",
    "family": [{"name": "Rosa", "born": "2015-03-02"}],
}
ADDRESS = "/inscripciones/nueva/choir"
PAGES = [ADDRESS, *(f"{ADDRESS}/{page}" for page in ("voz", "casa", "revisar"))]


@pytest.fixture(autouse=True)
def _choir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROGRAMS, "choir", CHOIR)


@pytest.fixture
def browser(web: Web) -> Browser:
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = make_account(session)
    return citizen_browser(web.app, account)


def _request(data: object) -> dict[str, Any]:
    who = make_applicant()
    names = ("given_names", "first_surname", "second_surname", "curp")
    return {
        "program": "choir",
        "applicant": {
            **{name: getattr(who, name) for name in names},
            "birth_date": who.birth_date.isoformat(),
        },
        "data": data,
        "consents": ["transfer_to_agency"],
    }


def _form(**changes: str) -> dict[str, str]:
    who = make_applicant()
    return {
        **applicant_form(who),
        "consents": "transfer_to_agency",
        "data-voice": "Soprano",
        "data-years": "12",
        "data-reads": "yes",
        "data-key": "GODE561231GR8",
        "data-income": "9,000",
        "data-zone": "north",
        "data-family-0-name": "Rosa",
        "data-family-0-born-day": "2",
        "data-family-0-born-month": "3",
        "data-family-0-born-year": "2015",
        **changes,
    }


def _walk(browser: Browser) -> TestResponse:
    """Send every page of the form, as its buttons lead from one to the next."""
    address, draft, form = ADDRESS, "", _form()
    answer = browser.get(address)
    for _page in PAGES:
        answer = browser.post(address, d=draft, **form)
        assert answer.status_code == 303, answer.text
        address, _, query = answer.location.partition("?")
        draft = dict(parse_qsl(query)).get("d", "")
    return answer


def _decide(web: Web, enrollment: UUID, word: AgencyStatus) -> Any:
    vault, now = web.app.extensions["consular.vault"], system_clock()
    with web.database.transaction(NETWORK_SCOPE) as session:
        sent = begin_submission(session, enrollment, now=now, vault=vault)
        for agency_status in (AgencyStatus(Status.SENT_TO_AGENCY), word):
            record_progress(session, enrollment, agency_status, now=now, vault=vault)
    return sent


def test_the_api_takes_what_the_program_asks_for(web: Web) -> None:
    citizen = web.token("citizen", subject="ana")
    answer = web.call("POST", "/enrollments", _request(DATA), token=citizen)
    assert answer.status_code == 202, answer.text
    active = AgencyStatus(Status.ACTIVE, {"card": "C-1", "until": "2027-01-31"})
    sent = _decide(web, UUID(answer.get_json()["id"]), active)
    assert (sent.program, sent.data) == ("choir", DATA)
    shown = web.call("GET", f"/enrollments/{answer.get_json()['id']}", token=citizen).get_json()
    assert shown["result"] == {"card": "C-1", "until": "2027-01-31"}
    listed = web.call("GET", "/enrollments?program=choir", token=citizen).get_json()["items"]
    assert [item["program"] for item in listed] == ["choir"]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("data.voice", {"voice": "S" * 21}),
        ("data.years", {"years": "12"}),
        ("data.years", {"years": 91}),
        ("data.reads", {"reads": "yes"}),
        ("data.income", {"income": "9000"}),
        ("data.zone", {"zone": "west"}),
        ("data.since", {"since": "2020-02-30"}),
        ("data.family.0.born", {"family": [{"name": "Rosa"}]}),
        ("data.family", {"family": [DATA["family"][0]] * 4}),
        ("data.height", {"height": 3}),
    ],
)
def test_the_api_refuses_what_it_does_not(web: Web, field: str, changes: dict[str, Any]) -> None:
    body = _request({**DATA, **changes})
    refused = web.call("POST", "/enrollments", body, token=web.token("citizen", subject="ana"))
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])


def test_the_api_says_what_is_asked_with_an_example(web: Web) -> None:
    items = web.call("GET", "/programs").get_json()["items"]
    choir = next(item for item in items if item["program"] == "choir")
    assert (choir["name"], choir["requires"]) == ("Coro de la oficina", ["rfc"])
    schema = jsonschema_rs.validator_for(choir["data"])
    assert schema.is_valid(choir["example"])
    assert schema.is_valid(DATA)
    assert not schema.is_valid({**DATA, "zone": "west"})
    assert web.call("POST", "/enrollments", _request(choir["example"]),
                    token=web.token("citizen", subject="ana")).status_code == 202  # fmt: skip


def test_the_document_shows_it(web: Web) -> None:
    schemas = contract_of(web.app).document["components"]["schemas"]
    assert set(schemas["ChoirData"]["properties"]) == {*DATA, "since"}
    assert {"$ref": "#/components/schemas/ChoirData"} in (
        schemas["EnrollmentSchema"]["properties"]["data"]["anyOf"]
    )
    assert set(schemas["ChoirResult"]["properties"]) == {"card", "until"}
    assert "choir" in schemas["EnrollmentSchema"]["properties"]["program"]["enum"]


def test_the_page_asks_for_it_and_sends_it(web: Web, browser: Browser) -> None:
    shown = [unescape(browser.get(page).text) for page in PAGES[:3]]
    for number, texts in enumerate((
        ("Inscribirme en el coro", "Una partitura", "Paso 1 de 4"),
        ("Tu voz", "¿Lees música?", "Paso 2 de 4"),
        ("Tu casa", "Nombre del familiar", "Agregar otro: 3", "Norte", "Paso 3 de 4"),
    )):  # fmt: skip
        assert all(text in shown[number] for text in texts)
    sent = _walk(browser)
    assert sent.status_code == 303
    enrollment = UUID(sent.location.split("?")[0].rpartition("/")[2])
    active = AgencyStatus(Status.ACTIVE, {"card": "C-1", "until": "2027-01-31"})
    assert _decide(web, enrollment, active).data == DATA
    page = unescape(browser.get(sent.location).text)
    assert "Credencial" in page
    assert "31 de enero de 2027" in page


def test_the_page_says_what_is_wrong_by_its_label_and_keeps_the_answers(browser: Browser) -> None:
    wrong = _form(**{"data-years": "doce", "data-zone": "", "data-family-0-born-day": ""})
    page = unescape(browser.send(PAGES[1], **wrong).text)
    assert "Años cantando: debe ser un número entero." in page
    assert 'value="Soprano"' in page
    page = unescape(browser.send(PAGES[2], **wrong).text)
    assert '<a href="#f-data-zone">Zona: falta este dato.</a>' in page
    assert '<a href="#f-data-family-0-born">' in page
    assert 'value="Rosa"' in page
    assert "Años cantando" not in page


def test_a_rejection_is_in_the_programs_words(web: Web, browser: Browser) -> None:
    sent = _walk(browser)
    enrollment = UUID(sent.location.split("?")[0].rpartition("/")[2])
    _decide(web, enrollment, AgencyStatus(Status.REJECTED, reason_code="off_key"))
    page = unescape(browser.get(sent.location).text)
    assert "Desafina." in page
    assert f'href="{ADDRESS}"' in page


def test_it_is_offered_where_programs_are(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROGRAMS, "closed", replace(CHOIR, code="closed", announced=True))
    for address in ("/inscripciones/choir", "/mis-tramites"):
        assert f'href="{ADDRESS}"' in browser.get(address).text
    assert 'href="/inscripciones/choir"' in browser.get("/inscripciones").text
    assert 'href="/inscripciones"' in browser.get("/").text
    assert browser.get("/inscripciones/nueva/closed").status_code == 404
