"""Structured logs: one JSON line an event, with fields from a list and nothing else.

What isn't on the list is dropped, and what looks like an identifier is blotted out even in a
field that is: logs are read by more people than the data is.
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

FIELDS = frozenset(
    {
        "event", "level", "timestamp", "logger", "request_id", "method", "route", "status",
        "duration_ms", "agency", "operation", "outcome", "topic", "queue", "job", "attempt",
        "attempts", "outbox_id", "code", "error", "process", "pid", "count", "delay_seconds",
        "role", "consulate", "part", "message_id", "fence", "signal", "version",
    }
)  # fmt: skip

# CURP, RFC, CLABE and card numbers, NSS, bearer tokens, e-mail addresses.
_IDENTIFIERS = re.compile(
    r"\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d\b|\b[A-ZÑ&]{3,4}\d{6}[A-Z0-9]{3}\b|\b\d{15,18}\b"
    r"|\b\d{11}\b|\beyJ[\w-]+\.[\w-]+\.[\w-]+|[\w.+-]+@[\w-]+\.[\w.]+",
    re.IGNORECASE,
)


def allow_listed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep the fields of the list, with anything like an identifier blotted out."""
    kept = {name: value for name, value in event.items() if name in FIELDS}
    for name, value in kept.items():
        if isinstance(value, str):
            kept[name] = _IDENTIFIERS.sub("[…]", value)
    return kept


def configure(level: int = logging.INFO) -> None:
    """Set up structlog for this process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            allow_listed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
