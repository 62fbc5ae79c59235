"""Words of offices."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorMessage] = {
    "consulate_not_found": ErrorMessage(
        _("No conocemos esa oficina"), _("Elige una oficina de la lista.")
    ),
}
