"""Verify a folio for anyone who holds a receipt, without telling whose it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import render_template
from sqlalchemy.orm import Session

from consular.auth import ANYONE, allow
from consular.db import transaction
from consular.lookups import count_lookup
from consular.pages.portal.blueprint import pages
from services.appointments import queries as appointments
from services.enrollments import queries as enrollments
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import FolioKind, parse_folio
from services.privacy import queries as privacy
from services.remittances import queries as remittances

ZONE = "America/Mexico_City"
WHEN_ISSUED: dict[str, Callable[[Session, str], datetime | None]] = {
    FolioKind.APPOINTMENT: appointments.when_issued,
    FolioKind.ENROLLMENT: enrollments.when_issued,
    FolioKind.REMITTANCE: remittances.when_issued,
    FolioKind.ERASURE: privacy.when_issued,
}


@pages.get("/verify/<path:typed_folio>")
@allow(ANYONE)
def verify(typed_folio: str) -> Any:
    """Show that a folio was issued here, for what and on which day; nothing else."""
    folio = parse_folio(typed_folio)
    count_lookup("verify", folio or typed_folio)
    issued = _when_issued(folio) if folio else None
    page = render_template(
        "portal/verify.html", folio=folio, kind=folio and folio[0], issued=issued, zone=ZONE
    )
    return page if issued else (page, 404)


def _when_issued(folio: str) -> datetime | None:
    with transaction(NETWORK_SCOPE) as session:
        find = WHEN_ISSUED.get(folio[0])
        return find(session, folio) if find else None
