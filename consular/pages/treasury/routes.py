"""Every page of treasury: importing them registers their views."""

from __future__ import annotations

from consular.pages.treasury import books, days, disputes, pending, tracing
from consular.pages.treasury.blueprint import pages

__all__ = ["books", "days", "disputes", "pages", "pending", "tracing"]
