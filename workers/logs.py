"""One JSON line an event, also for what libraries say: their templates, never their arguments."""

from __future__ import annotations

import logging

import structlog

from services.kernel import logs

LIBRARIES = ("rq", "redis", "httpx", "httpcore", "sqlalchemy", "psycopg")


class _Forward(logging.Handler):
    """Passes a library's warnings on without what it would fill in: that may be personal."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger(record.name).warning(
            str(record.msg)[:200], logger=record.name, error=error
        )


def configure() -> None:
    """Set up the logs of this process."""
    logs.configure()
    for name in LIBRARIES:
        library = logging.getLogger(name)
        library.handlers = [_Forward(logging.WARNING)]
        library.propagate = False
