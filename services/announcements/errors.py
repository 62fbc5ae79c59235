"""What can go wrong with an announcement."""

from __future__ import annotations

from services.kernel.errors import Conflict


class AlreadyWithdrawn(Conflict):
    """Somebody has withdrawn it."""

    code = "announcement_withdrawn"
