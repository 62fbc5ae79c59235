"""The queues, by what would suffer if they waited for each other."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Queue(StrEnum):
    """One Redis list each; every worker serves all of them in turn."""

    MONEY = "money"
    NOTICES = "notices"
    AGENCIES = "agencies"
    HOUSEKEEPING = "housekeeping"


# A queue that is this long has work enough: what waits there for longer than the relay's patience
# is put there again, and again.
# What is due beyond that comes together, in fewer jobs.
MOST_WAITING = 16
MOST_WAITING_FOR_EACH_WORKER = 8
# How many items one RQ job may carry, where many small ones are due: RQ's own share of each is as
# much as half of the work.
MOST_TOGETHER: Mapping[Queue, int] = {
    Queue.MONEY: 8,
    Queue.NOTICES: 8,
    Queue.AGENCIES: 8,
    Queue.HOUSEKEEPING: 1,
}
# The same while an agency is slow: behind a slow call what is for another would wait too, and so
# would money.
MOST_WHILE_SLOW: Mapping[Queue, int] = {**MOST_TOGETHER, Queue.MONEY: 1, Queue.AGENCIES: 1}
# What is due at a time is cut into so many jobs at least, so that every worker has some of it: as
# many as there are workers, where that is known.
PARTS = 8
# A failed RQ job tells nothing that the outbox doesn't: it is kept for a day.
FAILURE_TTL_SECONDS = 86_400
