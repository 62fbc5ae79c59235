"""One decorator per endpoint: who may call it, what comes in, what goes out, how it is described.

``endpoint`` reads and validates the request, calls the view with what the schemas made of it, and
remembers everything the OpenAPI document needs. Views are a few lines between schema and use case.
What every endpoint may refuse is added by `problems_of`; ``errors`` names what is its own.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, g, request
from flask_babel import lazy_gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from consular.auth import ANYONE, allow, vault
from consular.commands import run_idempotent
from consular.errors import FieldsInvalid, Malformed
from consular.input.loading import load_fields, writable
from consular.uploads import MAX_FIELDS, MULTIPART, SentFile, sent_file, takes_file
from services.kernel.audit import Role
from services.kernel.db import Scope
from services.kernel.errors import Invalid
from services.kernel.idempotency import RequestKey

MAX_BODY = MAX_FIELDS
TWICE = _("Este dato va una sola vez.")
Answer = Mapping[str, Any] | Response | tuple[Mapping[str, Any], dict[str, str]]
Errors = Mapping[int, tuple[str, ...]]
Register = Callable[[Callable[..., Answer]], Callable[..., Response]]


@dataclass(frozen=True)
class Endpoint:
    """What the OpenAPI document says of one method at one path.

    ``errors``: the codes of problems that are its own, by status; None where nobody said so.
    ``signed``: an agency signs the body, and the view reads it as it came. ``multipart``: the body
    is a form with a file. ``content``: the media types of an answer that is a file;
    ``answer`` is then what it says as JSON, where that is one of them. ``cached``: who has the
    answer already, by its ETag, is answered 304.
    """

    method: str
    path: str
    who: frozenset[Role]
    operation: str
    documentation: str
    status: int = 200
    body: Schema | None = None
    query: Schema | None = None
    headers: Schema | None = None
    answer: Schema | None = None
    errors: Errors | None = None
    needs_key: bool = False
    signed: bool = False
    multipart: bool = False
    content: tuple[str, ...] = ()
    cached: bool = False

    @property
    def takes_key(self) -> bool:
        """Whether a request that is repeated with its Idempotency-Key gets the first answer."""
        return self.method == "POST" and self.who is not ANYONE


ENDPOINTS: dict[str, Endpoint] = {}
# Made once: json.dumps makes an encoder each time.
_as_text = json.JSONEncoder(ensure_ascii=False).encode
_in_one_form = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def problems_of(endpoint: Endpoint) -> dict[int, tuple[str, ...]]:
    """Every problem that the endpoint may answer: the common ones and its own, by status."""
    codes: dict[int, list[str]] = {
        401: ["unauthenticated"],
        409: ["request_in_progress"],
        422: ["invalid_fields", "invalid"],
        503: ["unavailable", "sign_in_unavailable", "outcome_unknown"],
    }
    if endpoint.who is not ANYONE:
        codes[403] = ["forbidden"]
    if "<" in endpoint.path:
        codes[404] = ["not_found"]
    if endpoint.body is not None:
        codes |= {400: ["malformed_request"], 413: ["too_large"]}
    if endpoint.body is not None and not endpoint.signed:
        codes[415] = ["unsupported_media_type"]
    if endpoint.takes_key:
        codes[422] += ["idempotency_key_invalid", "idempotency_key_reused"]
    if endpoint.needs_key:
        codes[400].append("idempotency_key_required")
    for status, own in (endpoint.errors or {}).items():
        codes[status] = [*codes.get(status, []), *own]
    return {
        status: tuple(dict.fromkeys(problem_codes))
        for status, problem_codes in sorted(codes.items())
    }


def endpoint(
    blueprint: Blueprint,
    method: str,
    path: str,
    *,
    who: frozenset[Role],
    operation: str = "",
    body: Schema | None = None,
    query: Schema | None = None,
    answer: Schema | None = None,
    errors: Errors | None = None,
    status: int = 200,
    needs_key: bool = False,
    multipart: bool = False,
    content: tuple[str, ...] = (),
    cached: bool = False,
) -> Register:
    """Register a view. It gets ``command`` (the loaded body) and ``query`` (the loaded query).

    ``operation`` is the name that generated clients call it by; the view's own when left out.
    """

    optional = body is not None and not any(f.required for f in body.fields.values())

    def register(view: Callable[..., Answer]) -> Callable[..., Response]:
        @allow(who)
        @functools.wraps(view)
        def handle(**path_values: Any) -> Response:
            arguments = dict(path_values)
            query_values = _read_query(query)
            if query is not None:
                arguments["query"] = query_values
            if needs_key:
                idempotency_key(needed=True)
            if body is not None:
                sent = read_multipart() if multipart else read_json(may_be_empty=optional)
                g.sent = _hashable(sent) if multipart else sent
                arguments["command"] = load_fields(body, sent)
            return _respond(view(**arguments), status)

        described = Endpoint(
            method=method, path=path, who=who, body=body, query=query, answer=answer,
            errors=errors, status=status, needs_key=needs_key,
            operation=operation or _camel_case(view.__name__), documentation=view.__doc__ or "",
            multipart=multipart, content=content, cached=cached,
        )  # fmt: skip
        if multipart:
            takes_file(handle)
        ENDPOINTS[f"{blueprint.name}.{view.__name__}"] = described
        blueprint.add_url_rule(path, view.__name__, handle, methods=[method])
        return handle

    return register


def _camel_case(name: str) -> str:
    """``show_consulate`` as ``showConsulate``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _read_query(schema: Schema | None) -> Any:
    """The address's query. 422 for a name that isn't known, and for one that comes twice."""
    if schema is None and not request.query_string:
        return {}
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise FieldsInvalid({writable(name): [str(TWICE)] for name in twice})
    # An empty value is one that wasn't given: ``?from=&to=``. A name that isn't known is refused
    # whatever its value.
    known = {f.data_key or name for name, f in schema.fields.items()} if schema else set()
    given_values = {name: text for name, text in request.args.items() if text or name not in known}
    return load_fields(schema or _NO_QUERY, given_values)


