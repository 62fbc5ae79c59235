"""All pages of the telephone center; importing them puts them on the blueprint."""

from __future__ import annotations

from consular.pages.booking_for_others import add_booking_for_others
from consular.pages.telephone import appointment
from consular.pages.telephone.blueprint import AGENTS, pages

add_booking_for_others(pages, "/", AGENTS)

__all__ = ["appointment", "pages"]
