"""The queues, by what would suffer if they waited for each other."""

from __future__ import annotations

from enum import StrEnum


class Queue(StrEnum):
    """One Redis list each; every worker serves all of them in turn."""

    MONEY = "money"
    NOTICES = "notices"
    AGENCIES = "agencies"
    HOUSEKEEPING = "housekeeping"


# A queue that is this long has work enough: more would only repeat what is in it.
MOST_WAITING = 5_000
# A failed RQ job tells nothing that the outbox doesn't: it is kept for a day.
FAILURE_TTL_SECONDS = 86_400
