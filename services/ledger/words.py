"""Words of the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorMessage] = {
    "already_posted": ErrorMessage(
        _("Ya no es posible"),
        _("Algo cambió mientras tanto. Vuelve a consultar e intenta otra vez."),
    ),
}
