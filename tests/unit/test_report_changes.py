"""What an amended report says of the version before, and who may do what with a report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.commission.assembling import changes
from services.commission.rules import Action, Status, actions

ONE, OTHER = UUID(int=1), UUID(int=2)
NAME = {"es": "Empresas", "en": "Companies"}


def _content(**said: Any) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(("held_on", "place", "first", "last"))
    parts: dict[str, Any] = {
        name: [] for name in ("attendance", "agenda", "followed", "agreements")
    }
    return {**empty, **parts, "groups": [], "amends": None, "english": {}, **said}


def _number(value: str) -> list[dict[str, Any]]:
    return [{"group": 3, "results": [{"code": "a", "value": value, "texts": {"name": NAME}}]}]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ({"place": "Aquí"}, {"place": "Allá"}, ("place", None, "Aquí", "Allá")),
        ({"agenda": ["Uno"]}, {"agenda": []}, ("agenda", None, "Uno", None)),
        (
            {"attendance": []},
            {"attendance": [{"agency": "SRE", "attended": True}]},
            ("attendance", None, None, {"agency": "SRE", "attended": True}),
        ),
        (
            {"place": "Aquí"},
            {"place": "Aquí", "english": {"Aquí": "Here"}},
            ("english", {"es": "Aquí", "en": "Aquí"}, None, "Here"),
        ),
        ({"groups": _number("5")}, {"groups": _number("7")}, ("results", NAME, "5", "7")),
        ({"groups": _number("5")}, {"groups": []}, ("results", NAME, "5", None)),
    ],
)
def test_each_difference_is_told_once(
    before: dict[str, Any], after: dict[str, Any], change: tuple[Any, ...]
) -> None:
    [told] = changes(_content(**before), _content(**after))
    assert tuple(told.values()) == change
    assert list(changes(_content(**before), _content(**before))) == []


@pytest.mark.parametrize(
    ("status", "account", "may"),
    [
        (Status.DRAFT, ONE, {Action.EDIT, Action.PREPARE}),
        (Status.PREPARED, ONE, {Action.RETURN}),
        (Status.PREPARED, OTHER, {Action.RETURN, Action.SIGN}),
        (Status.PREPARED, None, {Action.RETURN}),
        (Status.SIGNED, OTHER, {Action.AMEND}),
    ],
)
def test_whoever_prepared_it_doesnt_sign_it(
    status: Status, account: UUID | None, may: set[Action]
) -> None:
    assert actions(status, account, ONE) == may
