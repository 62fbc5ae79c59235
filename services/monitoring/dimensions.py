"""By what figures may be split and filtered.

To add a dimension, give it a name and a line in `SOURCES`. If facts don't have it yet, it is first
a column of facts and a line in `services.facts.keys`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.facts.keys import Key


class Dimension(StrEnum):
    """By what a figure may be split. By status it always is.

    ``program`` is whichever of their own dimensions the facts of an indicator have: the service of
    an appointment, the program of an enrollment, the payout of a remittance, the mode of a vote.
    """

    PROGRAM = "program"
    CONSULATE = "consulate"
    COUNTRY = "country"
    MODE = "mode"
    ELECTION = "election"
    ORIGIN = "state_of_origin"
    SEX = "sex"
    AGE = "age_band"
    DAY = "day"
    STATUS = "status"


@dataclass(frozen=True)
class Source:
    """``value`` is the dimension in SQL over added-up lines, which must have ``key``; ``join``
    brings in the table that it takes from another slice."""

    value: str
    key: Key | None = None
    join: str = ""

    @property
    def is_key(self) -> Key | None:
        """The key that it is, nothing being made of it."""
        return self.key if self.value == f"lines.{self.key}" else None


SOURCES: Mapping[Dimension, Source] = {
    Dimension.PROGRAM: Source("lines.program", Key.PROGRAM),
    Dimension.CONSULATE: Source("lines.consulate", Key.CONSULATE),
    Dimension.COUNTRY: Source(
        "consulates.country",
        Key.CONSULATE,
        "LEFT JOIN consulates ON consulates.code = lines.consulate",
    ),
    # How one votes, or is paid out: what ``program`` is of these.
    Dimension.MODE: Source("lines.program", Key.PROGRAM),
    Dimension.ELECTION: Source("lines.election", Key.ELECTION),
    Dimension.ORIGIN: Source("lines.state_of_origin", Key.ORIGIN),
    Dimension.SEX: Source("lines.sex", Key.SEX),
    Dimension.AGE: Source("lines.age_band", Key.AGE),
    Dimension.DAY: Source("lines.day"),
    Dimension.STATUS: Source("lines.status"),
}
# They tell of people, and few people may share all of them: for analysts only, never published.
PERSONAL = frozenset({Dimension.ORIGIN, Dimension.SEX, Dimension.AGE})
# Which of them a question may be narrowed by; days have a period of their own.
FILTERS = tuple(dimension for dimension in Dimension if dimension is not Dimension.DAY)
