"""Charts of a session report: numbers of one unit beside each other, with those of before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from consular.charts.drawing import Bars, Chart, Item, svg
from consular.printing.report_words import change_text, in_words, value_text

# Of a group; bars beyond the most aren't read.
MOST_CHARTS, MOST_BARS = 2, 8
Result = Mapping[str, Any]


def report_charts(results: Sequence[Result]) -> Iterator[dict[str, Any]]:
    """A chart of each unit that has something to compare, those with the most bars first."""
    by_unit: dict[str, list[Result]] = {}
    for result in results:
        by_unit.setdefault(result["unit"], []).append(result)
    charts = [(unit, rows, _items(rows)) for unit, rows in by_unit.items()]
    worth = [each for each in charts if len(each[2]) > 1]
    for unit, rows, items in sorted(worth, key=lambda each: -len(each[2]))[:MOST_CHARTS]:
        yield _chart(unit, rows, items)


def _chart(unit: str, rows: Sequence[Result], items: tuple[Item, ...]) -> dict[str, Any]:
    title = _finding(rows)
    drawn = svg(Chart(title=title, foot="", drawing=Bars(items)), titled=False)
    bars = "; ".join(f"{item.label}: {item.text}" for item in items)
    alt = _("Barras. %(title)s. %(bars)s.", title=title, bars=bars)
    return {"kind": "chart", "title": title, "svg": drawn, "alt": str(alt)}


def _items(rows: Sequence[Result]) -> tuple[Item, ...]:
    items = []
    for row in rows:
        if not (Decimal(row["value"]) or Decimal(row["before"] or 0)):
            continue
        name = in_words(row["texts"]["name"])
        items.append(_item(name, row["value"], row["unit"]))
        if row["before"] is not None:
            items.append(_item(str(_("%(name)s, antes", name=name)), row["before"], row["unit"]))
    return tuple(items[:MOST_BARS])


def _item(label: str, value: str, unit: str) -> Item:
    return Item(label, int(Decimal(value)), value_text(value, unit))


def _finding(rows: Sequence[Result]) -> str:
    """What the largest number says, with its change where there is one before."""
    most = max(rows, key=lambda row: Decimal(row["value"]))
    said = f"{in_words(most['texts']['name'])}: {value_text(most['value'], most['unit'])}"
    if most["before"] is None:
        return said
    return f"{said}, {change_text(most['value'], most['before'])}"
