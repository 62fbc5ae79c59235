"""An instance as a newcomer starts it, and a browser, for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.factories.instance import Instance, running_chromium, running_instance


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """Started once a module."""
    with running_instance() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with running_chromium() as running:
        yield running
