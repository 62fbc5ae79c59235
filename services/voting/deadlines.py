"""When an election is, and until when a vote from abroad arrives in time (LGIPE 345).

Both are dated tables with their legal source in ``data/``. What arrives later is never opened and
is counted apart. An election that the table doesn't have has no deadlines. The deadline of the law
for what is handed in at a consulate is that of an envelope; at the consulates where INE installs
polls, people vote on the polling day itself.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from services.voting.rules import Metric, Mode

CENTRAL_MEXICO = ZoneInfo("America/Mexico_City")


@dataclass(frozen=True)
class ElectionDay:
    """Polls are open from ``opens`` to ``closes``, on the clock of Central Mexico."""

    election: str
    day: date
    opens: datetime
    closes: datetime
    source: str


@dataclass(frozen=True)
class Deadline:
    """The last moment for a vote by ``mode``; ``hours_before`` the polls open, or 0: they close."""

    mode: Mode
    at: datetime
    hours_before: int
    article: str
    source: str


@dataclass(frozen=True)
class PollsAbroad:
    """INE installed polls at this many consulates in ``election``; the newest that is known."""

    election: str
    consulates: int
    source: str


@dataclass(frozen=True)
class Days:
    """Between which days at an office something may be counted; None: no bound is known."""

    first: date | None = None
    last: date | None = None


@cache
def election_days() -> Mapping[str, ElectionDay]:
    """Every election whose day is known, by its year."""
    return {row["election"]: _election_day(row) for row in _rows("elections.csv")}


@cache
def deadlines(election: str) -> tuple[Deadline, ...]:
    """The deadline of each mode; none for an election whose day or rule isn't known."""
    day = election_days().get(election)
    latest: dict[str, dict[str, str]] = {}
    for row in sorted(_rows("deadlines.csv"), key=lambda row: row["from_election"]):
        if row["from_election"] <= election:
            latest[row["mode"]] = row
    return tuple(_deadline(day, row) for row in latest.values()) if day else ()


@cache
def polls_abroad(election: str) -> PollsAbroad | None:
    """The polls at consulates in ``election``, or in the last one before; None before any."""
    known = [row for row in _rows("in_person.csv") if row["from_election"] <= election]
    if not known:
        return None
    newest = max(known, key=lambda row: row["from_election"])
    return PollsAbroad(newest["from_election"], int(newest["consulates"]), newest["source"])


def next_election(today: date) -> str | None:
    """The year of the election that is held today or comes next, as far as one is known."""
    return next((e.election for e in election_days().values() if e.day >= today), None)


def counting_days(election: str, metric: Metric, mode: Mode | None, zone: ZoneInfo) -> Days:
    """The days at an office in ``zone`` on which what was counted may have happened.

    Votes are cast until the polls close, envelopes arrive until the deadline of the post, and what
    is late came after a deadline: the one of its mode, or the earliest.
    """
    day = election_days().get(election)
    limits = {each.mode: each.at for each in deadlines(election)}
    if metric is Metric.VOTES and day:
        return Days(last=day.closes.astimezone(zone).date())
    if metric is Metric.VOTE_ENVELOPES and Mode.POSTAL in limits:
        return Days(last=limits[Mode.POSTAL].astimezone(zone).date())
    if metric is Metric.LATE_VOTES and limits:
        limit = limits.get(mode, min(limits.values())) if mode else min(limits.values())
        return Days(first=limit.astimezone(zone).date())
    return Days()


def _election_day(row: Mapping[str, str]) -> ElectionDay:
    day = date.fromisoformat(row["day"])
    opens, closes = (
        datetime.combine(day, time.fromisoformat(row[name]), CENTRAL_MEXICO)
        for name in ("opens", "closes")
    )
    return ElectionDay(row["election"], day, opens, closes, row["source"])


def _deadline(day: ElectionDay, row: Mapping[str, str]) -> Deadline:
    hours = int(row["hours_before"])
    reference = day.opens if row["counted_from"] == "opens" else day.closes
    at = reference - timedelta(hours=hours)
    return Deadline(Mode(row["mode"]), at, hours, row["article"], row["source"])


def _rows(name: str) -> list[dict[str, str]]:
    text = files("services.voting").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
