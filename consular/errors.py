"""Errors as people and programs read them: problem+json (RFC 9457), or a page. Never a trace."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg
import structlog
from flask import Flask, Response, current_app, g, json, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestTimeout

from consular import words
from consular.i18n import (
    MEXICO_CITY,
    amount,
    country_name,
    date_long,
    deadline,
    folio,
    translated,
)
from consular.uploads import MULTIPART, brings_file, file_too_large
from services.enrollments.programs.registry import PROGRAMS
from services.kernel.audit import Role
from services.kernel.commits import NothingDone, OutcomeUnknown
from services.kernel.db import READ_ONLY, sqlstate, violated_constraint
from services.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unavailable,
)
from services.kernel.logins import UnsafeDatabase
from services.kernel.words import ErrorMessage
from services.words import ERRORS, gather

_log = structlog.get_logger()


class Unauthenticated(DomainError):
    """Nobody is signed in, or the token proves nothing: one answer for all cases."""

    code = "unauthenticated"


class Malformed(DomainError):
    """The request can't be read at all."""

    code = "malformed_request"


class FieldsInvalid(Invalid):
    """The fields and what is wrong with each."""

    code = "invalid_fields"

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__()
        self.errors = errors


STATUS: dict[type[DomainError], int] = {
    Malformed: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}


# Values of an error that programs are told by name.
_SHOWN = ("folio", "requires", "plan", "place", "kilometres")

WORDS = gather((ERRORS, words.ERRORS))

# Set by the server where a request's body didn't arrive whole within its deadline.
LATE = "consular.late"
# Set where it wasn't read, for too much else was arriving.
CROWDED = "consular.crowded"

_HTTP_CODES = {
    400: "malformed_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    503: "unavailable",
}


def problem_type(code: str) -> str:
    """RFC 9457's ``type``: a name for the kind of problem, not an address to open."""
    return f"urn:consular:problem:{code}"


@dataclass
class Problem:
    """One error, ready to be shown."""

    status: int
    code: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    more: dict[str, object] = field(default_factory=dict)
    clock: tuple[str, str | bool] = (MEXICO_CITY, True)

    @property
    def title(self) -> str:
        """What happened, in the reader's language."""
        return str(gettext(self._words.title))

    @property
    def _words(self) -> ErrorMessage:
        """The code's words, or those of its kind when the code has none of its own."""
        return WORDS.get(self.code) or WORDS[_HTTP_CODES.get(self.status, "invalid")]

    @property
    def detail(self) -> str:
        """What to do next, with the error's own values in it, e.g. ``%(desk)s``."""
        words = self._words
        case = (
            text for (name, value), text in words.when.items() if self.params.get(name) == value
        )
        more = (text for name, text in words.more.items() if name in self.params)
        text = " ".join(str(gettext(part)) for part in (next(case, words.detail), *more))
        return text % self._said() if "%(" in text else text

    def _said(self) -> dict[str, object]:
        """The error's values as people read them."""
        said = dict(self.params)
        for name, value in said.items():
            if isinstance(value, datetime):
                said[name] = deadline(value, *self.clock)
            elif isinstance(value, date):
                said[name] = date_long(value)
            elif name in ("available", "minimum", "maximum"):
                said[name] = amount(str(value))
            elif name == "country":
                said[name] = country_name(str(value))
            elif name == "folio":
                said[name] = folio(str(value))
            elif name == "requires":
                said[name] = translated(PROGRAMS[str(value)].name)
        return said

    def as_json(self) -> Response:
        """Return the problem as the contract's JSON."""
        body = {
            "type": problem_type(self.code),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": self.errors,
            "request_id": g.get("request_id"),
            **self.more,
        }
        return Response(
            json.dumps(body, ensure_ascii=False),
            self.status,
            self.headers,
            content_type="application/problem+json",
        )

    def as_page(self) -> Response:
        """Render the problem as a page."""
        page = render_template(
            "errors/error.html",
            title=self.title,
            detail=self.detail,
            request_id=g.get("request_id"),
            login_url=sign_in_address(request.path) if self.status == 401 else None,
        )
        return Response(page, self.status, self.headers, content_type="text/html; charset=utf-8")


