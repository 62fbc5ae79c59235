"""Public holidays of an office's host country, for its supervisor to decide on.

The `holidays` package knows most countries and many regions. It is no law and it changes with its
versions, so none of its days closes an office by itself. Mexico's federal days and those of the
United States are our own, with their articles (`rules`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import holidays

# Their days close offices already.
OWN = frozenset({"MX", "US"})


@dataclass(frozen=True)
class HostHoliday:
    """A day, and what it is called: in the reader's language where that is known."""

    day: date
    name: str


def host_holidays(
    country: str, region: str | None, first: date, last: date, language: str
) -> list[HostHoliday]:
    """The days from ``first`` to ``last``, by day; none of a country that isn't known."""
    known = holidays.list_supported_countries()
    if country in OWN or country not in known:
        return []
    calendar = holidays.country_holidays(
        country,
        subdiv=region if region in known[country] else None,
        years=range(first.year, last.year + 1),
        language=_spoken(country, language),
    )
    return [HostHoliday(day, calendar[day]) for day in sorted(calendar) if first <= day <= last]


def _spoken(country: str, language: str) -> str | None:
    """The package's name for the language, or None: the country's own."""
    spoken = holidays.list_localized_countries().get(country, [])
    return next((each for each in spoken if each.partition("_")[0] == language), None)
