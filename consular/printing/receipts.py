"""A receipt of what was charged at the desk, as PDF in the reader's language."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular import i18n
from consular.printing.pdf import Document, Part
from services.appointments.queries import get_appointment
from services.cashier.printing import Print
from services.cashier.queries import RenderedService, list_of_receipt
from services.consulates.queries import get_consulate, get_service
from services.kernel.money import Money, format_minor


def receipt_document(session: Session, printed: Print) -> Document:
    """Number, office, services with the parts of their price, and the sum; a reprint says so."""
    receipt = printed.receipt
    office = get_consulate(session, receipt.consulate_code)
    appointment = get_appointment(session, receipt.appointment_id)
    day = receipt.issued_at.astimezone(ZoneInfo(office.time_zone)).date()
    kind = _("Copia %(number)s", number=printed.number - 1 or 1)
    rows = (
        (_("Recibo"), str(receipt.number)),
        (_("Ejemplar"), kind if printed.is_copy else _("Original")),
        (_("Oficina"), i18n.in_language(office, "name")),
        (
            _("Fecha"),
            i18n.moment(receipt.issued_at, office.time_zone, i18n.city_in_language(office)),
        ),
        (_("Folio de la cita"), i18n.folio(appointment.folio)),
    )
    total = Money(receipt.total_minor, receipt.currency)
    label = _("Total devuelto") if total.minor < 0 else _("Total pagado")
    sums = (
        (label, i18n.money(total)),
        (_("Cómo pagó"), i18n.words("cashier.means", receipt.means)),
    )
    services = list_of_receipt(session, receipt.id)
    return Document(
        title=_("Recibo de derechos consulares"),
        language=i18n.current_language(),
        made_on=day,
        parts=(Part("", rows), *(_service(session, each) for each in services), Part("", sums)),
        note=_(
            "Recibo %(number)s del %(day)s · %(office)s",
            number=receipt.number,
            day=i18n.date_long(receipt.day),
            office=i18n.in_language(office, "name"),
        ),
    )


def _service(session: Session, rendered: RenderedService) -> Part:
    row = rendered.row
    listed = row.listed_minor
    price = (
        [] if listed is None else [(_("Tarifa"), i18n.money(format_minor(listed), row.currency))]
    )
    lines = [
        (
            " · ".join(filter(None, (i18n.words("cashier.case", line.code), line.article))),
            i18n.money(format_minor(line.minor), row.currency),
        )
        for line in rendered.lines
    ]
    charged = (
        _("Devuelto") if rendered.charged.minor < 0 else _("Cobrado"),
        i18n.money(rendered.charged),
    )
    heading = i18n.in_language(get_service(session, row.service_code), "name")
    return Part(heading, (*price, *lines, charged))
