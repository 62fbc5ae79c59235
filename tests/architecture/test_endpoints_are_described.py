"""Whoever adds an endpoint learns here, in words, what its description still lacks."""

from __future__ import annotations

import re
from collections import Counter

import pytest

import consular.app  # noqa: F401  (registers every endpoint)
from consular.api.contract import ENDPOINTS, problems_of
from consular.api.openapi import TAGS
from consular.auth import ANYONE
from consular.errors import WORDS

OPERATION = re.compile(r"[a-z]+([A-Z][a-z]+)+")


def test_an_endpoint_has_an_operation_in_plain_words() -> None:
    for name, endpoint in ENDPOINTS.items():
        assert OPERATION.fullmatch(endpoint.operation), (
            f"{name} is called {endpoint.operation!r} in generated clients: give its endpoint"
            ' operation="verbNoun", such as "bookAppointment".'
        )


def test_no_two_endpoints_are_one_operation() -> None:
    counted = Counter(endpoint.operation for endpoint in ENDPOINTS.values())
    twice = [operation for operation, times in counted.items() if times > 1]
    assert twice == [], "Give each of these endpoints an operation= of its own."


def test_an_endpoint_says_what_it_does() -> None:
    for name, endpoint in ENDPOINTS.items():
        summary = endpoint.documentation.strip().partition("\n")[0]
        assert summary, f"{name} needs a docstring: its first line is the summary in the contract."
        assert summary.endswith((".", "pass.")), f"{name}: a docstring's first line is a sentence."
        assert not re.search(r"\b4\d\d\b", summary), (
            f"{name}: say what may be refused in errors= of its endpoint, not in the docstring."
        )


def test_an_endpoint_that_writes_says_what_it_may_refuse() -> None:
    for name, endpoint in ENDPOINTS.items():
        assert endpoint.method == "GET" or endpoint.errors is not None, (
            f"{name} doesn't say which problems it may answer besides the common ones: give its"
            ' endpoint errors={409: ("wrong_state",)}, or errors={} when there are none.'
        )


def test_every_declared_problem_has_words_and_one_status() -> None:
    for name, endpoint in ENDPOINTS.items():
        for status, codes in problems_of(endpoint).items():
            assert 400 <= status < 600, f"{name}: {status} is no status of a problem."
            for code in codes:
                assert code in WORDS, f"{name} declares {code!r}: add its words to a words.py."


def test_a_code_has_one_status_everywhere() -> None:
    seen: dict[str, set[int]] = {}
    for endpoint in ENDPOINTS.values():
        for status, codes in problems_of(endpoint).items():
            for code in codes:
                seen.setdefault(code, set()).add(status)
    assert {code: statuses for code, statuses in seen.items() if len(statuses) > 1} == {}


@pytest.mark.parametrize("slice_", sorted({name.partition(".")[0] for name in ENDPOINTS}))
def test_a_slice_has_a_tag(slice_: str) -> None:
    assert slice_ in TAGS, f"Add a line for {slice_!r} to TAGS in consular/api/openapi.py."


def test_a_body_has_an_example() -> None:
    bodies = [endpoint.body for endpoint in ENDPOINTS.values() if endpoint.body is not None]
    for body in bodies:
        if any(f.required for f in body.fields.values()):
            assert isinstance(getattr(body, "example", None), dict), (
                f"{type(body).__name__} has no example: add"
                " ``example: ClassVar[dict[str, Any]] = {...}`` with invented people."
            )


def test_an_answer_is_described() -> None:
    for name, endpoint in ENDPOINTS.items():
        described = endpoint.answer is not None or endpoint.content or endpoint.status == 204
        assert described, f"{name} needs answer=SomeAnswer()."


def test_whoever_may_call_is_a_known_choice() -> None:
    assert all(endpoint.who is ANYONE or endpoint.who for endpoint in ENDPOINTS.values())
