"""The application over a test's own database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.kernel.db import Database
from tests.factories.web import Web, web
from tests.servers import connected

__all__ = ["web"]


@pytest.fixture
def workers(web: Web) -> Iterator[Database]:
    """What the workers' login may do."""
    with connected(web.settings.worker_database_url) as database:
        yield database
