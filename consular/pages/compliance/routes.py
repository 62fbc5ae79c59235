"""Every page of compliance: importing them registers their views."""

from __future__ import annotations

from consular.pages.compliance import holds, reports
from consular.pages.compliance.blueprint import pages

__all__ = ["holds", "pages", "reports"]
