"""Announcements for every page: read once in some seconds, and kept while the database is away."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import psycopg
import structlog
from flask import Flask, current_app, g
from sqlalchemy.exc import SQLAlchemyError

from consular.auth import now
from consular.db import transaction
from consular.i18n import in_language
from services.announcements.queries import list_to_show
from services.announcements.rules import is_shown
from services.kernel.db import NETWORK_SCOPE
from services.kernel.logins import UnsafeDatabase

# How old what a page shows may be: of several processes each reads for itself.
STALE_SECONDS = 5.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class Posted:
    """An announcement as it was read."""

    kind: str
    text_es: str
    text_en: str
    consulate: str | None
    begins_at: datetime
    ends_at: datetime | None

    @property
    def text(self) -> str:
        """In the reader's language."""
        return in_language(self, "text")


@dataclass
class _Known:
    """What this process knows, and when it asked last."""

    posted: Sequence[Posted] = ()
    asked_at: float = float("-inf")


def init_announcements(app: Flask) -> None:
    """Give templates ``announcements(office)``."""
    app.extensions["consular.announcements"] = _Known()
    app.jinja_env.globals["announcements"] = on_this_page


def on_this_page(office: str | None = None) -> list[Posted]:
    """What a page shows: what is for all, for the office that it is about, and for the reader's."""
    actor = g.get("actor")
    return shown_now({office, actor.consulate if actor else None})


def shown_now(offices: set[str | None]) -> list[Posted]:
    """What is shown now to all, and on the pages of these offices."""
    moment = now()
    return [
        each
        for each in _read()
        if is_shown(each, moment) and (each.consulate is None or each.consulate in offices)
    ]


def read_again() -> None:
    """Something was posted or withdrawn here: the next page asks."""
    _known().asked_at = float("-inf")


def _read() -> Sequence[Posted]:
    known = _known()
    if time.monotonic() - known.asked_at >= STALE_SECONDS:
        # First, so that nobody else asks meanwhile, and not again at once where it fails.
        known.asked_at = time.monotonic()
        try:
            known.posted = _ask()
        except (SQLAlchemyError, psycopg.Error, UnsafeDatabase) as error:
            _log.warning("announcements_not_read", error=type(error).__name__)
    return known.posted


def _ask() -> Sequence[Posted]:
    with transaction(NETWORK_SCOPE) as session:
        return [
            Posted(
                row.kind, row.text_es, row.text_en, row.consulate_code, row.begins_at, row.ends_at
            )
            for row in list_to_show(session, now=now())
        ]


def _known() -> _Known:
    return cast(_Known, current_app.extensions["consular.announcements"])
