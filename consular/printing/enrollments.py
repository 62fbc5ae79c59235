"""What may be printed of an enrollment, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, current_app, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.auth import now, vault
from consular.i18n import current_language, date_long, folio, money, translated, words
from consular.printing.barcode import barcode_svg
from consular.printing.pdf import Barcode, Document, Part, make_pdf
from services.citizens.people import full_name, open_person
from services.consulates.queries import get_consulate
from services.enrollments.details import PaymentDetails
from services.enrollments.models import Enrollment
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Kind, Program
from services.enrollments.queries import (
    find_payment,
    get_applicant,
    get_enrollment,
    is_paid_by_transfer,
    list_history,
    open_details,
    open_result,
)
from services.enrollments.rules import HOME_ZONE, Paper, Status, papers
from services.enrollments.terms import home_day
from services.kernel.errors import WrongState

_GROUP = 4


@dataclass(frozen=True)
class Printed:
    """An enrollment in the clear. ``active_since``: none while it isn't; ``zone``: its office's."""

    enrollment: Enrollment
    program: Program
    name: str
    result: Mapping[str, Any]
    payment: PaymentDetails | None
    active_since: datetime | None
    zone: str
    check: str


def print_enrollment(session: Session, enrollment_id: UUID, paper: Paper) -> Document:
    """The document. Raises NotFound, `WrongState` where there is no such thing to print now."""
    enrollment = get_enrollment(session, enrollment_id)
    printed = _open(session, enrollment)
    if not is_printable(enrollment, printed.payment, paper):
        raise WrongState(state=enrollment.status)
    title, parts, barcode = _PAPERS[paper](printed)
    return Document(
        title=title,
        language=current_language(),
        made_on=now().astimezone(ZoneInfo(printed.zone)).date(),
        parts=(_heading(printed), *parts, _how_to_check(printed)),
        note=_(
            "Folio %(folio)s · %(address)s", folio=folio(enrollment.folio), address=printed.check
        ),
        barcode=barcode,
    )


def is_printable(enrollment: Enrollment, payment: PaymentDetails | None, paper: Paper) -> bool:
    """Whether there is such a thing to print now."""
    if paper not in papers(Status(enrollment.status)) or not enrollment.data_sealed:
        return False
    return paper is not Paper.PAYMENT or payment is not None


def as_file(document: Document, paper: str) -> Response:
    """The answer with the PDF, opened in the browser. It holds personal data: nothing keeps it."""
    return Response(
        make_pdf(document),
        mimetype="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{paper}.pdf"',
            "Cache-Control": "no-store",
        },
    )


def list_papers(enrollment: Enrollment, payment: PaymentDetails | None) -> list[Paper]:
    """The papers that can be printed now."""
    return [paper for paper in Paper if is_printable(enrollment, payment, paper)]


def payment_shown(payment: PaymentDetails) -> dict[str, Any]:
    """A payment line for a page (`components/payment.html`)."""
    return {
        "rows": payment_rows(payment),
        "where": where_to_pay(),
        "barcode": payment_barcode(payment),
    }


def payment_rows(payment: PaymentDetails) -> list[dict[str, str]]:
    """How much, by which reference and until when, for pages and paper."""
    return [
        {"label": _("Cuánto"), "value": money(payment.amount)},
        {"label": _("Línea de captura"), "value": in_groups(payment.reference)},
        {
            "label": _("Último día para pagar"),
            "value": _("%(day)s (hora de la Ciudad de México)", day=date_long(payment.due_on)),
        },
    ]


def where_to_pay() -> list[str]:
    """Where a payment line can be paid, and by whom."""
    return [
        _("Se paga en México: en la ventanilla o la banca en línea de un banco, o en Finabien."),
        _("Puede pagarla otra persona, con esta línea de captura. Guarden el comprobante."),
        _("Si pasa el último día, la línea deja de servir y el trámite puede terminar."),
    ]


def payment_barcode(payment: PaymentDetails) -> Barcode:
    """The reference as Code 128."""
    label = _("Código de barras de la línea de captura %(reference)s", reference=payment.reference)
    svg = barcode_svg(payment.reference, label)
    return Barcode(svg=str(svg), text=in_groups(payment.reference), label=label)


def in_groups(reference: str) -> str:
    """In groups of four, as people read it."""
    return " ".join(reference[at : at + _GROUP] for at in range(0, len(reference), _GROUP))


def _open(session: Session, enrollment: Enrollment) -> Printed:
    history = list_history(session, enrollment.id)
    active = [step.at for step in history if step.status == Status.ACTIVE and not step.covered_to]
    code, details = enrollment.consulate_code, open_details(session, enrollment, vault())
    paid = is_paid_by_transfer(session, enrollment)
    base = current_app.extensions["consular.settings"].public_url
    address = url_for("portal.verify", typed_folio=enrollment.folio)
    return Printed(
        enrollment=enrollment,
        program=PROGRAMS[enrollment.program],
        name=full_name(open_person(get_applicant(session, enrollment), vault())),
        result=open_result(session, enrollment, vault()) or {},
        payment=None if paid else find_payment(enrollment, details, home_day(now())),
        active_since=active[-1] if active else None,
        zone=get_consulate(session, code).time_zone if code else HOME_ZONE,
        check=f"{base}{address}",
    )


def _heading(printed: Printed) -> Part:
    return Part(
        "",
        (
            (_("Programa"), translated(printed.program.name)),
            (_("A nombre de"), printed.name),
            (_("Folio"), folio(printed.enrollment.folio)),
            (_("Pedida"), date_long(printed.enrollment.created_at, printed.zone)),
        ),
    )


def _how_to_check(printed: Printed) -> Part:
    return Part(
        _("Cómo comprobar este documento"),
        paragraphs=(
            _("Cualquiera puede comprobar que este folio es auténtico y de qué día es, en:"),
            printed.check,
            _("Esa página no dice de quién es ni cómo va el trámite."),
        ),
    )


_Made = tuple[str, tuple[Part, ...], Barcode | None]


def _acknowledgement(printed: Printed) -> _Made:
    status = words("enrollments.status", printed.enrollment.status)
    rows = ((_("Estado"), status),)
    what_next = (
        _("Guarda este acuse: con el folio se puede preguntar por la solicitud."),
        _("Los avisos llegan a la persona que lo pide, a su correo o teléfono."),
    )
    return _("Acuse de la solicitud"), (Part(_("Cómo va"), rows, what_next),), None


def _proof(printed: Printed) -> _Made:
    rows = [
        (translated(each.label), _result(each.kind, printed.result[each.name]))
        for each in printed.program.results
        if printed.result.get(each.name)
    ]
    if printed.active_since:
        rows.append((_("Activa desde"), date_long(printed.active_since, printed.zone)))
    caution = _("No reemplaza el documento de la dependencia. No lo compartas si no hace falta.")
    return (
        _("Constancia de inscripción"),
        (Part(_("Lo que obtuviste"), tuple(rows), (caution,)),),
        None,
    )


def _payment(printed: Printed) -> _Made:
    if printed.payment is None:
        raise WrongState(state=printed.enrollment.status)
    rows = tuple((row["label"], row["value"]) for row in payment_rows(printed.payment))
    part = Part(_("Qué pagar"), rows)
    where = Part(_("Dónde se paga"), paragraphs=tuple(where_to_pay()))
    return _("Línea de captura para pagar"), (part, where), payment_barcode(printed.payment)


def _result(kind: Kind, value: Any) -> str:
    return date_long(date.fromisoformat(value)) if kind is Kind.DATE else str(value)


_PAPERS: Mapping[Paper, Callable[[Printed], _Made]] = {
    Paper.ACKNOWLEDGEMENT: _acknowledgement,
    Paper.PAYMENT: _payment,
    Paper.PROOF: _proof,
}
