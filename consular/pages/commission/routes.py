"""All pages of session reports; importing them puts them on the blueprint."""

from __future__ import annotations

from consular.pages.commission import agreements, numbers, report_check, sessions, wizard
from consular.pages.commission.blueprint import pages

__all__ = ["agreements", "numbers", "pages", "report_check", "sessions", "wizard"]
