"""The published contract is valid, complete, and what the application really does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.openapi import from_wsgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR
from schemathesis.specs.openapi.schemas import OpenApiSchema

from consular.api.contract import ENDPOINTS
from services.kernel.audit import Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.api.calls import call_of, steady_web
from tests.factories.remittances import prepare_reference
from tests.factories.web import Web
from tests.servers import Addresses

Document = dict[str, Any]


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One for the whole file, with a session to book in and a rate to quote."""
    with steady_web(servers, tmp_path_factory.mktemp("openapi")) as running:
        with running.database.transaction(NETWORK_SCOPE) as session:
            prepare_reference(session, now=system_clock())
        running.session()
        yield running


@pytest.fixture(scope="module")
def document(web: Web) -> Document:
    """As anyone can download it."""
    answer = web.client.get("/api/openapi.json")
    assert answer.content_type == "application/json"
    return dict(answer.get_json())


@pytest.fixture(scope="module")
def contract(web: Web) -> OpenApiSchema:
    """The same for Schemathesis, which calls the application in process."""
    return from_wsgi("/api/openapi.json", web.app)


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_the_document_is_valid_openapi_3_1(document: Document) -> None:
    assert document["openapi"].startswith("3.1")
    errors = [
        f"{list(e.instance_path)}: {e.message}" for e in OPENAPI_31_VALIDATOR.iter_errors(document)
    ]
    assert errors == []


def test_every_schema_is_valid_json_schema(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name


def test_every_reference_leads_somewhere(document: Document) -> None:
    used = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    for reference in used:
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_every_endpoint_is_described(document: Document) -> None:
    operations = list(_operations(document))
    assert len(operations) == len(ENDPOINTS)
    for path, method, operation in operations:
        assert operation["summary"], (method, path)
        assert operation["responses"], (method, path)


def test_parameters_of_the_path_are_all_described(document: Document) -> None:
    for path, _, operation in _operations(document):
        named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path))


def test_who_may_call_is_said(document: Document) -> None:
    said = {frozenset(operation.get("x-roles", ())) for _, _, operation in _operations(document)}
    known = {role.value for role in Role} - {Role.SYSTEM.value}
    assert all(roles <= known for roles in said)
    for path, method, operation in _operations(document):
        signed = operation["operationId"] == "receiveCallback"
        needed = [{"bearer": []}] if "x-roles" in operation else []
        assert operation["security"] == ([{"webhook": []}] if signed else needed), (method, path)
        assert ("403" in operation["responses"]) == ("x-roles" in operation), (method, path)
        # Also where anyone may call, a bad token is refused.
        assert "401" in operation["responses"], (method, path)


def test_the_key_of_a_request_is_required_exactly_where_money_moves(document: Document) -> None:
    required = {
        path
        for path, _, operation in _operations(document)
        for parameter in operation["parameters"]
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }
    assert required == {"/api/v1/remittances"}


def test_nothing_internal_is_told(document: Document) -> None:
    text = json.dumps(document)
    for word in ("_sealed", "data_key", "name_index", "password", "Traceback", "sqlalchemy"):
        assert word not in text


def test_the_reader_needs_no_other_host(web: Web) -> None:
    page = web.client.get("/api/docs")
    assert page.status_code == 200
    loaded = r'<(?:script|link|img|iframe|form)[^>]+(?:src|href|action)="(?:https?:)?//'
    assert re.findall(loaded, page.text) == []


def test_the_reader_follows_the_chosen_language_and_the_api_what_the_caller_accepts(
    web: Web,
) -> None:
    browser = web.client
    spanish = browser.get("/api/docs", headers={"Accept-Language": "en"}).text
    assert '<html lang="es"' in spanish
    assert "Esta referencia está en inglés" in spanish
    assert '<summary lang="en">' in spanish
    assert browser.get("/idioma/en?next=/api/docs").headers["Location"] == "/api/docs"
    english = browser.get("/api/docs").text
    assert '<html lang="en"' in english
    assert "Esta referencia" not in english
    titles = {
        language: web.call("GET", "/me", headers={"Accept-Language": language}).get_json()["title"]
        for language in ("es", "en")
    }
    assert titles["es"] != titles["en"]


CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]
CALM = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_are_those_of_the_contract(
    web: Web, contract: OpenApiSchema, name: str, mode: GenerationMode
) -> None:
    """Never 5xx; statuses, content types and bodies as documented."""
    operation = contract[_template(web, name)][ENDPOINTS[name].method]
    headers = _headers(web, name)

    @CALM
    @given(operation.as_strategy(generation_mode=mode))
    def hold(case: schemathesis.Case[Any]) -> None:
        response = case.call(headers=headers)
        assert response.status_code < 500, response.text
        case.validate_response(response, checks=CHECKS)

    try:
        hold()
    except Unsatisfiable:
        pytest.skip("nothing can be generated: without parameters nothing can be wrong")


def _template(web: Web, name: str) -> str:
    rule = next(r.rule for r in web.app.url_map.iter_rules() if r.endpoint == name)
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def _headers(web: Web, name: str) -> dict[str, str]:
    """Of the first role that may."""
    call = call_of(web, name)
    keys = {"Idempotency-Key": "generated"} if call.endpoint.needs_key else {}
    return {**keys, **({"Authorization": f"Bearer {call.token}"} if call.token else {})}
