"""The one way we call an agency: bounded, quiet in the logs, every failure named.

An adapter subclasses `AgencyClient`, names its tables, and calls `_ask` (changes nothing) or
`_tell` (changes something). The difference decides what a lost answer means: a question can be
asked again, a change must be looked up by folio.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar, NoReturn, Self, TypeVar

import httpx
import structlog

from integrations import errors
from integrations.deadline import DeadlineTransport, total_deadline

MAX_RESPONSE_BYTES = 256 * 1024
DEFAULT_TIMEOUT_SECONDS = 10.0
CONNECT_TIMEOUT_SECONDS = 3.0
DEFAULT_RETRY_AFTER_SECONDS = 5.0

# Raised before a single byte of the request can have left us.
_NEVER_SENT: Mapping[type[httpx.TransportError], str] = {
    httpx.ConnectTimeout: "connect_timeout",
    httpx.ConnectError: "connect_failed",
    httpx.PoolTimeout: "pool_timeout",
    httpx.UnsupportedProtocol: "connect_failed",
}

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "consular",
}
CSV = {"Content-Type": "text/csv; charset=utf-8"}
Json = dict[str, Any]
T = TypeVar("T")
log = structlog.get_logger(__name__)


def _json_object(headers: httpx.Headers, raw: bytes) -> Json:
    """The body as a JSON object; ValueError for anything else."""
    kind = _kind(headers)
    if kind != "application/json" and not kind.endswith("+json"):
        raise ValueError("not JSON")
    body = json.loads(raw, parse_constant=_no_constant)
    if not isinstance(body, dict):
        raise ValueError("not an object")
    return body


def _no_constant(name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _is_absolute(path: str) -> bool:
    return path[:8].lower().startswith(("http://", "https://"))


def _csv_text(headers: httpx.Headers, raw: bytes) -> str:
    """The body as the text of a CSV file; ValueError for anything else."""
    if _kind(headers) != "text/csv":
        raise ValueError("not CSV")
    return raw.decode()


def _kind(headers: httpx.Headers) -> str:
    kind: str = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `changes` is False for a question.

    `content` is JSON, `form` is urlencoded, `file` a CSV file.

    `path` is relative to the base URL. An absolute one is taken as it is: only for addresses that
    the adapter has checked against its own origin.
    """

    operation: str
    method: str
    path: str
    changes: bool
    content: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    file: bytes | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class AgencyClient:
    """Template of an adapter: one base URL, no redirects, no environment proxies, no cookies.

    It hands requests to httpx's transport itself: what a client adds is just that, at a third of
    the time that a call takes. `timeout_seconds` bounds the whole call, body included. `transport`
    replaces the network, for tests. Close it, or use it as a context manager.
    """

    agency: ClassVar[str]
    error_field: ClassVar[str] = "codigo"
    detail_field: ClassVar[str] = "mensaje"
    refusals: ClassVar[Mapping[str, str]] = {}
    # Ends the name of the setting with its secret.
    setting_suffix: ClassVar[str] = "TOKEN"
    # The whole call, unless the caller says otherwise.
    deadline_seconds: ClassVar[float] = DEFAULT_TIMEOUT_SECONDS

    @classmethod
    def connect(cls, base_url: str, secret: str, page_url: str | None = None) -> Self:
        """A client that shows ``secret``; ``page_url`` is where people see it, when elsewhere."""
        return cls(base_url)

    @staticmethod
    def new_secret() -> str:
        """A random secret of the kind that the agency asks for."""
        return secrets.token_urlsafe(32)

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout_seconds: float | None = None,
    ) -> None:
        self._timeout = timeout_seconds or self.deadline_seconds
        connect = min(CONNECT_TIMEOUT_SECONDS, self._timeout)
        limits = httpx.Timeout(self._timeout, connect=connect, pool=connect)
        self._limits = {"timeout": limits.as_dict()}
        self.base_url = f"{base_url.rstrip('/')}/"
        self._headers = {**_HEADERS, **(headers or {})}
        self._transport = transport or DeadlineTransport()

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(
        self,
        operation: str,
        path: str,
        decode: Callable[[Json], T],
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """GET something and decode it. Raises `Retryable` or `Refused`, never `OutcomeUnknown`."""
        call = Call(operation, "GET", path, changes=False, query=query or {}, headers=headers or {})
        return self._call(call, decode)

    def _ask_file(self, operation: str, path: str, decode: Callable[[str], T]) -> T:
        """GET a CSV file and decode its text. Raises as `_ask`."""
        return self._call(Call(operation, "GET", path, changes=False), decode, _csv_text)

    def _tell_file(
        self, operation: str, method: str, path: str, file: bytes, decode: Callable[[Json], T]
    ) -> T:
        """Hand a CSV file over and decode what the agency says of it."""
        return self._call(Call(operation, method, path, changes=True, file=file), decode)

    def _tell(
        self,
        operation: str,
        method: str,
        path: str,
        content: Mapping[str, Any],
        decode: Callable[[Json], T],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Do something at the agency and decode what it says of it."""
        call = Call(operation, method, path, changes=True, content=content, headers=headers or {})
        return self._call(call, decode)

    def _call(
        self,
        call: Call,
        decode: Callable[[Any], T],
        read: Callable[[httpx.Headers, bytes], Any] = _json_object,
    ) -> T:
        """Make the call, judge the answer, and leave one line in the log: never what was said."""
        started = time.monotonic()
        outcome = "answered"
        try:
            status, headers, raw = self._exchange(call, started + self._timeout)
            return self._judge(call, status, headers, raw, lambda: decode(read(headers, raw)))
        except errors.AgencyError as error:
            outcome = error.code
            raise
        finally:
            log.info(
                "agency_call",
                agency=self.agency,
                operation=call.operation,
                outcome=outcome,
                duration_ms=round((time.monotonic() - started) * 1000),
            )

    def _exchange(self, call: Call, deadline: float) -> tuple[int, httpx.Headers, bytes]:
        """Send and read within the deadline; transport failures become our errors."""
        try:
            with (
                total_deadline(deadline),
                closing(self._transport.handle_request(self._request(call))) as response,
            ):
                return response.status_code, response.headers, self._read(call, response, deadline)
        except tuple(_NEVER_SENT) as error:
            raise errors.NeverSent(self.agency, call.operation, _NEVER_SENT[type(error)]) from error
        except httpx.TimeoutException as error:
            raise self._lost(call, "timeout") from error
        except httpx.TransportError as error:
            raise self._lost(call, "connection_lost") from error

    def _request(self, call: Call) -> httpx.Request:
        return httpx.Request(
            call.method,
            call.path if _is_absolute(call.path) else self.base_url + call.path.lstrip("/"),
            params=call.query or None,
            json=call.content,
            data=call.form,
            content=call.file,
            headers={
                **self._headers,
                **call.headers,
                **(CSV if call.file is not None else {}),
            },
            extensions=self._limits,
        )

    def _read(self, call: Call, response: httpx.Response, deadline: float) -> bytes:
        body = bytearray()
        if response.headers.get("content-encoding", "identity") != "identity":
            # We asked for none; unpacking a bomb would break the cap. The status still speaks.
            return b""
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_RESPONSE_BYTES:
                raise self._lost(call, "too_large")
            # The transport holds the deadline on a socket; this holds it on any other transport.
            if time.monotonic() > deadline:
                raise self._lost(call, "timeout")
        return bytes(body)

    def _judge(
        self,
        call: Call,
        status: int,
        headers: httpx.Headers,
        raw: bytes,
        decode: Callable[[], T],
    ) -> T:
        if 200 <= status < 300:
            return self._decoded(call, decode)
        if status == 503:
            raise errors.NeverSent(self.agency, call.operation, "unavailable")
        if status in (401, 403):
            self._refuse_known(call, headers, raw)
            raise errors.NeverSent(self.agency, call.operation, "credentials_refused")
        if status == 429:
            raise errors.Throttled(self.agency, call.operation, "throttled", _retry_after(headers))
        if 400 <= status < 500:
            self._refuse_known(call, headers, raw)
            raise self._lost(call, "unknown_refusal")
        raise self._lost(call, "redirected" if status < 400 else "server_error")

    def _decoded(self, call: Call, decode: Callable[[], T]) -> T:
        """An answer that we cannot read tells nothing of the change."""
        try:
            return decode()
        except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
            # The cause may quote the body, so it does not travel with the error.
            raise self._lost(call, "garbage") from None

    def _refuse_known(self, call: Call, headers: httpx.Headers, raw: bytes) -> None:
        """Raise `Refused` when the body holds a code from the adapter's table."""
        try:
            body = _json_object(headers, raw)
        except (ValueError, RecursionError):
            return
        code = self.refusals.get(str(body.get(self.error_field)))
        if code is not None:
            detail = str(body.get(self.detail_field, ""))[:200]
            raise errors.Refused(self.agency, call.operation, code, detail)

    def _lost(self, call: Call, code: str) -> errors.AgencyError:
        kind = errors.OutcomeUnknown if call.changes else errors.Unanswered
        return kind(self.agency, call.operation, code)


class TokenClient(AgencyClient):
    """An adapter that shows a token in a header; an empty one isn't shown."""

    credential_header: ClassVar[str] = "Authorization"
    credential_prefix: ClassVar[str] = "Bearer "

    def __init__(
        self,
        base_url: str,
        token: str = "",
        transport: httpx.BaseTransport | None = None,
        timeout_seconds: float | None = None,
    ) -> None:
        super().__init__(
            base_url,
            headers={self.credential_header: f"{self.credential_prefix}{token}"} if token else {},
            transport=transport,
            timeout_seconds=timeout_seconds,
        )

    @classmethod
    def connect(cls, base_url: str, secret: str, page_url: str | None = None) -> Self:
        """A client that shows ``secret`` as its token."""
        return cls(base_url, secret)


class SignInClient(AgencyClient):
    """An adapter that is a registered client: its secret is ``id:secret``."""

    setting_suffix = "CLIENT"

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        page_url: str | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        super().__init__(base_url, transport=transport, timeout_seconds=timeout_seconds)
        self._base_url, self._page_url = base_url.rstrip("/"), (page_url or base_url).rstrip("/")
        self._client_id, self._client_secret = client_id, client_secret
        self._begin()

    def _begin(self) -> None:
        """What an adapter has of its own besides."""

    @classmethod
    def connect(cls, base_url: str, secret: str, page_url: str | None = None) -> Self:
        """A client with ``secret`` as ``id:secret``."""
        identifier, _, own = secret.partition(":")
        return cls(base_url, identifier, own, page_url=page_url)

    @staticmethod
    def new_secret() -> str:
        """An id and a random secret."""
        return f"consular:{secrets.token_hex(24)}"


def _retry_after(headers: httpx.Headers) -> float:
    """Seconds to wait, 0.1 to 3600; a date or nonsense gives the default."""
    try:
        seconds = float(headers["retry-after"])
    except (KeyError, ValueError):
        return DEFAULT_RETRY_AFTER_SECONDS
    return min(max(seconds, 0.1), 3600.0) if isfinite(seconds) else DEFAULT_RETRY_AFTER_SECONDS
