"""By what lines of facts are added up, besides their kind, day and status."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Key(StrEnum):
    """What a line has to be added up by; the empty text, or null, where it has none.

    ``WEEK`` is the Monday (UTC) of the week in which the line was recorded.
    """

    CONSULATE = "consulate"
    PROGRAM = "program"
    ORIGIN = "state_of_origin"
    SEX = "sex"
    AGE = "age_band"
    ELECTION = "election"
    WEEK = "week"


# What each is of a line, in SQL. ``program`` is whichever of the four its kind has.
OF_LINE: Mapping[Key, str] = {
    Key.CONSULATE: "consulate_code",
    Key.PROGRAM: "coalesce(service_code, program_code, payout, vote_mode)",
    Key.ORIGIN: "state_of_origin",
    Key.SEX: "sex",
    Key.AGE: "age_band",
    Key.ELECTION: "election",
    Key.WEEK: "to_char(date_trunc('week', recorded_at AT TIME ZONE 'UTC'), 'YYYY-MM-DD')",
}
