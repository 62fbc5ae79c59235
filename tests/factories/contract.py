"""Every answer that a test gets from the API is held against the published contract."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from consular.api.contract import ENDPOINTS
from consular.api.openapi import describe
from consular.app import create_app
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Program
from services.kernel.settings import Settings
from tests.servers import random_keys

Json = dict[str, Any]
# Not an operation's own: no such address, another method, an empty form of a header.
_OUTSIDE = frozenset({405})


@dataclass
class Contract:
    """The document, and which successes were seen of which operation."""

    document: Json
    validators: dict[tuple[str, str], Any]
    seen: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def check(self, operation: Json, answer: TestResponse) -> None:
        """Raise AssertionError in plain words where the answer isn't as published."""
        name, status = operation["operationId"], str(answer.status_code)
        if answer.status_code in _OUTSIDE or (answer.status_code >= 500 and status != "503"):
            return
        assert status in operation["responses"], (
            f"{name} answered {status} {_code(answer)}, which it doesn't declare: add"
            f" {status}: ({_code(answer)!r},) to errors= of its endpoint."
        )
        if answer.status_code >= 400:
            self._check_problem(name, operation["responses"][status], answer)
            return
        self.seen[name].add(answer.status_code)
        content = operation["responses"][status].get("content")
        if content and answer.mimetype == "application/json":
            self._check_body(name, status, content["application/json"]["schema"], answer)
        elif content:
            assert answer.mimetype in content, f"{name} answered with a {answer.mimetype}"

    def _check_problem(self, name: str, declared: Json, answer: TestResponse) -> None:
        code = _code(answer)
        codes = declared["content"]["application/problem+json"]["examples"]
        assert code in codes, (
            f"{name} answered {answer.status_code} {code}, which it doesn't declare: add"
            f" {answer.status_code}: ({code!r},) to errors= of its endpoint."
        )

    def _check_body(self, name: str, status: str, schema: Json, answer: TestResponse) -> None:
        validator = self.validators.get((name, status))
        if validator is None:
            validator = jsonschema_rs.Draft202012Validator(
                {**closed(schema), "components": closed(self.document["components"])},
                validate_formats=True,
            )
            self.validators[name, status] = validator
        wrong = [f"{list(e.instance_path)}: {e.message}" for e in validator.iter_errors(
            json.loads(answer.get_data())
        )]  # fmt: skip
        assert not wrong, f"{name} answered {status} otherwise than its schema says: {wrong}"


def closed(schema: Any) -> Any:
    """The schema without room for added fields: nothing is sent that isn't published."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(value) for name, value in schema.items()}
    if "properties" in schema and "type" in schema and "additionalProperties" not in schema:
        inner["additionalProperties"] = False
    return inner


def contract_of(app: Flask) -> Contract:
    """The application's contract; what was seen of it is this application's own."""
    contract: Contract | None = app.extensions.get("tests.contract")
    if contract is None:
        with app.test_request_context():
            known = _read(tuple(PROGRAMS.items()))
        contract = app.extensions["tests.contract"] = Contract(*known)
    return contract


@cache
def _read(_programs: tuple[tuple[str, Program], ...]) -> tuple[Json, dict[tuple[str, str], Any]]:
    """The document and its validators, which every application of this process with the same
    programs shares: to read them takes longer than most tests."""
    return describe(), {}


class CheckedClient(FlaskClient):
    """A caller of the API who knows the contract by heart."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """As FlaskClient's; the answer is checked when an operation of the contract gave it."""
        # Read to the end at once, as a caller does: a file is closed then.
        answer = super().open(*args, **{"buffered": True, **kwargs})
        request = answer.request
        if request.path.startswith("/api/v1/"):
            operation = _operation(self.application, request.path, request.method)
            if operation is not None:
                contract_of(self.application).check(operation, answer)
        return answer


def _operation(app: Flask, path: str, method: str) -> Json | None:
    try:
        rule, _values = app.url_map.bind("localhost").match(path, method, return_rule=True)
    except (HTTPException, ValueError):
        return None
    endpoint = ENDPOINTS.get(rule.endpoint)
    if endpoint is None or endpoint.method != method:
        return None
    template = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
    operation: Json = contract_of(app).document["paths"][template][method.lower()]
    return operation


def _code(answer: TestResponse) -> str:
    try:
        return str(json.loads(answer.get_data()).get("code", ""))
    except ValueError:
        return ""


def published() -> Json:
    """The document as it is published, from an application whose servers aren't there."""
    environ = {
        "CONSULAR_ENV": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        **random_keys(),
    }
    app = create_app(Settings.load(environ))
    try:
        with app.test_request_context(headers={"Accept-Language": "es"}):
            return describe()
    finally:
        app.extensions["consular.database"].dispose()
        app.extensions["consular.redis"].close()


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """(``GET /path``, operation) of the document."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation
