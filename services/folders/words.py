"""Words of folders and their documents."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorWords
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorWords] = {
    "too_many_documents": ErrorWords(
        _("Ya no caben más documentos"),
        _("Quita o cambia uno de los que ya subiste, y sube este otra vez."),
    ),
    "document_sent": ErrorWords(
        _("Ese documento ya se envió"),
        _("Ya es parte de una solicitud enviada. Puedes cambiarlo por otro, pero no quitarlo."),
    ),
}
