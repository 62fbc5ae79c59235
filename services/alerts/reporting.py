"""A report in words: the figure, a line for each value of its dimension, and where it is whole."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from services.alerts.models import ReportRun, ScheduledReport
from services.alerts.names import name_of, question_name, unit_of
from services.alerts.rules import Condition, Span, Watch
from services.alerts.saying import change, number, say_days
from services.alerts.scheduling import question_of
from services.alerts.words import LINE, LINE_COMPARED, MORE, NOTHING
from services.kernel.catalogue import translate
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, Figures, figures

MOST_LINES = 15


@dataclass(frozen=True)
class WrittenReport:
    """``lines``: one for each value, the largest first; ``rows``: how many rows its file has."""

    about: str
    days: str
    total: str
    lines: str
    rows: int
    page: str
    xlsx: str
    csv: str


def about(session: Session, report: ScheduledReport, language: str) -> str:
    """What it asks, in words."""
    return question_name(session, _watch(report), language)


def _of(session: Session, report: ScheduledReport, counted: Figures) -> str:
    """The same with the election whose stock it is."""
    watch = replace(_watch(report), election=counted.election)
    return question_name(session, watch, report.language)


def write_report(session: Session, report: ScheduledReport, run: ReportRun) -> WrittenReport:
    """As of the run's moment: written again, it is the same."""
    ask, language = question_of(report, run), report.language
    counted = figures(session, ask)
    values = _values(counted, ask)
    total = _line(
        sum(value for value, _before in values.values()),
        sum(before for _value, before in values.values()) if ask.compare else None,
        _of(session, report, counted),
        language,
    )
    return WrittenReport(
        about=_of(session, report, counted),
        days=say_days(Span.DAY, run.first, run.last, language),
        total=f"{total} {unit_of(report.indicator, language)}",
        lines=_lines(session, values, counted, ask, language),
        rows=len(counted.rows),
        page=f"/monitoring/indicators/{report.indicator}?{_asked(ask)}",
        xlsx=f"/monitoring/export.xlsx?{_asked(ask, indicator=report.indicator)}",
        csv=f"/monitoring/export.csv?{_asked(ask, indicator=report.indicator)}",
    )


def _values(counted: Figures, ask: AskIndicator) -> dict[str | None, tuple[int, int]]:
    """What counts, now and before, by the value of the dimension: of a status, or of all that
    count towards the target unless they are the dimension."""
    [by] = ask.by
    every = by is Dimension.STATUS or Dimension.STATUS in ask.only
    sums: dict[str | None, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in counted.rows:
        if every or row["status"] in counted.indicator.achieved:
            value, before = sums[row[by]]
            sums[row[by]] = (value + row["value"], before + row.get("compared", 0))
    return dict(sums)


def _lines(
    session: Session, values: dict[str | None, tuple[int, int]], counted: Figures,
    ask: AskIndicator, language: str,
) -> str:  # fmt: skip
    [by] = ask.by
    ordered = sorted(values.items(), key=lambda each: (-each[1][0], str(each[0])))
    lines = [
        "- " + _line(value, before if ask.compare else None,
                     name_of(session, counted.indicator, by, code, language), language)
        for code, (value, before) in ordered[:MOST_LINES]
    ]  # fmt: skip
    if len(ordered) > MOST_LINES:
        lines.append(translate(MORE, language) % {"count": len(ordered) - MOST_LINES})
    return "\n".join(lines) or translate(NOTHING, language)


def _line(value: int, before: int | None, name: str, language: str) -> str:
    """«Consulado de México en Chicago: 128 (antes 120, +6.7 %)»."""
    said = {"name": name, "value": number(value, language)}
    if before is None:
        return translate(LINE, language) % said
    compared = {"before": number(before, language), "change": change(value, before, language)}
    return translate(LINE_COMPARED, language) % {**said, **compared}


def _asked(ask: AskIndicator, **more: str) -> str:
    moment = {"as_of": ask.as_of.astimezone(UTC).isoformat()} if ask.as_of else {}
    return urlencode(
        {
            **more,
            "by": ",".join(ask.by),
            **{dimension.value: value for dimension, value in ask.only.items()},
            **({"from": ask.first} if ask.first else {}),
            **({"to": ask.last} if ask.last else {}),
            **moment,
            **({"compare": "previous"} if ask.compare and more else {}),
        }
    )


def _watch(report: ScheduledReport) -> Watch:
    """The question as a rule has it, for its name."""
    return Watch(
        report.indicator,
        Span.DAY,
        Condition.ABOVE,
        consulate=report.consulate_code,
        country=report.country,
        program=report.program,
        status=report.status,
    )
