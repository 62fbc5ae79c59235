"""Check an agency against its contract with synthetic requests, and grade it.

Grade A honours our key: a repeat is the same request, another body under the key is refused. B
answers by our key what became of a request. C does neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from integrations.base import MAX_RESPONSE_BYTES, TokenClient
from integrations.conformance.breaches import Breach, expect_known, expect_refusal, new_key
from integrations.conformance.contract import Contract
from integrations.conformance.enrolling import EnrollingChecks
from integrations.conformance.listening import Listener
from integrations.conformance.probes import (
    BatchProbe,
    ChargeProbe,
    CountsProbe,
    EnrollmentProbe,
    Probe,
    QuestionProbe,
    probe_for,
)
from integrations.deadline import DeadlineTransport
from integrations.errors import AgencyError, Refused
from integrations.registry import Agency, Purpose

OVERSIZED_BYTES = 1024 * 1024


class Grade(StrEnum):
    """What an agency allows after an answer was lost."""

    A = "A: honours our key"
    B = "B: answers by our key"
    C = "C: neither"
    NONE = "none needed: it is only asked"


@dataclass(frozen=True)
class Finding:
    """One check: ``problem`` is None when it holds."""

    check: str
    problem: str | None


@dataclass(frozen=True)
class Report:
    """All findings, and the grade that follows from them."""

    findings: tuple[Finding, ...]
    grade: Grade

    @property
    def good(self) -> bool:
        """Whether no check failed."""
        return all(finding.problem is None for finding in self.findings)


@dataclass
class Tap(httpx.BaseTransport):
    """Passes calls on, keeps the last one, and holds every answer to the contract."""

    contract: Contract
    root: str
    inner: httpx.BaseTransport
    problems: list[str] = field(default_factory=list)
    last: httpx.Request = field(default_factory=lambda: httpx.Request("GET", "http://x.invalid"))
    status: int = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the agency does, read no further than an adapter would."""
        self.last = request
        answer = self.inner.handle_request(request)
        content = _capped(answer)
        answer.close()
        read = httpx.Response(answer.status_code, headers=answer.headers, content=content)
        self.status = read.status_code
        path = request.url.path.removeprefix(self.root)
        problem = self.contract.problem_of(request.method, path, read)
        if problem is not None and problem not in self.problems:
            self.problems.append(problem)
        return read


def _capped(answer: httpx.Response) -> bytes:
    content = b""
    for chunk in cast(Iterable[bytes], answer.stream):
        content += chunk
        if len(content) > MAX_RESPONSE_BYTES:
            break
    return content


# The checks whose outcome grades an agency.
TAKES = "takes a request"
REPEATS = "a repeat is the same request"
REUSED = "another body under the same key is refused"
ANSWERS = "answers by our key"
UNKNOWN = "says so when it doesn't know a key"
GIVES = "gives a part of what was paid back, once"


