"""What can go wrong when staff pause an agency or let it go on."""

from __future__ import annotations

from services.kernel.errors import Conflict


class AlreadyPaused(Conflict):
    """Somebody has paused it before."""

    code = "agency_already_paused"


class NotPaused(Conflict):
    """Nobody has paused it, or somebody has lifted the pause already."""

    code = "agency_not_paused"
