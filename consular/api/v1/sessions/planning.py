"""What series and closures have in common: tried or made by one command, and shown in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from consular.api.answer_fields import ListAnswer
from consular.api.contract import request_key
from consular.commands import run_or_try
from consular.db import transaction
from services.kernel.tables import Page


def create_or_try(
    wanted: dict[str, Any], create: Callable[[Session, Any], dict[str, Any]], show: str, key: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """The answer of the command, and where to find what it made: ``show`` by its ``key``."""
    body = run_or_try(
        request_key(),
        lambda session: create(session, wanted["command"]),
        wanted["dry_run"],
        status=201,
    )
    return body, {"Location": url_for(show, **{key: body["id"]})}


def list_page(
    answer: type[ListAnswer],
    query: dict[str, Any],
    find: Callable[..., Page[Any, Any]],
    shown: Callable[[Any], dict[str, Any]],
    **of: Any,
) -> dict[str, Any]:
    """One page of what ``find`` finds ``of`` an office, each as ``shown``."""
    with transaction() as session:
        page = find(session, limit=query["limit"], after=query["next"], **of)
        return answer.page([shown(row) for row in page.items], page.next)
