"""Working Group 4's pages: importing them registers their views."""

from __future__ import annotations

from consular.pages.monitoring import (
    figures_by_status,
    notes,
    office_sheet,
    overview,
    pictures,
    service_levels,
)
from consular.pages.monitoring.blueprint import pages

__all__ = [
    "figures_by_status",
    "notes",
    "office_sheet",
    "overview",
    "pages",
    "pictures",
    "service_levels",
]