def problem_of(error: DomainError, clock: tuple[str, str | bool] = (MEXICO_CITY, True)) -> Problem:
    """Kind -> status; the field, when there is one, gets the code's words. ``clock``: the zone in
    which times are told, and whose it is called."""
    status = next((s for kind, s in STATUS.items() if isinstance(error, kind)), 400)
    problem = Problem(status, error.code, params=error.params, clock=clock)
    if isinstance(error, FieldsInvalid):
        problem.errors = error.errors
    elif error.field:
        problem.errors = {error.field: [problem.detail]}
    if isinstance(error, Unauthenticated):
        problem.headers["WWW-Authenticate"] = 'Bearer realm="consular"'
    problem.more = {name: error.params[name] for name in _SHOWN if name in error.params}
    retry = error.params.get("retry_after")
    if retry is None and error.code == "request_in_progress":
        retry = 2
    if retry is not None:
        problem.headers["Retry-After"] = str(retry)
    return problem


def init_errors(app: Flask) -> None:
    """Register the error handlers: every failure becomes a problem."""
    app.register_error_handler(DomainError, answer_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(psycopg.Error, _database)
    app.register_error_handler(PoolTimeout, lambda _error: _show(_busy()))
    app.register_error_handler(NothingDone, lambda _error: _show(_busy()))
    app.register_error_handler(OutcomeUnknown, lambda _error: _show(_unknown()))
    app.register_error_handler(UnsafeDatabase, _unsafe)
    app.register_error_handler(Exception, _unexpected)


def refuse_late() -> None:
    """Before a request is acted on: one that didn't arrive whole is refused."""
    if request.environ.get(LATE):
        raise RequestTimeout()
    if request.environ.get(CROWDED):
        raise Unavailable(retry_after=5)


def answer_error(error: DomainError) -> Response:
    """Answer an error as a problem, a page, or a redirect to the sign-in."""
    return _show(problem_of(error))


def _show(problem: Problem) -> Response:
    if request.path.startswith(("/api/", "/health", "/metrics")):
        return problem.as_json()
    if problem.status == 401 and request.method in ("GET", "HEAD"):
        return _to_sign_in()
    return problem.as_page()


def _to_sign_in() -> Response:
    """Nobody did anything wrong: sign in, and come back to this page."""
    address = sign_in_address(request.full_path.rstrip("?"))
    return Response(status=303, headers={"Location": address})


def sign_in_address(then: str) -> str:
    """Where citizens sign in, or staff for a page of theirs."""
    view = current_app.view_functions.get(request.endpoint or "")
    for_citizens = Role.CITIZEN in getattr(view, "who", frozenset(Role))
    door = "portal.login" if for_citizens else "portal.login_staff"
    return url_for(door, next=then)


def answer_http_error(error: HTTPException) -> Any:
    """Answer what Flask or Werkzeug refused as a problem or a page."""
    status = error.code or 500
    if status < 400:
        return error
    if status == 413 and brings_file():
        return answer_error(file_too_large())
    other = "internal_error" if status >= 500 else "malformed_request"
    problem = Problem(status, _HTTP_CODES.get(status, other), params=_limits())
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        problem.headers["Allow"] = ", ".join(sorted(allowed))
    return _show(problem)


def _limits() -> dict[str, object]:
    """What a request may hold, for the words of one that holds more or something else."""
    return {
        "kib": current_app.config["MAX_CONTENT_LENGTH"] // 1024,
        "media": MULTIPART if brings_file() else "application/json",
    }


def _database(error: DBAPIError | psycopg.Error) -> Response:
    """The database refused: the caller's value, a lock that took too long, or it is away."""
    state = sqlstate(error)
    if isinstance(error, DataError | psycopg.DataError) or state in ("22021", "22P05"):
        return _show(Problem(422, "invalid"))
    if state in ("40P01", "55P03", "57014"):
        return _show(Problem(409, "request_in_progress", headers={"Retry-After": "2"}))
    if state == "23503" and (violated_constraint(error) or "").endswith("_account_id"):
        # The account of a token that is still good was deleted in the meantime.
        return _show(problem_of(Unauthenticated()))
    if state == READ_ONLY or isinstance(error, OperationalError | psycopg.OperationalError):
        return _show(_busy())
    return _unexpected(error)


def _unknown() -> Problem:
    return Problem(503, "outcome_unknown", headers={"Retry-After": "10"})


def _unsafe(error: UnsafeDatabase) -> Response:
    """Nothing is shown by a login that could show too much."""
    _log.error("database_refused", reason=str(error), request_id=g.get("request_id"))
    return _show(_busy())


def _busy() -> Problem:
    return Problem(503, "unavailable", headers={"Retry-After": "5"})


def _unexpected(error: Exception) -> Response:
    """Log where it happened, without values, which could be somebody's data."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    where = " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in reversed(frames))
    _log.error(
        "unexpected", error=f"{type(error).__name__} at {where}", request_id=g.get("request_id")
    )
    return _show(Problem(500, "internal_error"))
