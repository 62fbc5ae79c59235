"""The few figures that say how the network does, each beside the same days of the year before.

A key figure is what an indicator counts towards its target: of appointments, the ones served.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, figures, newest_election
from services.monitoring.indicators import INDICATORS
from services.monitoring.models import Target
from services.monitoring.periods import periods_of
from services.monitoring.targets import Progress, list_progress

MONTHS = 12


class KeyFigure(StrEnum):
    """What is looked at first, in that order."""

    ENROLLED = "enrolled"
    ENROLLED_PEOPLE = "enrolled_people"
    SERVED = "served"
    DOCUMENTS = "documents"
    REMITTANCES = "remittances"
    VOTES = "votes"
    UNMET = "unmet"


# Of which indicator it is what counts towards a target.
INDICATOR_OF: Mapping[KeyFigure, str] = {
    KeyFigure.ENROLLED: "enrollments",
    KeyFigure.ENROLLED_PEOPLE: "enrolled_people",
    KeyFigure.SERVED: "appointments",
    KeyFigure.DOCUMENTS: "services",
    KeyFigure.REMITTANCES: "remittances",
    KeyFigure.VOTES: "votes",
    KeyFigure.UNMET: "unmet_searches",
}


@dataclass(frozen=True)
class Period:
    """Days, both included, as of a moment; ``only`` narrows them to an office, for one."""

    first: date
    last: date
    as_of: datetime
    only: Mapping[Dimension, str] = field(default_factory=dict)

    @property
    def year_before(self) -> Period:
        """The same days of the year before, as of the same moment."""
        return replace(self, first=year_before(self.first), last=year_before(self.last))


def year_before(day: date) -> date:
    """The same day of the year before; of 29 February, the 28th."""
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def count(session: Session, figure: KeyFigure, period: Period) -> int:
    """The figure's value."""
    return sum(by_dimension(session, figure, period, Dimension.STATUS).values())


def by_dimension(
    session: Session, figure: KeyFigure, period: Period, dimension: Dimension
) -> dict[str, int]:
    """Its values by a dimension; empty text stands for what has none, such as no office."""
    code = INDICATOR_OF[figure]
    achieved = INDICATORS[code].achieved
    values = {
        key: sum(by_status.get(status, 0) for status in achieved)
        for key, by_status in by_status_of(session, code, period, dimension).items()
    }
    return {key: value for key, value in values.items() if value}


def by_status_of(
    session: Session, indicator: str, period: Period, dimension: Dimension
) -> dict[str, dict[str, int]]:
    """An indicator's counts by status, for each value of a dimension; of a stock at the end."""
    ask = replace(_ask(indicator, period), by=(dimension,))
    values: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in figures(session, ask).rows:
        key = row[dimension]
        values["" if key is None else str(key)][row["status"]] += row["value"]
    return {key: dict(by_status) for key, by_status in values.items()}


def of_one_election(session: Session, indicator: str, period: Period) -> Period:
    """The period narrowed to the election whose stock it shows, if it shows one: the year before
    it is to be compared with the same election's."""
    election = newest_election(session, _ask(indicator, period), period.as_of)
    only = {Dimension.ELECTION: election} if election else {}
    return replace(period, only={**period.only, **only})


def _ask(indicator: str, period: Period) -> AskIndicator:
    first, last = INDICATORS[indicator].days(period.first, period.last)
    return AskIndicator(indicator, first=first, last=last, as_of=period.as_of, only=period.only)


def target_of_year(session: Session, figure: KeyFigure, period: Period) -> Progress | None:
    """The target of the year in which the period ends, over all programs, and how far it was: the
    network's, or an office's own."""
    year = str(period.last.year)
    targets = targets_of(session, INDICATOR_OF[figure], period)
    return next((each for each in targets if each.target.period == year), None)


def targets_of_offices(session: Session, figure: KeyFigure, period: Period) -> dict[str, Progress]:
    """The offices' own targets of the year in which the period ends, over all programs, and how far
    each of them was."""
    year = str(period.last.year)

    def wanted(target: Target) -> bool:
        return target.program is None and target.period == year and bool(target.consulate_code)

    indicator = INDICATORS[INDICATOR_OF[figure]]
    progress = list_progress(session, indicator, period.as_of, wanted=wanted)
    return {each.target.consulate_code or "": each for each in progress}


def targets_of(session: Session, indicator: str, period: Period) -> list[Progress]:
    """The targets of the year, the quarter and the month in which the period ends, over all
    programs: the network's, or an office's own."""
    office = period.only.get(Dimension.CONSULATE)

    def wanted(target: Target) -> bool:
        own = (target.program, target.consulate_code) == (None, office)
        return own and target.period in periods_of(period.last)

    return list_progress(session, INDICATORS[indicator], period.as_of, wanted=wanted)


@dataclass(frozen=True)
class Month:
    """``value`` of a month up to the trend's last day, and of the same days a year before."""

    first: date
    value: int
    before: int


def by_month(session: Session, figure: KeyFigure, period: Period) -> list[Month]:
    """The twelve months that end with the period's last day, which may cut the last one short."""
    begin = _months_back(period.last, 2 * MONTHS - 1)
    days = by_dimension(session, figure, replace(period, first=begin), Dimension.DAY)
    values: dict[date, int] = defaultdict(int)
    end_before = year_before(period.last)
    for text, value in days.items():
        day = date.fromisoformat(text)
        beyond = end_before < day <= _month_end(end_before)
        values[day.replace(day=1)] += 0 if beyond else value
    months = [_months_back(period.last, back) for back in reversed(range(MONTHS))]
    return [Month(month, values[month], values[year_before(month)]) for month in months]


def _months_back(day: date, months: int) -> date:
    """The first day of the month so many before that of ``day``."""
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def _month_end(day: date) -> date:
    return date.fromordinal(_months_back(day, -1).toordinal() - 1)
