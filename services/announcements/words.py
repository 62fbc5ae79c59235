"""Words of announcements."""

from __future__ import annotations

from collections.abc import Mapping

from services.announcements.rules import Kind
from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

KINDS: Mapping[str, str] = {
    Kind.OUTAGE: _("Falla del servicio"),
    Kind.CLOSURE: _("Cierre"),
    Kind.FRAUD: _("Cuidado con el fraude"),
}
ERRORS: Mapping[str, ErrorMessage] = {
    "announcement_withdrawn": ErrorMessage(
        _("Ese aviso ya se quitó"), _("Alguien ya quitó ese aviso. No tienes que hacer nada más.")
    ),
    "announcement_ends": ErrorMessage(
        _("El aviso termina antes de empezar"), _("Elige un final posterior al inicio.")
    ),
}
