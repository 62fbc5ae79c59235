"""How long an agency isn't asked again about something that it hasn't answered yet."""

from __future__ import annotations

from datetime import timedelta

from integrations.registry import AGENCIES
from workers.runtime import JobContext

FIRST_QUESTION_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 900.0


def pause_after(age: timedelta, *, shortest: float = FIRST_QUESTION_SECONDS) -> float:
    """Seconds until the next question: a quarter of its age, from one second to 15 minutes."""
    return min(max(age / timedelta(seconds=4), shortest), LONGEST_PAUSE_SECONDS)


def first_pause(job: JobContext, agency: str) -> float:
    """Seconds until an agency is asked about what it has taken in. One that calls back is asked
    later, for its call comes first unless it was lost."""
    return job.callback_seconds if AGENCIES[agency].calls_back else FIRST_QUESTION_SECONDS
