"""The published document passes the validators that clients use, and says what clients need.

The rules are those that Redocly recommends, read in Python so that the suite needs no Node.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from consular.api.contract import ENDPOINTS
from consular.api.openapi import answer_schemas, schemas_within
from tests.factories.contract import operations, published

Json = dict[str, Any]
# What JavaScript's regular expressions don't know, or know otherwise.
NOT_JAVASCRIPT = re.compile(r"\\[AZzGhHR]|\(\?P|\(\?[aiLmsux-]+[:)]|\(\?#|[*+?}]\+|\\p|\[:")


@pytest.fixture(scope="module")
def document() -> Json:
    return published()


@pytest.fixture(scope="module")
def every_operation(document: Json) -> list[tuple[str, Json]]:
    return list(operations(document))


def _nodes(node: Any, at: str = "") -> Iterator[tuple[str, Json]]:
    if isinstance(node, dict):
        yield at, node
        for name, inner in node.items():
            yield from _nodes(inner, f"{at}/{name}")
    elif isinstance(node, list):
        for place, inner in enumerate(node):
            yield from _nodes(inner, f"{at}/{place}")


def _schemas(document: Json) -> Iterator[tuple[str, Json]]:
    """Every schema of the document, also those within others; no examples."""
    for at, node in _nodes(document):
        if "/example" not in at and ({"type", "enum", "$ref", "anyOf"} & set(node)):
            yield at, node


def test_openapi_spec_validator_finds_nothing(document: Json) -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_it_says_who_publishes_it_and_where(document: Json) -> None:
    assert document["info"]["license"]["identifier"] == "Apache-2.0"
    assert document["info"]["description"]
    assert [server["url"] for server in document["servers"]] == ["/"]


def test_every_operation_has_an_id_of_its_own_tags_and_a_summary(
    document: Json, every_operation: list[tuple[str, Json]]
) -> None:
    assert len(every_operation) == len(ENDPOINTS)
    ids = [operation["operationId"] for _, operation in every_operation]
    assert len(set(ids)) == len(ids)
    assert {"bookAppointment", "requestEnrollment", "orderRemittance"} <= set(ids)
    described = {tag["name"] for tag in document["tags"] if tag["description"]}
    for where, operation in every_operation:
        assert set(operation["tags"]) <= described, where
        assert operation["summary"].endswith("."), where


def test_every_operation_answers_well_or_with_a_declared_problem(
    document: Json, every_operation: list[tuple[str, Json]]
) -> None:
    for where, operation in every_operation:
        statuses = set(operation["responses"])
        assert any(status.startswith("2") for status in statuses), where
        assert any(status.startswith("4") for status in statuses), where
        for status, answer in operation["responses"].items():
            assert answer["description"], (where, status)
            if status < "300":
                continue
            if status == "304":  # it has no body
                assert "content" not in answer, where
                continue
            problem = answer["content"]["application/problem+json"]
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
            for code, example in problem["examples"].items():
                name = example["$ref"].removeprefix("#/components/examples/")
                value = document["components"]["examples"][name]["value"]
                assert (value["code"], str(value["status"])) == (code, status), where


def test_security_is_said_of_every_operation_and_defined(
    document: Json, every_operation: list[tuple[str, Json]]
) -> None:
    schemes = set(document["components"]["securitySchemes"])
    for where, operation in every_operation:
        assert "security" in operation, where
        assert {name for need in operation["security"] for name in need} <= schemes, where
    public = [
        operation["operationId"] for _, operation in every_operation if operation["security"] == []
    ]
    assert {"listServices", "showNetworkAvailability", "lookUpRemittance"} <= set(public)


def test_the_codes_of_problems_are_listed(
    document: Json, every_operation: list[tuple[str, Json]]
) -> None:
    listed = document["components"]["schemas"]["Problem"]["properties"]["code"]
    booking = next(op for _, op in every_operation if op["operationId"] == "bookAppointment")
    codes = booking["responses"]["409"]["content"]["application/problem+json"]["examples"]
    assert {"slot_taken", "already_booked", "identity_check_pending"} <= set(codes)
    assert set(codes) <= set(listed["x-extensible-enum"])


def test_everything_that_is_defined_is_used(document: Json) -> None:
    used = set(re.findall(r'"\$ref": "#/components/(\w+/\w+)"', json.dumps(document)))
    defined = {
        f"{kind}/{name}"
        for kind in ("schemas", "examples")
        for name in document["components"][kind]
    }
    assert used == defined


def test_no_enum_holds_or_defaults_to_what_its_type_forbids(document: Json) -> None:
    for at, schema in _schemas(document):
        if "default" in schema:
            assert schema["default"] is not None, at
            assert schema["default"] in schema.get("enum", [schema["default"]]), at
        if "enum" in schema and "type" in schema:
            kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            assert (None in schema["enum"]) == ("null" in kinds), at
            of_type = bool if "boolean" in kinds else str
            assert all(isinstance(word, of_type) for word in schema["enum"] if word is not None), at


def test_patterns_are_javascripts_too(document: Json) -> None:
    patterns = {schema["pattern"] for _, schema in _schemas(document) if "pattern" in schema}
    assert patterns
    for pattern in patterns:
        assert not NOT_JAVASCRIPT.search(pattern), pattern
        assert pattern.startswith("^"), pattern
        assert pattern.endswith("$"), pattern
        assert re.compile(pattern)


def test_every_field_has_a_type(document: Json) -> None:
    for at, schema in _nodes(document["components"]["schemas"]):
        for name, field in schema.get("properties", {}).items():
            if isinstance(field, dict):
                assert {"type", "$ref", "anyOf"} & set(field), f"{at}: {name}"


FORMATS = {
    "date-time": {"at", "start", "end", "as_of", "since", "expires_at", "cancel_until"},
    "date": {"birth_date", "valid_until", "collect_until", "date_available"},
    "uuid": {"id"},
}


def test_ids_and_times_have_formats(document: Json) -> None:
    for name, schema in document["components"]["schemas"].items():
        for field, shape in schema.get("properties", {}).items():
            for kind, fields in FORMATS.items():
                if field in fields:
                    assert shape.get("format") == kind, f"{name}.{field}"


def test_money_has_a_type_wherever_it_is_sent(document: Json) -> None:
    schemas = document["components"]["schemas"]
    money = {"$ref": "#/components/schemas/Money"}
    assert money in schemas["QuoteSchema"]["properties"]["send"]["anyOf"]
    assert money in schemas["CompleteSchema"]["properties"]["fee"]["anyOf"]
    assert schemas["Money"]["required"] == ["amount", "currency"]


def test_either_or_is_said(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for name in ("BookSchema", "QuoteSchema"):
        assert "Exactly one of" in schemas[name]["description"]


def test_answers_may_gain_fields_and_bodies_may_not(document: Json) -> None:
    answers = answer_schemas(document)
    bodies = schemas_within(document, [op.get("requestBody") for _, op in operations(document)])
    assert not answers & bodies, "A shape that is sent and answered is two: name them apart."
    for name in answers:
        assert "additionalProperties" not in document["components"]["schemas"][name], name
    for name in bodies - {"CallbackSchema"}:
        assert document["components"]["schemas"][name]["additionalProperties"] is False, name


def test_examples_are_valid(document: Json, every_operation: list[tuple[str, Json]]) -> None:
    for where, operation in every_operation:
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [answer.get("content", {}) for answer in operation["responses"].values()]
        for content in contents:
            shown = content.get("application/json")
            if shown is None:
                continue
            schema = {**shown["schema"], "components": document["components"]}
            optional = operation.get("requestBody", {}).get("required") is False
            assert "example" in shown or optional, where
            validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
            if "example" in shown:
                wrong = [error.message for error in validator.iter_errors(shown["example"])]
                assert wrong == [], where


def test_parameters_are_never_null_and_have_one_name_each(
    every_operation: list[tuple[str, Json]],
) -> None:
    for where, operation in every_operation:
        names = [(p["in"], p["name"].lower()) for p in operation["parameters"]]
        assert len(set(names)) == len(names), where
        for parameter in operation["parameters"]:
            assert isinstance(parameter["schema"]["type"], str), (where, parameter["name"])


def test_the_agencies_callback_is_described_with_its_signature(document: Json) -> None:
    callback = document["paths"]["/api/v1/callbacks/{agency}"]["post"]
    headers = {p["name"]: p for p in callback["parameters"] if p["in"] == "header"}
    assert set(headers) == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    assert all(header["required"] for header in headers.values())
    assert callback["security"] == [{"webhook": []}]
    problem = callback["responses"]["401"]["content"]["application/problem+json"]
    assert "signature_invalid" in problem["examples"]


def test_paths_are_told_apart_and_name_what_they_hold(
    document: Json, every_operation: list[tuple[str, Json]]
) -> None:
    shapes = [re.sub(r"\{\w+\}", "{}", path) for path in document["paths"]]
    assert len(set(shapes)) == len(shapes)
    for where, operation in every_operation:
        path = where.partition(" ")[2]
        assert "?" not in path, where
        assert not path.endswith("/"), where
        assert re.fullmatch(r"[A-Za-z0-9]+", operation["operationId"]), where
        held = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert held == set(re.findall(r"\{(\w+)\}", path)), where


def test_no_two_paths_could_be_meant_by_one_address(
    every_operation: list[tuple[str, Json]],
) -> None:
    """A fixed part beside a parameter is no other address where the parameter is a UUID."""
    for where, operation in every_operation:
        for other, _ in every_operation:
            if where.split()[0] == other.split()[0] and where != other:
                assert not _ambiguous(where, other, operation), (where, other)


def _ambiguous(one: str, other: str, operation: Json) -> bool:
    ours, theirs = one.split("/"), other.split("/")
    kinds = {f"{{{p['name']}}}": p["schema"] for p in operation["parameters"] if p["in"] == "path"}
    return len(ours) == len(theirs) and all(
        mine == their
        or (mine in kinds and (_is_parameter(their) or kinds[mine].get("format") != "uuid"))
        for mine, their in zip(ours, theirs, strict=True)
    )


def _is_parameter(part: str) -> bool:
    """All of it: `{id}.ics` is a form of its own."""
    return re.fullmatch(r"\{\w+\}", part) is not None


def test_what_is_required_is_described(document: Json) -> None:
    for at, schema in _schemas(document):
        if isinstance(schema.get("required"), list) and "properties" in schema:
            assert set(schema["required"]) <= set(schema["properties"]), at


def test_either_or_has_two_sides_at_least(document: Json) -> None:
    for at, schema in _schemas(document):
        for word in ("anyOf", "oneOf", "allOf"):
            sides = schema.get(word)
            if isinstance(sides, list):
                assert len(sides) > 1, at
                assert len({json.dumps(side, sort_keys=True) for side in sides}) == len(sides), at


def test_servers_are_plain(document: Json) -> None:
    for server in document["servers"]:
        assert "example." not in server["url"]
        assert server["url"] == "/" or not server["url"].endswith("/")
        assert "variables" not in server
