"""Verify a folio, or the code of a receipt, for anyone who holds the paper, without telling whose
it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session

from consular.auth import ANYONE, allow
from consular.db import transaction
from consular.lookups import count_lookup
from consular.pages.portal.blueprint import pages
from consular.prices import AMOUNTS
from services.appointments import queries as appointments
from services.enrollments import queries as enrollments
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import FolioKind, parse_folio
from services.privacy import queries as privacy
from services.remittances import queries as remittances
from services.remittances.receipts import CheckedCode, check_code
from services.remittances.rules import shown_rate
from services.remittances.verify_receipt import PARAMETER

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
    """Show that a folio was issued here, for what and on which day; nothing else. With the code of
    a receipt, whether it is genuine, and what was signed: the holder has it on the paper."""
    folio = parse_folio(typed_folio)
    count_lookup("verify", folio or typed_folio)
    scanned = request.args.get(PARAMETER, "")
    if folio and scanned:
        return _verify_receipt(folio, scanned)
    issued = _when_issued(folio) if folio else None
    page = render_template(
        "portal/verify.html", folio=folio, kind=folio and folio[0], issued=issued, zone=ZONE
    )
    return page if issued else (page, 404)


def _verify_receipt(folio: str, scanned: str) -> str:
    with transaction(NETWORK_SCOPE) as session:
        checked = check_code(session, folio, scanned)
    return render_template(
        "portal/verify_receipt.html",
        folio=folio,
        checked=checked,
        signed=_signed(checked),
        zone=ZONE,
    )


def _signed(checked: CheckedCode) -> dict[str, Any] | None:
    """What was signed, to be compared with the paper."""
    if checked.code is None:
        return None
    values = checked.code.values
    pesos = ("other_fees", "total_to_recipient")
    amounts = {
        name: {"amount": values[name], "currency": "MXN" if name in pesos else "USD"}
        for name in AMOUNTS
    }
    return {
        **values,
        **amounts,
        "exchange_rate": shown_rate(Decimal(values["exchange_rate"])),
        "at": datetime.fromisoformat(values["at"]),
    }


def _when_issued(folio: str) -> datetime | None:
    with transaction(NETWORK_SCOPE) as session:
        find = WHEN_ISSUED.get(folio[0])
        return find(session, folio) if find else None
