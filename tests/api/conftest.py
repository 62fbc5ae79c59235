"""The application over a test's own database."""

from __future__ import annotations

from tests.factories.web import web

__all__ = ["web"]
