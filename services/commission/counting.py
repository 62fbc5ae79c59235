"""Ask the source of a number for it: no number of a report is ever typed.

A number that is counted here has a query and the moment up to which it was counted: asked again
with both, it is the same. An election's and a published one say which of their source's figures
they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from services.commission.choices import ELECTIONS, AnnexChoice, Choice
from services.commission.rules import Source
from services.consulates.queries import list_consulates
from services.enrollments.programs.registry import PROGRAMS
from services.kernel.errors import NotFound
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, Figures, figures
from services.monitoring.indicators import INDICATORS
from services.monitoring.periods import days_of
from services.monitoring.queries import Reported, find_entry, list_entries
from services.voting.queries import election
from services.voting.rules import Dimension as CountDimension
from services.voting.rules import Metric
from services.voting.sources import name_source

Texts = Mapping[str, Mapping[str, str] | None]
OWN_SOURCE = {"es": "Consular, conteo propio", "en": "Consular, counted here"}


@dataclass(frozen=True)
class Period:
    """The session of a report, the days that it is about, both included, and the moment up to which
    it counts: None for now."""

    number: int
    first: date | None
    last: date | None
    as_of: datetime | None


@dataclass(frozen=True)
class Counted:
    """A number with all that says where it is from (`services.commission.models.Result`)."""

    source: Source
    query: Mapping[str, Any]
    value: Decimal
    before: Decimal | None
    unit: str
    cut_off: date | None
    as_of: datetime | None
    revision: int | None
    texts: Texts


def count(session: Session, choice: Choice, period: Period) -> Counted:
    """The number of a choice. Raises NotFound where the source no longer has it, and what
    `services.monitoring.figures` raises of a moment."""
    if choice.source is Source.INDICATOR:
        return _indicator(session, choice, period)
    if choice.source is Source.ELECTION:
        return _election(session, choice)
    return _entry(session, choice, period.number)


def ask_again(
    session: Session, source: str, query: Mapping[str, Any], as_of: datetime | None
) -> Decimal | None:
    """The answer to a number's query: of what is counted here as of that moment, or now; of what a
    group handed in the figure in force. None where the source has none any more."""
    if source == Source.ENTRY:
        entry = find_entry(session, query["entry"], query.get("session"), query.get("period"))
        return entry.value if entry else None
    if source == Source.ELECTION:
        return _votes(session, query["election"])[0]
    first, last = (
        date.fromisoformat(query[name]) if name in query else None for name in ("first", "last")
    )
    only = {Dimension.ELECTION: query["election"]} if "election" in query else {}
    ask = AskIndicator(query["indicator"], first=first, last=last, as_of=as_of, only=only)
    return _sum(figures(session, ask), query.get("status"), "value")


def count_annex(session: Session, choice: AnnexChoice, period: Period) -> dict[str, Any]:
    """Head and rows of an annex: names in both languages, numbers as text."""
    if choice.indicator is None:
        return _elections(session, choice)
    period = _at_the_end(choice.indicator, period)
    ask = AskIndicator(
        choice.indicator,
        by=(Dimension(choice.by),),
        first=period.first,
        last=period.last,
        as_of=period.as_of,
    )
    counted = figures(session, ask)
    sums: dict[str, int] = {}
    for row in counted.rows:
        sums[row[choice.by] or ""] = sums.get(row[choice.by] or "", 0) + row["value"]
    names = _names(session, choice.by)
    largest_first = sorted(sums, key=lambda code: (-sums[code], code))
    return {
        "name": dict(choice.name),
        "head": [_HEADS[choice.by], _HEADS["total"]],
        "rows": [
            [names.get(code, {"es": code, "en": code}), str(sums[code])] for code in largest_first
        ],
        "as_of": counted.as_of.isoformat(),
        "query": {
            "indicator": choice.indicator,
            "by": choice.by,
            **_of_election(counted),
            **_days(period),
        },
    }


_HEADS = {
    "consulate": {"es": "Oficina", "en": "Office"},
    "program": {"es": "Programa", "en": "Program"},
    "election": {"es": "Elección", "en": "Election"},
    "total": {"es": "Total", "en": "Total"},
    "votes": {"es": "Votos", "en": "Votes"},
}
_NO_OFFICE = {"es": "Sin oficina", "en": "No office"}


def _at_the_end(indicator: str, period: Period) -> Period:
    """The days that add up to an indicator's figure of the period: of a stock all until its end."""
    first, last = INDICATORS[indicator].days(period.first, period.last)
    return replace(period, first=first, last=last)


def _of_election(counted: Figures) -> dict[str, str]:
    """For its query: of which election a stock is that each of them has anew."""
    return {"election": counted.election} if counted.election else {}


def _indicator(session: Session, choice: Choice, period: Period) -> Counted:
    begins, period = period.first, _at_the_end(choice.of, period)
    compare = period.first is not None and period.last is not None
    counted = figures(
        session,
        AskIndicator(
            choice.of, first=period.first, last=period.last, as_of=period.as_of, compare=compare
        ),
    )
    status = {"status": choice.status} if choice.status else {}
    return Counted(
        source=Source.INDICATOR,
        query={"indicator": choice.of, **status, **_of_election(counted), **_days(period)},
        value=_sum(counted, choice.status, "value"),
        before=_sum(counted, choice.status, "compared")
        if compare
        else _stock_before(session, choice, begins, counted),
        unit=counted.indicator.unit.value,
        cut_off=None,
        as_of=counted.as_of,
        revision=None,
        texts={
            "name": choice.name,
            "source": OWN_SOURCE,
            "period": None,
            "note": _election_words(counted.election) if counted.election else None,
        },
    )


