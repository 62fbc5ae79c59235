"""Words of accounts of staff."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorMessage] = {
    "subject_taken": ErrorMessage(
        _("Esa persona ya tiene cuenta"), _("Cambia su función o su oficina en la lista.")
    ),
    "role_and_office": ErrorMessage(
        _("Función y oficina no concuerdan"),
        _("Oficiales y supervisores llevan oficina; las demás funciones, no."),
    ),
    "own_account": ErrorMessage(
        _("No puedes terminar tu propia cuenta"), _("Pídelo a otra persona que administre.")
    ),
    "own_role": ErrorMessage(
        _("No puedes darte una función"),
        _("Tu propia cuenta la cambia otra persona que administre."),
    ),
}
