"""Routes answer through the published schemas, never with an object that they write themselves."""

from __future__ import annotations

import ast

import consular.app  # noqa: F401  (registers every endpoint)
from consular.api.answer_fields import Answer
from consular.api.contract import ENDPOINTS
from tests.architecture.source import modules


def test_no_route_writes_its_answer_by_hand() -> None:
    written = [
        f"{module.path}:{node.lineno}"
        for module in modules()
        if module.path.startswith("consular/api/v1/") and module.path.endswith("/routes.py")
        for node in module.nodes
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict) and node.value.keys
    ]
    assert written == [], "Give it to the answer's render(): the contract is made of the same."


def test_every_answer_is_one() -> None:
    for name, endpoint in ENDPOINTS.items():
        assert isinstance(endpoint.answer, Answer) or endpoint.content, name
