"""OpenAPI 3.1 from the schemas and endpoints, and a reader that needs no other host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, current_app, render_template
from flask_babel import force_locale, gettext
from marshmallow import Schema

from consular.api.contract import ENDPOINTS, Endpoint, problems_of
from consular.api.examples import example_of
from consular.api.json_schema import MONEY, VERSION, SchemaNames, teach
from consular.auth import ANYONE, allow
from consular.errors import WORDS, problem_type
from consular.input.fields import CODE
from consular.uploads import MULTIPART

docs = Blueprint("docs", __name__)
Json = dict[str, Any]

DESCRIPTION = """\
Consular appointments, enrollment, vote counts and remittances for Mexicans abroad.

- Bodies and answers are JSON in UTF-8. A body with an unknown field, or an address with an unknown
  or repeated parameter, is refused (422). Answers may gain fields: ignore those you don't know.
- Errors are `application/problem+json` (RFC 9457). Decide by `code`, which is stable; `title` and
  `detail` follow `Accept-Language` (`es`, `en`).
- Times are ISO 8601 with an offset, dates `YYYY-MM-DD`, amounts text with two decimals.
- Lists are `{"items": [...], "next": ...}`: ask again with `next` until it is null.
- A POST that is repeated with the same `Idempotency-Key` and body gets the first answer and has no
  second effect.
- What belongs to another person or consulate answers 404, as what doesn't exist.
"""
TAGS = {
    "catalogue": "Offices, services, fees and free times. Open to anyone.",
    "appointments": "Book, cancel, and the steps of the consulate's desk.",
    "queue": "Who waits at the desk, who is next, and tickets without an appointment.",
    "identity": "Identity checked at a window, where another account holds a place in a name.",
    "people": "People of an office who are written twice, merged by their document.",
    "sessions": "Desks and opening hours of an office.",
    "session_series": "Sessions that recur by a rule.",
    "closures": "Days and hours on which an office is closed, whatever its sessions say.",
    "programs": "Programs of enrollment: what each asks for, gives and costs. Open to anyone.",
    "enrollments": "Enrollment in the RFC, IMSS and Infonavit, and how a request stands.",
    "documents": "Documents of a person: what is kept is made anew from what was sent.",
    "ready_documents": "Documents that lie at an office until somebody collects them.",
    "recipients": "The people whom a citizen sends money to, as they keep them.",
    "remittances": "Quotes and remittances through Finabien.",
    "disputes": "Errors of remittances that senders claim (12 CFR 1005.33).",
    "incidents": "What treasury and compliance look at: contradictions, waits, failed jobs.",
    "operations": "What a duty officer looks at: queues, agencies and their pauses, parked jobs.",
    "voting": "Counts of votes and registrations, never voters.",
    "reports": "Reports of the Commission's sessions: written, signed, and verified by anyone.",
    "indicators": "Figures for Working Group 4, as of a moment.",
    "service_levels": "How long people and requests wait, and what is past its term.",
    "alerts": "Rules that watch figures, whom they write to, and what they told.",
    "scheduled_reports": "Figures that are sent to staff by mail, by schedule.",
    "group_figures": "What the Commission's working groups report, with its source and revisions.",
    "chart_notes": "What happened on some days, noted on charts and tables of figures.",
    "exports": "Figures, and the lines that they add up, as files that are complete.",
    "open_data": "Published data sets, whose versions never change. Open to anyone.",
    "announcements": "Outages, closures and warnings that pages show now. Open to anyone.",
    "me": "A citizen's own data, and who looked at it.",
    "folders": "A person's plan of enrollments, and their consents to pass data to agencies.",
    "holds": "Places held for some minutes while somebody writes down who comes.",
    "callbacks": "Messages of the agencies, signed by Standard Webhooks.",
}
SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A signed token of an issuer that this installation trusts.",
    },
    "webhook": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": (
            "Standard Webhooks: `v1,` and the base64 of the HMAC-SHA256 of"
            " `{webhook-id}.{webhook-timestamp}.{body}` under the agency's secret; several, with a"
            " space between, while a secret is changed."
        ),
    },
}
_CONVERTERS = {"uuid": {"type": "string", "format": "uuid"}}
_CODE = {"type": "string", "pattern": f"^{CODE}$"}
_FILE = {"type": "string", "format": "binary"}
_RETRY_AFTER = {
    "description": "Seconds after which it may work",
    "schema": {"type": "integer", "minimum": 0},
}
_LOCATION = {
    "description": "The address of what was made",
    "schema": {"type": "string", "format": "uri-reference"},
}


@docs.get("/api/openapi.json")
@allow(ANYONE)
def openapi() -> dict[str, Any]:
    """Return the contract of this API."""
    return describe()


@docs.get("/api/docs")
@allow(ANYONE)
def reader() -> str:
    """The contract as a page."""
    return render_template("portal/api_docs.html", spec=describe())


def describe() -> Json:
    """Built once, in English: routes don't change while the process runs."""
    known: Json | None = current_app.extensions.get("consular.openapi")
    if known is None:
        with force_locale("en"):
            known = current_app.extensions["consular.openapi"] = _build()
    return known