def _stock_before(
    session: Session, choice: Choice, begins: date | None, counted: Figures
) -> Decimal | None:
    """The stock as the period began; those of two elections aren't compared."""
    if begins is None or counted.election:
        return None
    ask = AskIndicator(choice.of, last=begins - timedelta(days=1), as_of=counted.as_of)
    return _sum(figures(session, ask), choice.status, "value")


def _election_words(year: str) -> Mapping[str, str]:
    return {"es": f"Elección {year}", "en": f"Election {year}"}


def _sum(counted: Figures, status: str | None, column: str) -> Decimal:
    rows = [row for row in counted.rows if status is None or row["status"] == status]
    return Decimal(sum(row[column] for row in rows))


def _days(period: Period) -> dict[str, str]:
    days = {"first": period.first, "last": period.last}
    return {name: day.isoformat() for name, day in days.items() if day}


def _election(session: Session, choice: Choice) -> Counted:
    votes, noted = _votes(session, choice.of)
    source = name_source(noted, choice.of)
    place = ELECTIONS.index(choice.of)
    earlier = _votes(session, ELECTIONS[place - 1])[0] if place else None
    before = ELECTIONS[place - 1] if place else None
    return Counted(
        source=Source.ELECTION,
        query={"election": choice.of, "metric": Metric.VOTES.value, "compared": before},
        value=votes,
        before=earlier,
        unit="votes",
        cut_off=None,
        as_of=None,
        revision=election(session, choice.of).version,
        texts={
            "name": choice.name,
            "source": {"es": source.name_es, "en": source.name_en},
            "period": {"es": choice.of, "en": choice.of},
            "note": {"es": f"Antes: {before}", "en": f"Before: {before}"} if before else None,
        },
    )


def _votes(session: Session, year: str) -> tuple[Decimal, str]:
    """The published total of an election and who published it. Raises NotFound."""
    for row in election(session, year).published:
        if row.metric == Metric.VOTES and row.dimension == CountDimension.TOTAL and not row.mode:
            return row.value, row.source
    raise NotFound("not_found", field="election")


def _entry(session: Session, choice: Choice, number: int) -> Counted:
    """What a group handed in for the session, or else for the newest period, beside its figure
    before."""
    rows = [each for each in list_entries(session, group=choice.group) if each.code == choice.of]
    row = _newest(rows, number) or _newest(rows, None)
    if row is None:
        raise NotFound()
    earlier = _before(rows, row)
    of = {"session": row.session_number, "period": row.period}
    return Counted(
        source=Source.ENTRY,
        query={"entry": choice.of, **{name: value for name, value in of.items() if value}},
        value=row.value,
        before=earlier.value if earlier else None,
        unit=row.unit,
        cut_off=row.cut_off,
        as_of=None,
        revision=row.revision,
        texts={
            "name": choice.name,
            "source": _both(row.source, row.source_es),
            "period": _period_words(row),
            "note": _both(row.note, row.note_es),
        },
    )


def _newest(rows: Sequence[Reported], number: int | None) -> Reported | None:
    """The figure for that session, or None; of several the one without a period, or the last."""
    there = [row for row in rows if row.session_number == number]
    return max(there, key=lambda row: _end(row.period), default=None)


def _end(period: str | None) -> tuple[date, int]:
    """The last day of a period, and which of those that end then is the longest."""
    if period is None:
        return date.max, 0
    first, last = days_of(period)
    return last, (last - first).days


def _before(rows: Sequence[Reported], row: Reported) -> Reported | None:
    """The figure at the last session before; of a period, for the last one as long."""
    if row.period is None:
        here = row.session_number or 0
        at = {r.session_number: r for r in rows if r.session_number and r.period is None}
        return at.get(max((number for number in at if number < here), default=0))
    kind = _kind(row.period)
    same = {r.period: r for r in rows if r.period and _kind(r.period) == kind}
    return same.get(max((period for period in same if period < row.period), default=""))


def _kind(period: str) -> tuple[int, bool]:
    """What tells years, quarters and months apart."""
    return len(period), "Q" in period


def _period_words(row: Reported) -> Mapping[str, str]:
    if row.period:
        return {"es": row.period, "en": row.period}
    number = row.session_number
    return {"es": f"{number}.ª sesión", "en": f"session {number}"}


def _both(english: str | None, spanish: str | None) -> Mapping[str, str] | None:
    """What ends in ``_es`` is null where the Spanish is the same."""
    return {"es": spanish or english, "en": english} if english else None


def _elections(session: Session, choice: AnnexChoice) -> dict[str, Any]:
    votes = {year: _votes(session, year)[0] for year in ELECTIONS}
    return {
        "name": dict(choice.name),
        "head": [_HEADS["election"], _HEADS["votes"]],
        "rows": [[{"es": year, "en": year}, f"{value:f}"] for year, value in votes.items()],
        "as_of": None,
        "query": {"elections": list(ELECTIONS), "metric": Metric.VOTES.value},
    }


def _names(session: Session, by: str) -> Mapping[str, Mapping[str, str]]:
    if by == "consulate":
        offices = {o.code: {"es": o.name_es, "en": o.name_en} for o in list_consulates(session)}
        return {**offices, "": _NO_OFFICE}
    return {
        code: {language: program.name.read_in(language) for language in ("es", "en")}
        for code, program in PROGRAMS.items()
    }
