"""All pages of the telephone center; importing them puts them on the blueprint."""

from __future__ import annotations

from consular.pages.telephone import appointment, call
from consular.pages.telephone.blueprint import pages

__all__ = ["appointment", "call", "pages"]
