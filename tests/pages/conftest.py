"""The application over a test's own database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.kernel.settings import Settings
from tests.factories.web import Web, running_web


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    """Reference data, no appointments yet."""
    with running_web(settings) as running:
        yield running
