"""Structured logs: one JSON line an event, with fields from a list and nothing else.

What isn't on the list is dropped, and what looks like an identifier is blotted out even in a
field that is: logs are read by more people than the data is.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from functools import lru_cache
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

# Kept: our own ids, of which some groups look like an RFC.
_UUID = r"(?P<ours>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
# Between other characters than ASCII letters and digits; \b would take "_" for a letter.
_START, _END = r"(?<![A-Z0-9Ñ&])", r"(?![A-Z0-9Ñ])"
_SHAPES = (
    rf"{_START}[A-Z]{{4}}\d{{6}}[HMX][A-Z]{{5}}[0-9A-Z]\d{_END}",  # CURP
    rf"{_START}[A-ZÑ&]{{3,4}}\d{{6}}[A-Z0-9]{{3}}{_END}",  # RFC
    rf"(?<!\d\.){_START}(?:\d{{11}}|(?:\d ?){{14,17}}\d){_END}",  # NSS; card, CLABE
    rf"{_START}\d{{4}}(?:-\d{{4}}){{2}}-\d{{3,4}}{_END}",  # card in groups
    r"\+\d[\d ()-]{7,16}\d",  # telephone
    r"[\w.+-]+@[\w.-]+\.\w+",  # e-mail
    r"(?<=://)[^\s/@]+@",  # user and password of an address
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*",  # token
    r"bearer\s+\S+",
    r"whsec_[\w+/=]+",
)
_IDENTIFIERS = re.compile("|".join((_UUID, *_SHAPES)), re.IGNORECASE)
_BLOT = "[…]"


def allow_listed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep the fields of the list, with anything like an identifier blotted out."""
    return {name: _plain(value) for name, value in event.items() if name in FIELDS}


def _plain(value: Any) -> Any:
    """Text and numbers as they are, an error as its kind, the rest as text: all looked over."""
    if isinstance(value, BaseException):
        return type(value).__name__
    text = _blotted(str(value))
    is_number = value is None or isinstance(value, int | float)
    return value if is_number and text == str(value) else text


@lru_cache(maxsize=1024)
def _blotted(text: str) -> str:
    """Most values are a few words that come again and again: routes, methods, topics."""
    return _IDENTIFIERS.sub(lambda match: match["ours"] or _BLOT, text)


class LineLogger:
    """Writes each event as one line to standard output; a line that can't be written is lost.

    What a request or a job did is committed before it is logged: a full disk or a closed pipe must
    not turn it into a failure.
    """

    def msg(self, line: str) -> None:
        """Write ``line``."""
        try:
            # One write a line: the lines of several threads never mix.
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = exception = msg


def _line_logger(*_: object) -> LineLogger:
    return LineLogger()


def configure(level: int = logging.INFO) -> None:
    """Set up structlog for this process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            allow_listed,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_line_logger,
        cache_logger_on_first_use=True,
    )
