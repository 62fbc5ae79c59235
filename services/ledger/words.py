"""Words of the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorWords
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorWords] = {
    "already_posted": ErrorWords(
        _("Ya no es posible"),
        _("Algo cambió mientras tanto. Vuelve a consultar e intenta otra vez."),
    ),
}
