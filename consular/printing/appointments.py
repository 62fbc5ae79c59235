"""An appointment to keep: as a calendar file and as PDF, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Response, current_app, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular import i18n
from consular.answers_in_words import data_rows
from consular.auth import now, vault
from consular.printing.pdf import Barcode, Document, Part
from consular.printing.qr import qr_svg
from services.appointments import pre_applying
from services.appointments.calendar import content_type, event_of, make_calendar
from services.appointments.models import Appointment
from services.appointments.pre_application_forms import fields_of
from services.appointments.queries import Coming, count_coming, list_party
from services.appointments.rules import EARLY_MINUTES, Status
from services.appointments.whereabouts import Whereabouts, where_is
from services.citizens.people import full_name
from services.consulates.queries import (
    fee_of,
    get_consulate,
    get_service,
    list_requirements,
)  # fmt: skip


def calendar_file(session: Session, appointment: Appointment) -> Response:
    """The answer with the calendar file."""
    event = event_of(
        session,
        appointment,
        language=i18n.current_language(),
        address=f"{_site()}{url_for('portal.appointment', id=appointment.id)}",
    )
    return Response(
        make_calendar(event, domain=urlsplit(_site()).hostname or "localhost"),
        content_type=content_type(event),
        headers={
            "Content-Disposition": f'attachment; filename="{appointment.folio}.ics"',
            "Cache-Control": "no-store",
        },
    )


def print_appointment(session: Session, appointment: Appointment) -> Document:
    """Folio, also as a code to scan, when and where, for whom, what to bring and to pay."""
    office = get_consulate(session, appointment.consulate_code)
    there = where_is(session, appointment)
    when = i18n.moment(
        appointment.starts_at, there.zone, there.place or i18n.city_in_language(office)
    )
    party = list_party(session, [appointment.id])[appointment.id]
    rows = (
        (_("Folio"), i18n.folio(appointment.folio)),
        (_("Estado"), i18n.words("appointments.status", appointment.status)),
        (_("Trámite"), _services(session, appointment)),
        (_("Día y hora"), when),
        (_("Oficina"), i18n.in_language(office, "name")),
        *place_rows(there),
        (_("Para"), ", ".join(full_name(each.person) for each in _coming(party))),
        *_fee(session, appointment, count_coming(party)),
    )
    return Document(
        title=_("Tu cita"),
        language=i18n.current_language(),
        made_on=now().astimezone(ZoneInfo(office.time_zone)).date(),
        parts=(
            Part("", rows),
            *_folios(party),
            *_written(session, appointment),
            *_advice(session, appointment),
        ),
        note=_(
            "Folio %(folio)s · %(address)s",
            folio=i18n.folio(appointment.folio),
            address=check_address(appointment.folio),
        ),
        square=_square(check_address(appointment.folio)),
    )


def _square(address: str) -> Barcode:
    label = str(_("Código del folio"))
    return Barcode(svg=str(qr_svg(address, label)), text=address, label=label)


def place_rows(there: Whereabouts) -> list[tuple[str, str]]:
    """What is known of where it is, in words."""
    known = there.details
    rows = (
        (_("Sitio"), there.place),
        (_("Dirección"), known.address),
        (_("Cómo llegar"), known.directions),
        (_("Teléfono de la oficina"), known.telephone),
        (_("Horario de atención"), known.hours),
        (_("Cómo se paga"), known.payment),
    )
    return [(label, value) for label, value in rows if value]


def _fee(session: Session, appointment: Appointment, people: int) -> list[tuple[str, str]]:
    total = fee_of(session, appointment.services, appointment.day, people)
    return [(_("Cuánto se paga en el consulado"), i18n.money(total))] if total else []


def _coming(party: Sequence[Coming]) -> Sequence[Coming]:
    """Who comes; all, once nobody does."""
    return [each for each in party if each.status != Status.CANCELLED] or party


def _folios(party: Sequence[Coming]) -> list[Part]:
    """Of several, each one's own."""
    if len(party) == 1:
        return []
    lines = (
        _("%(name)s, folio %(folio)s", name=full_name(each.person), folio=i18n.folio(each.folio))
        for each in _coming(party)
    )
    return [Part(_("Quiénes van"), paragraphs=tuple(lines))]


def _written(session: Session, appointment: Appointment) -> list[Part]:
    """What was written down before coming."""
    fields = fields_of(appointment.services)
    return [
        Part(
            _("Lo que escribiste antes de venir: %(name)s", name=full_name(written.who)),
            tuple((row["label"], str(row["value"])) for row in data_rows(fields, written.answers)),
        )
        for written in pre_applying.read_all(session, appointment, vault())
        if written.answers
    ]


def _advice(session: Session, appointment: Appointment) -> list[Part]:
    """What to bring, as long as somebody is expected."""
    if appointment.status != Status.BOOKED:
        return []
    needs = list_requirements(session, appointment.services)
    lines = dict.fromkeys(
        i18n.in_language(row, "text")
        for code in appointment.services
        for row in needs.get(code, [])
    )
    early = _("Llega %(minutes)s minutos antes y di tu folio.", minutes=EARLY_MINUTES)
    return [
        Part(_("Qué llevar"), paragraphs=tuple(lines)),
        Part(_("Qué sigue"), paragraphs=(early,)),
    ]


def _services(session: Session, appointment: Appointment) -> str:
    services = (get_service(session, code) for code in appointment.services)
    return ", ".join(i18n.in_language(service, "name") for service in services)


def check_address(of: str) -> str:
    """Where anybody sees that a folio is ours; the desk finds it when it reads this."""
    return f"{_site()}{url_for('portal.verify', typed_folio=of)}"


def _site() -> str:
    return str(current_app.extensions["consular.settings"].public_url)
