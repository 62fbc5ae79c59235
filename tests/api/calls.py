"""A well-formed call of every endpoint, made from its own schemas, for tests to spoil."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from marshmallow import Schema, fields, validate
from werkzeug.test import TestResponse

import consular.app  # noqa: F401  (registers every endpoint)
from consular.api.contract import ENDPOINTS, Endpoint
from consular.auth import ANYONE
from consular.input import fields as ours
from services.kernel.audit import OFFICE_ROLES, Role
from services.kernel.ids import FolioKind, new_folio
from tests.factories.web import Web, running_web, working_day
from tests.servers import Addresses, settings_over

MISSING_ID = "00000000-0000-7000-8000-000000000000"
# Fields that don't go together with the others, or not with the same value.
_LEFT_OUT = {
    "sessions.change_session": {"status"},
    "closures.create_closure": {"begins", "ends"},
    "recipients.add_saved": {"state", "municipality"},
    "recipients.change_saved": {"state", "municipality"},
}
ROLES = tuple(role for role in Role if role is not Role.SYSTEM)
Path_ = tuple[str | int, ...]


@contextmanager
def steady_web(servers: Addresses, home: Path) -> Iterator[Web]:
    """One application and one database for all tests of a file."""
    with (
        servers.fresh_database() as urls,
        running_web(settings_over(urls, home, servers.redis(63))) as web,
    ):
        yield web


@dataclass(frozen=True)
class Call:
    """An endpoint, where it is, and whom to call it as."""

    name: str
    endpoint: Endpoint
    path: str
    token: str | None

    @property
    def body(self) -> dict[str, Any] | None:
        """A fresh well-formed body, or None where none is taken."""
        if self.endpoint.body is None:
            return None
        left_out = _LEFT_OUT.get(self.name, set())
        whole = sample(self.endpoint.body)
        return {name: value for name, value in whole.items() if name not in left_out}


def with_body() -> list[str]:
    """Names of the endpoints that read JSON of ours; agencies sign theirs, which is theirs, and
    what forms with a file may hold is tried in `test_documents`."""
    read = {n: endpoint for n, endpoint in ENDPOINTS.items() if endpoint.body is not None}
    return [n for n, endpoint in read.items() if not (endpoint.signed or endpoint.multipart)]


def takes_nothing(name: str) -> bool:
    """Whether the endpoint does without a body."""
    body = ENDPOINTS[name].body
    return body is not None and not any(field.required for field in body.fields.values())


def with_query() -> list[str]:
    """Names of the endpoints that take a query."""
    return [name for name, endpoint in ENDPOINTS.items() if endpoint.query is not None]


def with_id() -> list[str]:
    """Names of the endpoints at an id."""
    return [name for name, endpoint in ENDPOINTS.items() if "<uuid:" in endpoint.path]


def call_of(web: Web, name: str, *, role: Role | None = None, row: str = MISSING_ID) -> Call:
    """The call, as ``role`` or else as the first role that may."""
    endpoint = ENDPOINTS[name]
    if role is None and endpoint.who is not ANYONE:
        role = next(r for r in ROLES if r in endpoint.who)
    return Call(name, endpoint, address(web, name, row), token_of(web, role) if role else None)


def token_of(web: Web, role: Role, consulate: str = "losangeles", subject: str = "") -> str:
    """A token for the role; staff of an office belong to ``consulate``."""
    return web.token(role.value, consulate if role in OFFICE_ROLES else "", subject)


def address(web: Web, name: str, row: str = MISSING_ID) -> str:
    """The path below ``/api/v1``, with ``row`` for ids and known codes for codes."""
    rule = next(r for r in web.app.url_map.iter_rules() if r.endpoint == name)
    codes = {"consulate": "losangeles", "year": "2024", "number": "1", "n": "1", "form": "json"}
    values = {
        part: row if type(converter).__name__ == "UUIDConverter" else codes.get(part, "enrollments")
        for part, converter in rule._converters.items()
    }
    adapter = web.app.url_map.bind("localhost")
    return adapter.build(name, values, method=ENDPOINTS[name].method).removeprefix("/api/v1")


def send(web: Web, call: Call, body: Any, *, token: str | None = None) -> TestResponse:
    """As JSON, whatever it is; what takes a file, as a form."""
    if call.endpoint.multipart:
        form = {name: str(value) for name, value in body.items()}
        file = form.pop("file").encode()
        return web.send_file(call.path, file, token=token or call.token, **form)
    headers = {"Idempotency-Key": uuid4().hex} if call.endpoint.needs_key else {}
    return web.call(
        call.endpoint.method, call.path, body, token=token or call.token, headers=headers
    )


def send_raw(web: Web, call: Call, raw: bytes, kind: str = "application/json") -> TestResponse:
    """These bytes under this content type."""
    headers = {"Authorization": f"Bearer {call.token}"} if call.token else {}
    headers["Idempotency-Key"] = "spoiled"
    return web.client.open(
        f"/api/v1{call.path}",
        method=call.endpoint.method,
        data=raw,
        content_type=kind,
        headers=headers,
    )


def sample(schema: Schema) -> dict[str, Any]:
    """A value for every field of the schema that its validation takes."""
    return {field.data_key or name: _value(field) for name, field in schema.fields.items()}


_SAMPLES: dict[type[fields.Field[Any]], Callable[[Any], Any]] = {
    ours.Curp: lambda _f: "HEGG560427MVZRRL04",
    ours.Clabe: lambda _f: "032180000118359719",
    ours.Card: lambda _f: "4111111111111111",
    ours.MexicanPhone: lambda _f: "5512345678",
    ours.Phone: lambda _f: "+12133516800",
    ours.Email: lambda _f: "ana@demo.invalid",
    ours.Folio: lambda _f: new_folio(FolioKind.APPOINTMENT),
    ours.Name: lambda _f: "Ana",
    ours.Zone: lambda _f: "America/Denver",
    ours.Text: lambda _f: "prueba",
    ours.BirthDate: lambda _f: "1956-04-27",
    ours.Day: lambda _f: working_day(33).isoformat(),
    ours.Moment: lambda _f: f"{working_day(33) + timedelta(days=0)}T09:00:00-08:00",
    ours.MoneyField: lambda _f: {"amount": "300.00", "currency": "USD"},
    ours.Choice: lambda field: next(iter(field.validators[0].choices)),
    ours.Code: lambda _f: "losangeles",
    ours.UploadedFile: lambda _f: "%PDF-1.7",
    fields.Decimal: lambda _f: 12,
    fields.UUID: lambda _f: MISSING_ID,
    fields.Time: lambda _f: "09:00",
    fields.Boolean: lambda _f: True,
    fields.Integer: lambda field: _least(field),  # noqa: PLW0108 (defined below)
    fields.Nested: lambda field: sample(field.schema),
    fields.List: lambda field: [_value(field.inner)],
    fields.Dict: lambda _f: {},
    fields.String: lambda field: _matching(field),  # noqa: PLW0108 (defined below)
}


def _value(field: fields.Field[Any]) -> Any:
    return next(make(field) for kind, make in _SAMPLES.items() if isinstance(field, kind))


def _least(field: fields.Integer) -> int:
    ranges = [rule for rule in field.validators if isinstance(rule, validate.Range)]
    return int(ranges[0].min) if ranges else 1


def _matching(field: fields.String) -> str:
    """For the few patterns there are: a year or a language."""
    patterns = [rule for rule in field.validators if isinstance(rule, validate.Regexp)]
    tries = ("2027", "es", "34.05,-118.24", "abc")
    return next(t for t in tries if all(re.match(str(rule.regex.pattern), t) for rule in patterns))


def leaves(value: Any, at: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every scalar within a JSON value, with the way to it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*at, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*at, number))
    else:
        yield at, value


def replaced(value: Any, at: Path_, new: Any) -> Any:
    """A copy with another value at one place."""
    changed = copy.deepcopy(value)
    inner = changed
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = new
    return changed
