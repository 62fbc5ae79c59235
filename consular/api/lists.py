"""One page of a list, as the address asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consular.api.answer_fields import ListAnswer
from consular.db import transaction
from services.kernel.tables import Page


def _itself(row: Any) -> Any:
    return row


def list_page(
    answer: type[ListAnswer],
    query: dict[str, Any],
    find: Callable[..., Page[Any, Any]],
    shown: Callable[[Any], Any] = _itself,
    **of: Any,
) -> dict[str, Any]:
    """What ``find`` finds ``of`` this, from ``next`` on; each as ``shown``."""
    with transaction() as session:
        page = find(session, limit=query["limit"], after=query["next"], **of)
        return answer.page([shown(row) for row in page.items], page.next)
