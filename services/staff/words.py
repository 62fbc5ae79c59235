"""Words of accounts of staff."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorWords
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorWords] = {
    "subject_taken": ErrorWords(
        _("Esa persona ya tiene cuenta"), _("Cambia su función o su oficina en la lista.")
    ),
    "role_and_office": ErrorWords(
        _("Función y oficina no concuerdan"),
        _("Oficiales y supervisores llevan oficina; las demás funciones, no."),
    ),
    "own_account": ErrorWords(
        _("No puedes terminar tu propia cuenta"), _("Pídelo a otra persona que administre.")
    ),
    "own_role": ErrorWords(
        _("No puedes darte una función"),
        _("Tu propia cuenta la cambia otra persona que administre."),
    ),
}
