"""Words of incidents."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorWords
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorWords] = {
    "incident_resolved": ErrorWords(
        _("Ese caso ya se cerró"), _("Vuelve a la lista: ahí ves cómo terminó y quién lo cerró.")
    ),
    "incident_taken": ErrorWords(
        _("Otra persona atiende ese caso"), _("Puedes anotar lo que sepas, o elegir otro caso.")
    ),
    "resolution_not_offered": ErrorWords(
        _("Ese caso no puede terminar así"), _("Elige una de las opciones que muestra el caso.")
    ),
}
