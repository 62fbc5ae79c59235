"""Words of breakers and pauses of agencies."""

from __future__ import annotations

from collections.abc import Mapping

from services.agencies.rules import State
from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

STATES: Mapping[str, str] = {
    State.CLOSED: _("Contesta"),
    State.OPEN: _("No contesta: en espera"),
    State.HALF_OPEN: _("Se prueba si contesta"),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "agency_already_paused": ErrorMessage(
        _("Esa dependencia ya está en pausa"), _("Vuelve a consultarla: ahí ves quién y por qué.")
    ),
    "agency_not_paused": ErrorMessage(
        _("Esa dependencia no está en pausa"),
        _("Otra persona ya la quitó. Vuelve a consultarla."),
    ),
}
