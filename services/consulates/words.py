"""Words of offices."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorWords
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorWords] = {
    "consulate_not_found": ErrorWords(
        _("No conocemos esa oficina"), _("Elige una oficina de la lista.")
    ),
}
