"""OpenAPI 3.1 from the schemas, and a reader that needs no other host."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, current_app, render_template
from marshmallow import Schema

from consular.api.contract import ENDPOINTS, Endpoint
from consular.auth import ANYONE, allow

docs = Blueprint("docs", __name__)
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "request_id": {"type": ["string", "null"]},
    },
}
_CONVERTERS = {"uuid": {"type": "string", "format": "uuid"}}
_CODE = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9-]{0,39}$"}


@docs.get("/api/openapi.json")
@allow(ANYONE)
def openapi() -> dict[str, Any]:
    """The contract."""
    return describe()


@docs.get("/api/docs")
@allow(ANYONE)
def reader() -> str:
    """The contract as a page."""
    return render_template("portal/api_docs.html", spec=describe())


def describe() -> dict[str, Any]:
    """Built once: routes don't change while the process runs."""
    known: dict[str, Any] | None = current_app.extensions.get("consular.openapi")
    if known is None:
        known = current_app.extensions["consular.openapi"] = _build()
    return known


def _build() -> dict[str, Any]:
    spec = APISpec(
        title="Consular",
        version="1",
        openapi_version="3.1.0",
        info={"description": "Appointments, enrolments, vote counts and remittances."},
        plugins=[MarshmallowPlugin(schema_name_resolver=_Names())],
    )
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", _PROBLEM)
    for rule in current_app.url_map.iter_rules():
        found = ENDPOINTS.get(rule.endpoint)
        if found is not None:
            path, parameters = _path(rule.rule)
            spec.path(path=path, operations={found.method.lower(): _operation(found, parameters)})
    return spec.to_dict()


def _path(rule: str) -> tuple[str, list[dict[str, Any]]]:
    parameters = [
        {
            "in": "path",
            "name": name,
            "required": True,
            "schema": _CONVERTERS.get(converter, _CODE),
        }
        for converter, name in re.findall(r"<(?:(\w+):)?(\w+)>", rule)
    ]
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule), parameters


def _operation(found: Endpoint, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": found.summary,
        "parameters": [*parameters],
        "responses": _responses(found),
    }
    if found.query is not None:
        operation["parameters"].append({"in": "query", "schema": found.query})
    if found.creates:
        operation["parameters"].append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": found.needs_key,
                "schema": {"type": "string", "minLength": 1, "maxLength": 128},
            }
        )
    if found.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": found.body}},
        }
    if found.who is not ANYONE:
        operation["security"] = [{"bearer": []}]
        operation["x-roles"] = sorted(found.who)
    return operation


def _responses(found: Endpoint) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(found.status).phrase}
    if found.answer is not None:
        good["content"] = {"application/json": {"schema": found.answer}}
    problem = {
        "description": "A problem, RFC 9457",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    codes = ["400", "404", "405", "409", "413", "415", "422", "429", "503"]
    if found.who is not ANYONE:
        codes += ["401", "403"]
    return {str(found.status): good, **{code: problem for code in codes}}


class _Names:
    """A schema's class gives its name; a second class of the same name says its slice before."""

    def __init__(self) -> None:
        self._taken: dict[str, type[Schema]] = {}

    def __call__(self, schema: type[Schema] | Schema | str) -> str:
        if isinstance(schema, str):
            return schema
        kind = schema if isinstance(schema, type) else type(schema)
        if self._taken.setdefault(kind.__name__, kind) is kind:
            return kind.__name__
        return f"{kind.__module__.split('.')[-2].capitalize()}{kind.__name__}"
