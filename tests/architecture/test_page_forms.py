"""Every form of the pages is ours, is sent once, and has a page at its own address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from consular.pages import posting
from consular.security import is_page_form
from tests.architecture.source import ROOT
from tests.architecture.test_routes_declare_access import app

__all__ = ["app"]
TEMPLATES = ROOT / "consular" / "templates"
_FORM = re.compile(r"<form\b[^>]*?method=\"post\".*?</form>", re.DOTALL)
VALUES: dict[str, Any] = {
    "uuid": UUID(int=1), "code": "step", "string": "text", "int": 1, "any": "series",
}  # fmt: skip


def _forms() -> Iterator[tuple[Path, str]]:
    for file in sorted(TEMPLATES.rglob("*.html")):
        for form in _FORM.findall(file.read_text(encoding="utf-8")):
            yield file.relative_to(TEMPLATES), form


def test_every_posted_form_carries_the_token_the_key_and_the_draft() -> None:
    forms = list(_forms())
    assert len(forms) > 20
    assert [
        f"{file}: {form[:80]}" for file, form in forms if "forms.csrf_field()" not in form
    ] == []


def _posted(app: Flask) -> list[Rule]:
    rules = app.url_map.iter_rules()
    return [r for r in rules if "POST" in (r.methods or ()) and not r.rule.startswith("/api/")]


def test_every_form_goes_through_the_one_place(app: Flask) -> None:
    assert posting._before in app.before_request_funcs[None]
    assert posting._after in app.after_request_funcs[None]
    assert len(_posted(app)) > 15
    for rule in _posted(app):
        values = {name: VALUES[_kind(rule, name)] for name in rule.arguments}
        path = app.url_map.bind("localhost").build(rule.endpoint, values, method="POST")
        with app.test_request_context(path, method="POST"):
            assert is_page_form(), rule.rule


def _kind(rule: Rule, name: str) -> str:
    match = re.search(rf"<(\w+)(?:\([^)]*\))?:{name}>", rule.rule)
    return match[1] if match else "string"


def test_every_address_of_a_form_can_be_opened(app: Flask) -> None:
    """After a refusal, a change of language, a reload or a sign-in."""
    opened = app.url_map.bind("localhost")
    closed = []
    for rule in _posted(app):
        values = {name: VALUES[_kind(rule, name)] for name in rule.arguments}
        path = opened.build(rule.endpoint, values, method="POST")
        if not opened.test(path, method="GET"):
            closed.append(rule.rule)
    assert closed == []


@pytest.mark.parametrize("endpoint", ["portal.llavemx_callback", "portal.staff_callback"])
def test_the_returns_from_a_sign_in_are_done_once_too(app: Flask, endpoint: str) -> None:
    assert app.view_functions[endpoint].__dict__["once"] is True
