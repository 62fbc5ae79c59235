"""All of the portal: importing the modules registers their views."""

from __future__ import annotations

from consular.pages.portal import (
    accesses,
    booking,
    camera,
    choosing,
    documents,
    eligibility,
    enrolling,
    enrollment,
    erasing,
    finding,
    folder,
    folio_check,
    helping,
    home,
    papers,
    place_watches,
    pre_application,
    programs,
    remittances,
    signing_in,
    waiting,
)
from consular.pages.portal.blueprint import pages

__all__ = [
    "accesses",
    "booking",
    "camera",
    "choosing",
    "documents",
    "eligibility",
    "enrolling",
    "enrollment",
    "erasing",
    "finding",
    "folder",
    "folio_check",
    "helping",
    "home",
    "pages",
    "papers",
    "place_watches",
    "pre_application",
    "programs",
    "remittances",
    "signing_in",
    "waiting",
]
