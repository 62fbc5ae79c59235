"""Receipts of remittances, and what is told before paying: to read, to print and to keep."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, request

from consular.auth import CITIZEN, allow
from consular.db import transaction
from consular.input.loading import load_fields
from consular.input.remittances import ReceiptQuery
from consular.pages.forms import pick
from consular.pages.portal.blueprint import pages
from consular.printing.remittances import (
    disclosure,
    quote_pdf,
    read_receipt,
    receipt_pdf,
    receipt_qr,
)
from consular.session_reports import as_file
from services.remittances.receipts import Receipt

# Told by `_disclosure.html`, which any page of a transfer may show.
pages.app_template_global("disclosure")(disclosure)


@pages.get("/envios/<uuid:id>/recibo")
@allow(CITIZEN)
def receipt(id: UUID) -> Any:
    """Show a receipt in both languages, with its code: one sheet when it is printed."""
    shown = _read(id)
    return render_template("portal/receipt.html", id=id, receipt=shown, code=receipt_qr(shown))


@pages.get("/envios/<uuid:id>/recibo.pdf")
@allow(CITIZEN)
def receipt_file(id: UUID) -> Response:
    """Return the same receipt as PDF."""
    shown = _read(id)
    return as_file(receipt_pdf(shown), f"recibo-{shown.kind}-v{shown.version}.pdf")


@pages.get("/enviar/cotizaciones/<uuid:id>.pdf")
@allow(CITIZEN)
def quote_file(id: UUID) -> Response:
    """Return what is told before paying as PDF."""
    with transaction() as session:
        data = quote_pdf(session, id)
    return as_file(data, "antes-de-pagar.pdf")


def _read(id: UUID) -> Receipt:
    query = load_fields(ReceiptQuery(), pick(request.args.to_dict(), "kind", "version"))
    with transaction() as session:
        return read_receipt(session, id, query["kind"], query["version"])
