"""What can go wrong when staff decide about a job that was given up."""

from __future__ import annotations

from services.kernel.errors import Conflict


class AlreadyDecided(Conflict):
    """Somebody has decided about one of them already; none of them was changed."""

    code = "job_already_decided"
