"""Words of figures."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorMessage] = {
    "in_the_future": ErrorMessage(
        _("Ese corte aún no llega"), _("Ese corte aún no llega. Elige uno que ya haya pasado.")
    ),
}
