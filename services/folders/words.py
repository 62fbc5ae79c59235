"""Words of folders, their documents and consents."""

from __future__ import annotations

from collections.abc import Mapping

from services.folders.rules import Purpose
from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

PURPOSES: Mapping[str, str] = {Purpose.ENROLLMENT: _("Para inscribirte")}

# What every agency receives; the rest is called as its program's field.
DATA: Mapping[str, str] = {
    "names": _("Nombre"),
    "birth_date": _("Fecha de nacimiento"),
    "curp": _("CURP"),
    "email": _("Correo electrónico"),
    "documents": _("Documentos que subiste"),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "too_many_documents": ErrorMessage(
        _("Ya no caben más documentos"),
        _("Quita o cambia uno de los que ya subiste, y sube este otra vez."),
    ),
    "document_sent": ErrorMessage(
        _("Ese documento ya se envió"),
        _("Ya es parte de una solicitud enviada. Puedes cambiarlo por otro, pero no quitarlo."),
    ),
}