def _build() -> Json:
    names = SchemaNames()
    plugin = MarshmallowPlugin(schema_name_resolver=names)
    spec = APISpec(
        title="Consular",
        version="1",
        openapi_version=VERSION,
        info={
            "description": DESCRIPTION,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        servers=[{"url": "/", "description": "This installation"}],
        plugins=[plugin],
    )
    teach(plugin)
    for name, scheme in SECURITY.items():
        spec.components.security_scheme(name, scheme)
    spec.components.schema("Money", MONEY)
    described = dict(_routed())
    for tag in dict.fromkeys(name.split(".")[0] for name in described.values()):
        spec.tag({"name": tag, "description": TAGS[tag]})
    for rule, name in described.items():
        endpoint = ENDPOINTS[name]
        path, parameters = _path(rule[0])
        operation = _operation(endpoint, name.split(".")[0], parameters)
        spec.path(path=path, operations={endpoint.method.lower(): operation})
    document = spec.to_dict()
    for name, said in names.descriptions():
        document["components"]["schemas"][name]["description"] = _on_one_line(said)
    return _finished(document)


def _routed() -> Iterator[tuple[tuple[str, str], str]]:
    """(address, method) -> name of every endpoint of the contract."""
    for rule in current_app.url_map.iter_rules():
        if rule.endpoint in ENDPOINTS:
            yield (rule.rule, ENDPOINTS[rule.endpoint].method), rule.endpoint


def _path(rule: str) -> tuple[str, list[Json]]:
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


def _operation(endpoint: Endpoint, tag: str, parameters: list[Json]) -> Json:
    summary, _blank, more = endpoint.documentation.strip().partition("\n")
    operation: Json = {
        "operationId": endpoint.operation,
        "tags": [tag],
        "summary": summary,
        "security": _security(endpoint),
        "parameters": [*parameters, *_input_of(endpoint)],
        "responses": {
            str(endpoint.status): _success(endpoint),
            **({"304": _UNCHANGED} if endpoint.cached else {}),
            **_problems(endpoint),
        },
    }
    if more.strip():
        operation["description"] = _on_one_line(more)
    if endpoint.body is not None:
        optional = not any(field.required for field in endpoint.body.fields.values())
        operation["requestBody"] = {
            "required": not optional,
            "content": (
                {MULTIPART: {"schema": endpoint.body}}
                if endpoint.multipart
                else {"application/json": _with_example(endpoint.body)}
            ),
        }
    if endpoint.who is not ANYONE:
        operation["x-roles"] = sorted(endpoint.who)
    return operation


_UNCHANGED = {"description": "What the caller has, by its `If-None-Match`, is still so."}


def _on_one_line(documentation: str) -> str:
    return re.sub(r"\s*\n\s*", " ", documentation.strip()).replace("``", "`")


def _security(endpoint: Endpoint) -> list[Json]:
    if endpoint.signed:
        return [{"webhook": []}]
    return [] if endpoint.who is ANYONE else [{"bearer": []}]


def _input_of(endpoint: Endpoint) -> Iterator[Json]:
    """Parameters of the query and of headers."""
    if endpoint.query is not None:
        yield {"in": "query", "schema": endpoint.query}
    if endpoint.headers is not None:
        yield {"in": "header", "schema": endpoint.headers}
    if endpoint.takes_key:
        yield {
            "in": "header",
            "name": "Idempotency-Key",
            "description": "Another one for each thing to be done; the same one to try again.",
            "required": endpoint.needs_key,
            "schema": {"type": "string", "minLength": 1, "maxLength": 128},
        }


def _with_example(body: Schema) -> Json:
    example = getattr(body, "example", None)
    return {"schema": body} if example is None else {"schema": body, "example": example}


def _success(endpoint: Endpoint) -> Json:
    good: Json = {"description": HTTPStatus(endpoint.status).phrase}
    if endpoint.answer is not None:
        good["content"] = {"application/json": {"schema": endpoint.answer}}
    if endpoint.content:
        as_files = {kind: {"schema": _FILE} for kind in endpoint.content}
        good["content"] = {**as_files, **good.get("content", {})}
    if endpoint.status in (201, 202):
        good["headers"] = {"Location": _LOCATION}
    return good


def _problems(endpoint: Endpoint) -> Json:
    return {str(status): _problem(status, codes) for status, codes in problems_of(endpoint).items()}


def _problem(status: int, codes: tuple[str, ...]) -> Json:
    said = "; ".join(f"`{code}`: {gettext(WORDS[code].title)}" for code in codes)
    problem: Json = {
        "description": said,
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }
    if status in (409, 429, 503):
        problem["headers"] = {"Retry-After": _RETRY_AFTER}
    return problem


def _finished(document: Json) -> Json:
    """What the schemas can't say themselves: problems, added fields, defaults, examples."""
    codes = _codes()
    components = document["components"]
    components["schemas"]["Problem"] = _problem_schema(sorted(codes))
    components["examples"] = {code: _problem_example(code, codes[code]) for code in sorted(codes)}
    for operation in _operations(document):
        for parameter in operation["parameters"]:
            _never_null(parameter["schema"])
    for name in answer_schemas(document):
        # An answer may gain fields; a body with a field that isn't known is refused.
        components["schemas"][name].pop("additionalProperties", None)
    for operation in _operations(document):
        for answer in operation["responses"].values():
            shown = answer.get("content", {}).get("application/json")
            if shown is not None:
                shown["example"] = example_of(shown["schema"], components["schemas"])
    return document


def _codes() -> dict[str, int]:
    """Every code of a problem and its status."""
    statuses: dict[str, int] = {}
    for endpoint in ENDPOINTS.values():
        for status, codes in problems_of(endpoint).items():
            statuses |= dict.fromkeys(codes, status)
    return statuses


def _problem_schema(codes: list[str]) -> Json:
    return {
        "type": "object",
        "description": "What went wrong and what to do next, as RFC 9457 says it.",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {
                "type": "string",
                "description": "Stable; more codes may come. Decide by it, never by the words.",
                "x-extensible-enum": codes,
            },
            "errors": {
                "type": "object",
                "description": "What is wrong with each field, by its path: `attendees.0.curp`",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
            "folio": {
                "type": "string",
                "description": "With identity_check_pending: to show at a window, with a document",
            },
            "request_id": {"type": ["string", "null"]},
        },
    }


def _problem_example(code: str, status: int) -> Json:
    words = WORDS[code]
    value = {
        "type": problem_type(code),
        "title": gettext(words.title),
        "status": status,
        "detail": re.sub(r"%\(\w+\)s", "…", gettext(words.detail)),
        "code": code,
        "errors": {},
        "request_id": "019aa000-0000-7000-8000-000000000000",
    }
    return {"summary": gettext(words.title), "value": value}


def _operations(document: Json) -> Iterator[Json]:
    for item in document["paths"].values():
        yield from item.values()


def _schemas(node: Any) -> Iterator[Json]:
    """Every object within the document: schemas are among them."""
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _schemas(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _schemas(inner)


def _never_null(schema: Json) -> None:
    """An address has no null: a parameter that isn't given is left out."""
    if isinstance(schema.get("type"), list):
        schema["type"] = next(kind for kind in schema["type"] if kind != "null")
    if "enum" in schema:
        schema["enum"] = [word for word in schema["enum"] if word is not None]


def answer_schemas(document: Json) -> set[str]:
    """Names of the schemas that answers are made of."""
    return schemas_within(document, [op["responses"] for op in _operations(document)])


def schemas_within(document: Json, roots: Any) -> set[str]:
    """Names of the schemas that these parts of the document are made of."""
    components = document["components"]
    names: set[str] = set()
    waiting = [roots]
    while waiting:
        for node in _schemas(waiting.pop()):
            reference = node.get("$ref", "")
            name = reference.removeprefix("#/components/schemas/")
            if name != reference and name not in names:
                names.add(name)
                waiting.append(components["schemas"][name])
    return names