class _NoQuery(Schema):
    """An address that takes no query."""


_NO_QUERY = _NoQuery()


def read_json(*, may_be_empty: bool = False) -> Any:
    """The body as JSON. 415, 413 or 400 when it isn't, or is too much, or can't be read."""
    if may_be_empty and not request.get_data(cache=True):
        return {}
    if request.mimetype != "application/json":
        raise UnsupportedMediaType()
    if (request.content_length or 0) > MAX_BODY:
        raise RequestEntityTooLarge()
    raw = request.get_data(cache=True)
    if len(raw) > MAX_BODY:
        raise RequestEntityTooLarge()
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Malformed() from None


def read_multipart() -> dict[str, Any]:
    """The fields and files of a form by their names. 415 when it is none, 413 when it is too much,
    FieldsInvalid for a name that comes twice."""
    if request.mimetype != MULTIPART:
        raise UnsupportedMediaType()
    parts = [*request.form.items(multi=True), *request.files.items(multi=True)]
    names = [name for name, _value in parts]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise FieldsInvalid({writable(name): [str(TWICE)] for name in sorted(twice)})
    files = {name: file for name in request.files if (file := sent_file(name))}
    return {**request.form.to_dict(), **files}


def _hashable(sent: dict[str, Any]) -> dict[str, Any]:
    """What makes two requests the same: of a file its content, however it is called."""
    return {
        name: sha256(value.data).hexdigest() if isinstance(value, SentFile) else value
        for name, value in sent.items()
    }


def idempotency_key(*, needed: bool = False) -> str | None:
    """The request's key. Raises Malformed when it is needed and missing, Invalid when odd."""
    key = request.headers.get("Idempotency-Key")
    if not key:
        if needed:
            raise Malformed("idempotency_key_required")
        return None
    if len(key) > 128 or not key.isascii() or not key.isprintable():
        raise Invalid("idempotency_key_invalid")
    return key


def request_key() -> RequestKey | None:
    """What makes two requests the same: the caller's key and a hash of method, path and what the
    body says, however it spells that: a client may order the fields of an object otherwise.

    None without a key. Raises Invalid for an odd one.
    """
    text = idempotency_key()
    if text is None:
        return None
    said = _in_one_form(g.get("sent"))
    hashed = vault().request_hash(f"{request.method} {request.path}\n{said}".encode())
    return RequestKey(text, hashed)


def run_once(
    do: Callable[[Session], dict[str, Any]], *, status: int = 200, scope: Scope | None = None
) -> dict[str, Any]:
    """`run_idempotent` under the request's key."""
    return run_idempotent(request_key(), do, status=status, scope=scope)


def _respond(result: Answer, status: int) -> Response:
    if isinstance(result, Response):
        return result
    body, headers = result if isinstance(result, tuple) else (result, {})
    return Response(_as_text(body), status, headers, content_type="application/json")


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different: a repeated one could hide a value."""
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("repeated name")
    return names
