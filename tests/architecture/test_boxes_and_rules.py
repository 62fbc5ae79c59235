"""What a box of a page lets somebody type is as long as what its rule takes."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import defaultdict
from pathlib import Path

import pytest
from marshmallow import Schema

import consular.input
import consular.pages
from consular.input.fields import Email, Folio, Name, SearchText, SecondSurname, Text

TEMPLATES = Path(consular.pages.__file__).parents[1] / "templates"
BOX = re.compile(
    r'\b(?:field|textarea)\("(?P<name>\w+)"(?P<rest>(?:[^"(){}]|"[^"]*"|\([^()]*\)|\{[^{}]*\})*)\)'
)
LIMIT = re.compile(r'"maxlength": (\d+)')
# As long as they are typed. Numbers in groups have a form of their own, which says what is wrong.
PLAIN = (Text, Name, SecondSurname, SearchText, Folio, Email)


def _rules() -> dict[str, set[int]]:
    """The most characters of each text field of a form or body, by name."""
    rules: dict[str, set[int]] = defaultdict(set)
    for package in (consular.input, consular.pages):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for each in vars(importlib.import_module(module.name)).values():
                if isinstance(each, type) and issubclass(each, Schema):
                    for name, field in each._declared_fields.items():
                        if type(field) in PLAIN:
                            rules[field.data_key or name].add(field.metadata["maxLength"])
    return rules


RULES = _rules()
BOXES = [
    (f"{file.relative_to(TEMPLATES)}:{box['name']}", box)
    for file in sorted(TEMPLATES.rglob("*.html"))
    for box in BOX.finditer(file.read_text(encoding="utf-8"))
    if box["name"] in RULES
]


@pytest.mark.parametrize("box", [box for _, box in BOXES], ids=[place for place, _ in BOXES])
def test_a_box_is_as_long_as_its_rule(box: re.Match[str]) -> None:
    limit = LIMIT.search(box["rest"])
    assert limit, f"maxlength is missing: one of {RULES[box['name']]}"
    assert int(limit[1]) in RULES[box["name"]]
