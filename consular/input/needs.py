"""What somebody needs of a window besides the service, as bodies and queries say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.appointments.rules import skills_of


def skills_needed(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The skills of ``language``, ``interpreter`` and ``accessible`` (true, or "true")."""
    languages, interpreters = (
        [data[name]] if data.get(name) else [] for name in ("language", "interpreter")
    )
    accessible = data.get("accessible") in (True, "true")
    return skills_of(languages, interpreters, accessible=accessible)
