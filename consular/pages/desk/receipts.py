"""A receipt at the desk: what it is for, its print, and asking to correct it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for
from marshmallow import Schema

from consular.access_log import read_appointment
from consular.auth import DESK, actor, allow, now
from consular.db import transaction
from consular.input.fields import Text
from consular.pages.desk.blueprint import pages
from consular.pages.desk.fee_presenters import present_rendered
from consular.pages.drafts import draft, finish
from consular.pages.forms import go, pick, read_fields, submitted
from consular.pages.portal.names import office
from consular.pages.posting import reopen
from consular.printing.enrollments import as_file
from consular.printing.receipts import receipt_document
from services.cashier.correcting import RequestCorrection, request_correction
from services.cashier.printing import get_print, print_receipt
from services.cashier.queries import (
    get_receipt,
    get_rendered,
    list_corrections,
    list_of_receipt,
    list_rendered,
)
from services.kernel.money import Money


class CorrectionSchema(Schema):
    """Why a service is taken back."""

    reason = Text(most=300, required=True)


@pages.get("/receipts/<uuid:id>")
@allow(DESK)
def receipt(id: UUID) -> str:
    """Show a receipt: its services, its sum, and whether it was corrected."""
    with transaction() as session:
        row = get_receipt(session, id)
        appointment = read_appointment(session, row.appointment_id)
        place = office(session, row.consulate_code)
        return render_template(
            "desk/receipt.html",
            consulate=place,
            receipt=row,
            total=Money(row.total_minor, row.currency),
            appointment=appointment,
            given=present_rendered(session, list_of_receipt(session, id)),
        )


@pages.post("/receipts/<uuid:id>/print")
@allow(DESK)
def receipt_print(id: UUID) -> Response:
    """Print a receipt: the first time the original, then copies that say so."""
    with transaction() as session:
        number = print_receipt(session, id, now=now(), actor=actor())
    return go(url_for("desk.receipt_pdf", id=id, number=number))


@pages.get("/receipts/<uuid:id>/print/<int:number>")
@allow(DESK)
def receipt_pdf(id: UUID, number: int) -> Response:
    """Return one print of a receipt as PDF."""
    with transaction() as session:
        printed = get_print(session, id, number, now=now())
        read_appointment(session, printed.receipt.appointment_id)
        document = receipt_document(session, printed)
    return as_file(document, f"recibo-{printed.receipt.number}")


@pages.get("/services/<uuid:id>/correct")
@allow(DESK)
def correction(id: UUID) -> str:
    """Show what a correction takes back, and ask why."""
    with transaction() as session:
        row = get_rendered(session, id)
        appointment = read_appointment(session, row.appointment_id)
        rendered = [
            g for g in list_rendered(session, [appointment.id])[appointment.id] if g.row.id == id
        ]
        return render_template(
            "desk/correction.html",
            consulate=office(session, row.consulate_code),
            appointment=appointment,
            item=present_rendered(session, rendered)[0],
            waiting=list_corrections(session, [id]).get(id),
            form=draft().form,
            errors=draft().errors(_read),
        )


@pages.post("/services/<uuid:id>/correct")
@allow(DESK)
def correction_request(id: UUID) -> Response:
    """Ask to take back a service that was recorded."""
    reason = _read(submitted(), None)["reason"]
    with transaction() as session:
        requested = request_correction(
            session, RequestCorrection(id, reason), now=now(), actor=actor()
        )
        appointment = get_rendered(session, requested.rendered_id).appointment_id
    return finish(url_for("desk.appointment", id=appointment))


def _read(form: dict[str, str], errors: Any) -> Any:
    return read_fields(CorrectionSchema(), pick(form, "reason"), errors)


reopen(pages, ["/receipts/<uuid:id>/print"], "desk.receipt", DESK)
