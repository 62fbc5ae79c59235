"""Election night: what is published of each office, added up, as of a version of the election.

Only numbers of our own offices add up here; what others published has other bases. A version never
changes, so that the board of a version is the same whenever it is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.consulates.models import Consulate
from services.consulates.queries import list_consulates
from services.kernel.errors import NotFound
from services.voting.deadlines import election_days
from services.voting.models import VoteCount
from services.voting.queries import cell_of, find_version, list_published_until
from services.voting.rules import CREDENTIALS, Cell, Cells, Metric, Mode, standing

# What happens before the election, in its order.
BEFORE_ELECTION = (*CREDENTIALS, Metric.REGISTRATION_REQUESTS, Metric.REGISTERED)
# An embassy's section is expected once it publishes; the directory lists the consulates.
_SECTION = "seccion_consular"


@dataclass(frozen=True)
class Turnout:
    """Votes beside the list of voters, of the same offices."""

    votes: int
    listed: int
    offices: int

    @property
    def percent(self) -> float | None:
        """With one decimal; None without a list."""
        return round(100 * self.votes / self.listed, 1) if self.listed else None


@dataclass(frozen=True)
class Correction:
    """A published number that took the place of another."""

    before: VoteCount
    after: VoteCount


@dataclass(frozen=True)
class OfficeTally:
    """What one office published: None where it published nothing of the kind.

    ``without_mode`` are votes of a total that no mode explains; ``missing`` the modes that it
    offers and of which neither a number nor a total speaks. ``steps`` are those before the
    election; ``differs``: its modes and its total don't add up for now.
    """

    office: Consulate
    votes: int | None
    by_mode: dict[Mode, int]
    without_mode: int
    late: int | None
    envelopes: int | None
    listed: int | None
    steps: dict[Metric, int]
    missing: tuple[Mode, ...]
    corrections: Sequence[Correction]
    differs: bool
    published_at: datetime | None


@dataclass(frozen=True)
class Tally:
    """Of several offices; ``expected`` are all of them, ``reported`` those with votes."""

    offices: Sequence[OfficeTally]

    @property
    def expected(self) -> int:
        """How many offices there are."""
        return len(self.offices)

    @property
    def reported(self) -> int:
        """How many have published votes."""
        return sum(office.votes is not None for office in self.offices)

    @property
    def votes(self) -> int:
        """Votes of all."""
        return _sum(office.votes for office in self.offices)

    @property
    def late(self) -> int:
        """Votes that came late: they are no votes."""
        return _sum(office.late for office in self.offices)

    @property
    def envelopes(self) -> int:
        """Envelopes that came in time."""
        return _sum(office.envelopes for office in self.offices)

    @property
    def by_mode(self) -> dict[Mode, int]:
        """Votes by mode; those of totals without modes are apart."""
        return {mode: _sum(office.by_mode.get(mode) for office in self.offices) for mode in Mode}

    @property
    def without_mode(self) -> int:
        """Votes of totals that no mode explains."""
        return _sum(office.without_mode for office in self.offices)

    def step(self, metric: Metric) -> tuple[int, int]:
        """The sum of a step before the election, and how many offices published it."""
        known = [o.steps[metric] for o in self.offices if metric in o.steps]
        return sum(known), len(known)

    @property
    def turnout(self) -> Turnout:
        """Of the offices that published both their votes and their list of voters."""
        both = [(o.votes, o.listed) for o in self.offices if o.votes is not None and o.listed]
        return Turnout(_sum(v for v, _ in both), _sum(n for _, n in both), len(both))


@dataclass(frozen=True)
class Board(Tally):
    """The board of an election after ``version`` published numbers, the last one at ``at``."""

    election: str
    version: int
    at: datetime | None

    @property
    def countries(self) -> dict[str, Tally]:
        """By country of the offices, ISO code."""
        groups: dict[str, list[OfficeTally]] = defaultdict(list)
        for office in self.offices:
            groups[office.office.country].append(office)
        return {country: Tally(offices) for country, offices in groups.items()}


def read_board(session: Session, election: str, version: int | None = None) -> Board:
    """The board as it is, or as it was after ``version`` numbers.

    Raises `NotFound` for an election of which neither its day nor a number is known, and for a
    version that is still to come.
    """
    newest = find_version(session, election)
    last = newest.version if newest else 0
    version = last if version is None else version
    if version > last or not (newest or election in election_days()):
        raise NotFound("not_found", field="election")
    counts = list_published_until(session, election, version)
    by_office: dict[str, list[VoteCount]] = defaultdict(list)
    for count in counts:
        by_office[count.consulate_code or ""].append(count)
    offices = [
        _tally(office, by_office.get(office.code, []))
        for office in list_consulates(session)
        if office.code in by_office or not _only_once_it_publishes(office)
    ]
    return Board(offices, election, version, counts[-1].published_at if counts else None)


def in_force(counts: Sequence[VoteCount]) -> list[VoteCount]:
    """Of published numbers in their order the last one of each cell of each office."""
    return list({(count.consulate_code, cell_of(count)): count for count in counts}.values())


def _only_once_it_publishes(office: Consulate) -> bool:
    return office.assumed and office.kind == _SECTION


def _tally(office: Consulate, counts: Sequence[VoteCount]) -> OfficeTally:
    """Of an office's published numbers in their order."""
    cells = {cell_of(count): int(count.value) for count in counts}
    offered = set(Mode) - (set() if office.in_person_vote else {Mode.IN_PERSON})
    by_mode = {mode: n for mode in Mode if (n := standing(cells, Metric.VOTES, mode)) is not None}
    votes = standing(cells, Metric.VOTES)
    covered = set(Mode) if _has_total(cells) else set(by_mode)
    return OfficeTally(
        office=office,
        votes=votes,
        by_mode=by_mode,
        without_mode=(votes or 0) - sum(by_mode.values()),
        late=standing(cells, Metric.LATE_VOTES),
        envelopes=standing(cells, Metric.VOTE_ENVELOPES),
        listed=standing(cells, Metric.REGISTERED),
        steps={step: n for step in BEFORE_ELECTION if (n := standing(cells, step)) is not None},
        missing=tuple(mode for mode in Mode if mode in offered - covered),
        corrections=_corrections(counts),
        differs=any(_differs(cells, cell, offered) for cell in cells),
        published_at=counts[-1].published_at if counts else None,
    )


def _corrections(counts: Sequence[VoteCount]) -> list[Correction]:
    latest: dict[Cell, VoteCount] = {}
    corrections = []
    for count in counts:
        before = latest.get(cell_of(count))
        if before is not None:
            corrections.append(Correction(before, count))
        latest[cell_of(count)] = count
    return corrections


def _has_total(cells: Cells) -> bool:
    return any(cell.metric is Metric.VOTES and cell.mode is None for cell in cells)


def _differs(cells: Cells, total: Cell, offered: set[Mode]) -> bool:
    """Whether all modes of a day are known and don't add up to its total."""
    modes = [cells[c] for m in offered if (c := Cell(total.metric, m, total.day)) in cells]
    whole = total.mode is None and len(modes) == len(offered)
    return whole and sum(modes) != cells[total]


def _sum(numbers: Iterable[int | None]) -> int:
    return sum(number or 0 for number in numbers)
