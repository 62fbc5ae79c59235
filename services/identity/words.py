"""Words of checks of identity."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorWords
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorWords] = {
    "identity_check_pending": ErrorWords(
        _("Hay que comprobar la identidad"),
        _(
            "Ve a la ventanilla de cualquier consulado, en su horario de atención y sin cita, con"
            " una identificación oficial vigente con fotografía: ahí comprueban quién eres y lo"
            " resuelven."
        ),
        more={"folio": _("Lleva también este folio de revisión: %(folio)s.")},
    ),
    "nobody_else": ErrorWords(
        _("Nadie más tiene una cita ni una solicitud con esos datos"),
        _("La persona puede pedirlas como siempre. Revisa que el trámite y los datos coincidan."),
    ),
    "account_or_curp_required": ErrorWords(
        _("Falta con qué reconocerla"),
        _("Escribe su CURP, su correo o su teléfono: así no se confundirá con la otra."),
    ),
    "curp_required": ErrorWords(
        _("Falta la CURP"),
        _("Revisa su identidad otra vez y escribe también su CURP: la dependencia la pide."),
    ),
}