class Checker:
    """Checks one agency at one address. ``transport`` replaces the network, for tests."""

    def __init__(
        self,
        agency: Agency,
        url: str,
        secret: str,
        *,
        today: date,
        listener: Listener | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if not issubclass(agency.client, TokenClient):
            raise TypeError(f"{agency.code} shows no token")
        self._inner = transport or DeadlineTransport()
        contract = Contract(agency)
        self._tap = Tap(contract, urlsplit(url).path.rstrip("/"), self._inner)
        self._client = agency.client(url, secret, self._tap)
        self._probe: Probe = probe_for(agency.purpose, self._client, contract.sample, today)
        self._keyed = not isinstance(self._probe, QuestionProbe | CountsProbe)
        self._listener = listener if may_be_heard(agency) else None
        self._key = new_key()

    def run(self) -> Report:
        """Make every check, whatever the others say."""
        findings = tuple(Finding(name, _problem(check)) for name, check in self._checks())
        self._client.close()
        return Report(findings, self._grade(findings))

    def _checks(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield TAKES, self._takes
        if self._keyed:
            yield REPEATS, self._repeats
            yield REUSED, self._reused
            yield ANSWERS, self._answers
            yield UNKNOWN, self._unknown
        if isinstance(self._probe, ChargeProbe):
            yield GIVES, partial(self._gives_back, self._probe)
        if isinstance(self._probe, EnrollmentProbe | BatchProbe):
            yield from EnrollingChecks(self._probe, self._key, lambda: self._tap.status)
        yield "wrong credentials do nothing", self._wrong_credentials
        if not isinstance(self._probe, CountsProbe):
            yield "a body that can't be read does nothing", self._malformed
            yield "too large a body does nothing", self._oversized
        if self._listener is not None:
            yield "calls back, signed", self._called_back
        yield "every answer has the contract's shape", self._shapes

    def _grade(self, findings: tuple[Finding, ...]) -> Grade:
        held = {finding.check for finding in findings if finding.problem is None}
        if not self._keyed:
            return Grade.NONE
        if {TAKES, REPEATS, REUSED} <= held:
            return Grade.A
        return Grade.B if {TAKES, ANSWERS, UNKNOWN} <= held else Grade.C

    def _takes(self) -> None:
        self._probe.send(self._key)

    def _repeats(self) -> None:
        expect_known(partial(self._probe.send, self._key), lambda: self._tap.status)

    def _reused(self) -> None:
        expect_refusal("key_reused", partial(self._probe.send, self._key, other=True))

    def _answers(self) -> None:
        if not self._probe.knows(self._key):
            raise Breach("says that it has no such request")

    def _unknown(self) -> None:
        if self._probe.knows(new_key()):
            raise Breach("says that it has what was never sent")

    def _gives_back(self, probe: ChargeProbe) -> None:
        part, paid = new_key(), probe.is_paid(self._key)
        try:
            probe.give_back(self._key, part)
        except Refused as refusal:
            if paid or refusal.code != "not_paid":
                raise Breach(f"refused as {refusal.code}") from None
        else:
            self._gives_once(probe, part, paid)
        if probe.gave_back(self._key, part) != {paid}:
            raise Breach("says otherwise when it is asked")

    def _gives_once(self, probe: ChargeProbe, part: str, paid: bool) -> None:
        if not paid:
            raise Breach("given back, and nobody had paid")
        expect_known(partial(probe.give_back, self._key, part), lambda: self._tap.status)

    def _wrong_credentials(self) -> None:
        self._refuses(self._sent(Authorization="Bearer wrong"), self._tap, {401, 403})

    def _malformed(self) -> None:
        self._refuses(self._sent(b'{"'), self._tap, {400, 415, 422})

    def _oversized(self) -> None:
        # Whatever stands before the agency may answer this, in words of its own, or hang up.
        self._refuses(self._sent(b" " * OVERSIZED_BYTES), self._inner, {400, 413, 415, 422})

    def _called_back(self) -> None:
        problem = self._listener.wait_for(self._key) if self._listener else None
        if problem is not None:
            raise Breach(problem)

    def _shapes(self) -> None:
        if self._tap.problems:
            raise Breach("; ".join(self._tap.problems))

    def _sent(self, content: bytes | None = None, **headers: str) -> tuple[str, httpx.Request]:
        """The call that sent the request, under a new key and with other contents or headers."""
        self._probe.send(self._key)
        first, key = self._tap.last, new_key()
        body = first.read() if content is None else content
        kept = {
            name: value
            for name, value in first.headers.items()
            if name.lower() not in ("content-length", *(other.lower() for other in headers))
        }
        url = str(first.url).replace(self._key, key)
        body = body.replace(self._key.encode(), key.encode())
        return key, httpx.Request(first.method, url, headers=kept | headers, content=body)

    def _refuses(
        self,
        sent: tuple[str, httpx.Request],
        transport: httpx.BaseTransport,
        statuses: set[int],
    ) -> None:
        key, request = sent
        try:
            answer = transport.handle_request(request)
            answer.close()
        except httpx.TransportError:
            if transport is self._tap:
                raise Breach("hung up") from None
        else:
            if answer.status_code not in statuses:
                raise Breach(f"answered {answer.status_code}")
        if self._keyed and self._probe.knows(key):
            raise Breach("took it in all the same")


def _problem(check: Callable[[], Any]) -> str | None:
    try:
        check()
    except Breach as breach:
        return str(breach)
    except AgencyError as error:
        return str(error)
    return None


def may_be_heard(agency: Agency) -> bool:
    """Whether it calls back about a synthetic request: a charge that nobody pays doesn't change."""
    return agency.calls_back and agency.purpose is not Purpose.PAYMENTS
