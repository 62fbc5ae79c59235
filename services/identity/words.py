"""Words of checks of identity."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage, Message
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorMessage] = {
    "identity_check_pending": ErrorMessage(
        _("Hay que comprobar la identidad"),
        _(
            "Ve a la ventanilla de cualquier consulado, en su horario de atención y sin cita, con"
            " una identificación oficial vigente con fotografía: ahí comprueban quién eres y lo"
            " resuelven. Si alguien reservó una cita con tu CURP, también puedes resolverlo desde"
            " aquí con Llave MX: abre «Comprobar mi identidad», al pie de la página."
        ),
        more={"folio": _("Lleva también este folio de revisión: %(folio)s.")},
    ),
    "nobody_else": ErrorMessage(
        _("Nadie más tiene una cita ni una solicitud con esos datos"),
        _("La persona puede pedirlas como siempre. Revisa que el trámite y los datos coincidan."),
    ),
    "identities_differ": ErrorMessage(
        _("Sus documentos dicen que son personas distintas"),
        _(
            "Sus CURP no coinciden, ya se distinguieron en una ventanilla, o cada cuenta comprobó"
            " otra identidad. No se unieron."
        ),
    ),
    "account_or_curp_required": ErrorMessage(
        _("Falta con qué reconocerla"),
        _("Escribe su CURP, su correo o su teléfono: así no se confundirá con la otra."),
    ),
    "nothing_to_correct": ErrorMessage(
        _("No hay nada que corregir"),
        _(
            "La cuenta ya dice lo mismo que el documento, o la corrección no se pidió desde ella."
            " Pídele el folio que ve en «Mi cuenta» al intentar el cambio."
        ),
    ),
    "curp_required": ErrorMessage(
        _("Falta la CURP"),
        _("Revisa su identidad otra vez y escribe también su CURP: la dependencia la pide."),
    ),
}

# Mail and text messages.
MESSAGES: Mapping[str, Message] = {
    "identity_corrected": Message(
        _("Corregimos los datos de tu cuenta"),
        _(
            "El personal de un consulado corrigió tu nombre, fecha de nacimiento o CURP según el"
            " documento que mostraste. Si no fuiste tú, avisa a tu consulado. Tus datos:"
            " %(address)s"
        ),
    ),
}
