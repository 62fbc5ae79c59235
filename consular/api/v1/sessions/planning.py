"""What series and closures have in common: tried or made by one command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from consular.api.contract import request_key
from consular.commands import run_or_try


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
