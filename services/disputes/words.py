"""Words of disputes."""

from __future__ import annotations

from collections.abc import Mapping

from services.disputes.rules import Kind, Remedy, Status
from services.kernel.words import ErrorMessage, Message
from services.kernel.words import marked as _

KINDS: Mapping[str, str] = {
    Kind.NOT_RECEIVED: _("El dinero no llegó"),
    Kind.LATE: _("Llegó tarde"),
    Kind.WRONG_AMOUNT: _("Llegó otra cantidad"),
    Kind.WRONG_FEE: _("Me cobraron de más"),
    Kind.WRONG_PERSON: _("Lo recibió otra persona"),
    Kind.INFORMATION: _("Necesito documentos o más información"),
}
STATUSES: Mapping[str, str] = {
    Status.RECEIVED: _("En investigación"),
    Status.CORRECTED: _("Corregida"),
    Status.EXPLAINED: _("Aclarada"),
}
REMEDIES: Mapping[str, str] = {
    Remedy.EVERYTHING: _("Se devuelve todo lo que queda por devolver"),
    Remedy.FEES: _("Se devuelven el cargo y el impuesto"),
    Remedy.AMOUNT: _("Se devuelve otra cantidad"),
    Remedy.GIVEN_BACK: _("El envío ya se devolvió completo"),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "dispute_window_over": ErrorMessage(
        _("Ya pasó el plazo para reclamar"),
        _("Se podía reclamar hasta el %(last_day)s. Si algo cambió después, llama a tu consulado."),
    ),
    "dispute_open": ErrorMessage(
        _("Ya hay una reclamación de este envío"),
        _("La estamos investigando. Su folio es %(folio)s; ahí verás la respuesta."),
    ),
    "nothing_to_dispute": ErrorMessage(
        _("De este envío no se cobró nada"), _("No hay nada que reclamar ni que devolver.")
    ),
    "dispute_taken": ErrorMessage(
        _("Otra persona investiga esa reclamación"), _("Elige otra, o habla con ella.")
    ),
    "remedy_not_offered": ErrorMessage(
        _("Así no se puede corregir este envío"),
        _("Elige una de las opciones que muestra la reclamación."),
    ),
}

MESSAGES: Mapping[str, Message] = {
    "dispute_received": Message(
        _("Recibimos tu reclamación: %(folio)s"),
        _(
            "Recibimos tu reclamación %(folio)s del envío %(remittance)s. Te decimos qué pasó a más"
            " tardar el %(day)s. Mientras, no tienes que hacer nada: %(address)s"
        ),
    ),
    "dispute_corrected": Message(
        _("Corregimos el error de tu envío: %(folio)s"),
        _(
            "Tenías razón en tu reclamación %(folio)s. Te devolvemos %(amount)s."
            " Entra con tu cuenta para ver la explicación: %(address)s"
        ),
    ),
    "dispute_given_back": Message(
        _("Tu reclamación está resuelta: %(folio)s"),
        _(
            "Tu envío ya se devolvió completo; con eso queda resuelta tu reclamación %(folio)s."
            " Entra con tu cuenta para ver la explicación: %(address)s"
        ),
    ),
    "dispute_explained": Message(
        _("Respuesta a tu reclamación: %(folio)s"),
        _(
            "Ya investigamos tu reclamación %(folio)s. Entra con tu cuenta para leer qué"
            " encontramos y pedir los documentos en que nos basamos: %(address)s"
        ),
    ),
}
