"""What can go wrong when an entry is posted."""

from __future__ import annotations

from services.kernel.errors import Conflict


class AlreadyPosted(Conflict):
    """An entry has this key: nothing is posted twice."""

    code = "already_posted"
