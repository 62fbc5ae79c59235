"""Words of what compliance decides."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _
from services.remittances.rules import HoldDecision, Party

PARTIES: Mapping[str, str] = {
    Party.SENDER: _("Remitente"),
    Party.RECIPIENT: _("Quien recibe"),
}
DECISIONS: Mapping[str, str] = {
    HoldDecision.RELEASED: _("Es otra persona"),
    HoldDecision.REFUSED: _("Puede ser quien está en la lista"),
}
# It refuses with codes of others alone.
ERRORS: Mapping[str, ErrorMessage] = {}
