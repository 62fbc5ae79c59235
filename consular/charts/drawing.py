"""Charts: data and one function that draws it, as SVG or PNG, on the server.

A chart's title says what the numbers say. Values are written on it, color is never the only sign,
and the table with the same numbers stands beside it for whoever reads no picture.
"""

from __future__ import annotations

import importlib
import json
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from math import sqrt
from pathlib import Path
from types import ModuleType
from typing import Any

import fontpkg_noto_sans

from consular.charts.projecting import Fitted, Project, albers, equal_earth, fit

# Pixels: a column of a page, and a telephone's page without its margins.
WIDE, NARROW = 600, 328
# Of a picture for slides and letters: pixels for each of the drawing's.
PNG_SCALE = 2
# Kept of what was drawn; the largest has some 30 kB.
MOST_KEPT = 256

_VERDE, _GUINDA, _NEGRO, _RULE, _LAND = "#1e5b4f", "#9b2247", "#161a1d", "#c9cdd1", "#e4e7e9"
_FONT = "Noto Sans, system-ui, sans-serif"
_FONTS = Path(fontpkg_noto_sans.__file__).with_name("files")
_GEO = Path(__file__).with_name("geo")
_ROW = 46
_DECIMALS = re.compile(r"(\.\d)\d+")
_NAMED_PLACES = {WIDE: 6, NARROW: 3}


@dataclass(frozen=True)
class Item:
    """A bar, a step or a place. ``text``: its value as people read it; ``mark``: which notes are
    about it; ``at``: latitude and longitude of a place, ``key`` its code."""

    label: str
    value: int
    text: str
    mark: str = ""
    at: tuple[float, float] | None = None
    key: str = ""

    @property
    def name(self) -> str:
        """With the numbers of its notes."""
        return f"{self.label} [{self.mark}]" if self.mark else self.label


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, in the order given."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Funnel:
    """What is left after each step: the first is the whole."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Line:
    """A series by the labels of its trend; None where there is no value. ``text`` goes beside its
    last one."""

    name: str
    values: tuple[int | None, ...]
    text: str = ""


@dataclass(frozen=True)
class Span:
    """From which label of a trend to which a note goes, by their place; ``mark`` is its number."""

    first: int
    last: int
    mark: str


@dataclass(frozen=True)
class Trend:
    """Lines over labels such as months. The first line is the one that matters."""

    labels: tuple[str, ...]
    lines: tuple[Line, ...]
    spans: tuple[Span, ...] = ()


class Area(StrEnum):
    """Which map."""

    WORLD = "world"
    UNITED_STATES = "united_states"


# Degrees of longitude from side to side, and where the middle is.
_DEGREES = {Area.WORLD: 360, Area.UNITED_STATES: 62}
_MIDDLE = {Area.WORLD: 0, Area.UNITED_STATES: -96}
# The engine's projections, ours that are equal to them, and the place that the engine's `translate`
# is about.
_PROJECTIONS: dict[Area, tuple[dict[str, Any], Project, tuple[float, float]]] = {
    Area.WORLD: ({"type": "equalEarth"}, equal_earth, (0, 0)),
    Area.UNITED_STATES: ({"type": "albers", "rotate": [96, 0, 0]}, albers, (-96.6, 38.7)),
}
# The largest circle of a map: its diameter's square for each pixel of width; white around every
# drawing, in pixels.
_LARGEST, _PADDING = 1.6, 2


@dataclass(frozen=True)
class Map:
    """Circles whose area is the value; the largest are named."""

    area: Area
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Chart:
    """``title`` is the finding, ``foot`` the cutoff and the unit; ``head`` and ``rows`` are its
    table."""

    title: str
    foot: str
    drawing: Bars | Funnel | Trend | Map
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def svg(chart: Chart, *, width: int = WIDE, titled: bool = True) -> str:
    """The chart as SVG; with its title and foot inside unless they stand beside it."""
    return _svg(_spec(chart, width, titled))


def png(chart: Chart, *, width: int = WIDE, titled: bool = True) -> bytes:
    """The same as a picture of dots."""
    return _png(_spec(chart, width, titled))


def size(chart: Chart, width: int = WIDE) -> tuple[int, int]:
    """Width and height in pixels without the title, so that a page can keep the room."""
    return width, _height(chart.drawing, width)


@dataclass(frozen=True)
class Spot:
    """Where the circle of a place is drawn."""

    item: Item
    x: float
    y: float
    radius: float


def spots(drawing: Map, width: int = WIDE) -> list[Spot]:
    """Every circle of a map, for links upon it; of the same map in another width they are at the
    same place of the whole."""
    fitted, most = _fitted(drawing.area, width), _most(drawing)
    circles = []
    for item, (latitude, longitude) in _drawn_items(drawing):
        x, y = fitted.at(longitude, latitude)
        radius = sqrt(item.value / most * _LARGEST * width) / 2
        circles.append(Spot(item, x + _PADDING, y + _PADDING, radius))
    return circles


def _drawn_items(drawing: Map) -> list[tuple[Item, tuple[float, float]]]:
    return [(item, item.at) for item in drawing.items if item.at and item.value > 0]


def _most(drawing: Map) -> int:
    return max([1, *(item.value for item, _at in _drawn_items(drawing))])


@cache
def _fitted(area: Area, width: int) -> Fitted:
    outline = _outlines(area)["coordinates"]
    lines = [ring for polygon in outline for ring in polygon] if area is Area.WORLD else outline
    height = _height(Map(area, ()), width)
    points = [(point[0], point[1]) for line in lines for point in line]
    margins = 2 * _PADDING
    return fit(_PROJECTIONS[area][1], points, width - margins, height - margins)


def _height(drawing: Bars | Funnel | Trend | Map, width: int) -> int:
    if isinstance(drawing, Bars | Funnel):
        return _ROW * len(drawing.items)
    if isinstance(drawing, Trend):
        return 260 if width > NARROW else 220
    return round(width * (0.62 if drawing.area is Area.UNITED_STATES else 0.5))


def _spec(chart: Chart, width: int, titled: bool) -> str:
    """Vega-Lite as text: the key under which a drawing is kept."""
    height = _height(chart.drawing, width)
    drawn = _drawn(chart.drawing, width).properties(
        width=width,
        background="white",
        autosize=_altair().AutoSizeParams(type="fit", contains="padding"),
        padding=_PADDING,
    )
    if titled:
        title = _title(chart, width)
        drawn = drawn.properties(title=title)
        height += 20 * len(title.text) + 17 * len(title.subtitle) + 16
    drawn = drawn.properties(height=height)
    whole = (
        drawn.configure(font=_FONT, aria=False).configure_view(stroke=None).to_dict(validate=False)
    )
    return json.dumps(whole, ensure_ascii=False, sort_keys=True)


def _drawn(drawing: Bars | Funnel | Trend | Map, width: int) -> Any:
    if isinstance(drawing, Trend):
        return _trend(drawing, width)
    return _map(drawing, width) if isinstance(drawing, Map) else _bars(drawing, width)


def _title(chart: Chart, width: int) -> Any:
    return _altair().TitleParams(
        text=textwrap.wrap(chart.title, width // 9),
        subtitle=textwrap.wrap(chart.foot, width // 7),
        anchor="start",
        fontSize=16,
        subtitleFontSize=13,
        color=_NEGRO,
        subtitleColor=_NEGRO,
        offset=12,
    )


def _bars(drawing: Bars | Funnel, width: int) -> Any:
    """Each with its words above and its value at the end."""
    alt = _altair()
    items = drawing.items
    rows = [{"n": n, "v": i.value, "t": i.text, "l": i.name} for n, i in enumerate(items)]
    most = max([1, *(item.value for item in items)])
    # The longest value is written beyond the longest bar.
    room = 1 - (max((len(item.text) for item in items), default=0) * 9 + 10) / width
    base = alt.Chart(alt.InlineData(rows)).encode(
        y=alt.Y("n:O", axis=None, scale=alt.Scale(padding=0)),
    )
    x = alt.X("v:Q", axis=None, scale=alt.Scale(domain=[0, most / room], nice=False))
    color = _GUINDA if isinstance(drawing, Funnel) else _VERDE
    return alt.layer(
        base.mark_bar(height=16, yOffset=10, color=color).encode(x=x),
        _text(base, dy=-10, align="left").encode(x=alt.value(0), text="l:N"),
        _text(base, dy=10, dx=5, align="left", fontWeight="bold").encode(x=x, text="t:N"),
    )


def _trend(drawing: Trend, width: int) -> Any:
    """The first line whole and thick, others dashed; each is named at its end."""
    alt = _altair()
    last = len(drawing.labels) - 1
    most = max([1, *(v for line in drawing.lines for v in line.values if v is not None)])
    labels = json.dumps(drawing.labels, ensure_ascii=False)
    across = _axis(
        values=list(range(0, last + 1, 1 if width > NARROW else 3)),
        labelExpr=f"{labels}[datum.value]",
        grid=False,
        domainColor=_NEGRO,
    )
    up = _axis(tickCount=4, format=",d", gridColor=_RULE, domain=False, ticks=False)
    ends = alt.Scale(domain=[-0.3, _end(drawing, width)], nice=False)
    x = alt.X("i:Q", axis=across, scale=ends)
    y = alt.Y("v:Q", axis=up, scale=alt.Scale(domain=[0, most * 1.2], nice=False))
    layers = [_spans(drawing.spans, x)] if drawing.spans else []
    for place, line in enumerate(drawing.lines):
        rows = [{"i": i, "v": v} for i, v in enumerate(line.values) if v is not None]
        layers += _line(line, rows, place, x, y, _offset(drawing.lines, place)) if rows else []
    return alt.layer(*layers)


def _axis(**how: Any) -> Any:
    return _altair().Axis(title=None, labelFontSize=12, labelColor=_NEGRO, tickColor=_RULE, **how)


def _end(drawing: Trend, width: int) -> float:
    """Of the axis of labels: beyond the last one there is room for the names of the lines."""
    last, named = len(drawing.labels) - 1, 110
    return last + 0.3 + (last + 0.6) * named / (width - 40 - named)


def _spans(spans: Sequence[Span], x: Any) -> Any:
    """A tinted strip for each note, with its number on top."""
    alt = _altair()
    rows = [{"i": s.first - 0.3, "j": s.last + 0.3, "t": s.mark} for s in spans]
    base = alt.Chart(alt.InlineData(rows)).encode(x=x)
    return alt.layer(
        base.mark_rect(color="#e6d194", opacity=0.5).encode(x2="j:Q"),
        _text(base, align="left", baseline="top", dx=2).encode(y=alt.value(0), text="t:N"),
    )


def _line(line: Line, rows: list[dict[str, Any]], place: int, x: Any, y: Any, dy: int) -> list[Any]:
    alt = _altair()
    color = _VERDE if place == 0 else _GUINDA
    base = alt.Chart(alt.InlineData(rows)).encode(x=x, y=y)
    end = alt.Chart(alt.InlineData([{**rows[-1], "t": f"{line.name}\n{line.text}"}]))
    name = {"align": "left", "dx": 8, "dy": dy, "color": color, "fontWeight": "bold"}
    dash = [] if place == 0 else [5, 4]
    return [
        base.mark_line(color=color, strokeWidth=3 if place == 0 else 2, strokeDash=dash),
        base.mark_point(color=color, filled=place == 0, size=30, shape="circle", opacity=1),
        _text(end, lineBreak="\n", **name).encode(x=x, y=y, text="t:N"),
    ]


def _offset(lines: Sequence[Line], place: int) -> int:
    """Words above the higher of two ends, below the lower."""
    ends = [next((v for v in reversed(line.values) if v is not None), 0) for line in lines]
    highest = ends.index(max(ends)) == place
    return 0 if len(lines) == 1 else -16 if highest else 10


def _map(drawing: Map, width: int) -> Any:
    alt = _altair()
    rows: list[dict[str, Any]] = [
        {"v": item.value, "a": latitude, "o": longitude, "t": f"{item.name} {item.text}"}
        for item, (latitude, longitude) in _drawn_items(drawing)
    ]
    scale = alt.Scale(domain=[0, _most(drawing)], range=[0, width * _LARGEST])
    size = alt.Size("v:Q", legend=None, scale=scale)
    spot = {"longitude": "o:Q", "latitude": "a:Q"}
    circles = alt.Chart(alt.InlineData(rows)).mark_circle(
        color=_VERDE, opacity=0.6, stroke=_NEGRO, strokeWidth=0.7
    )
    names = alt.Chart(alt.InlineData(_named(rows, drawing.area, width)))
    placed: dict[str, Any] = {"dy": -12, "align": {"expr": "datum.k"}}
    layers = [
        _outline(drawing.area),
        circles.encode(size=size, **spot),
        _text(names, stroke="white", strokeWidth=4, **placed).encode(text="t:N", **spot),
        _text(names, **placed).encode(text="t:N", **spot),
    ]
    projection, _ours, middle = _PROJECTIONS[drawing.area]
    fitted = _fitted(drawing.area, width)
    return alt.layer(*layers).project(
        **projection, scale=fitted.scale, translate=list(fitted.at(*middle))
    )


def _named(rows: Sequence[dict[str, Any]], area: Area, width: int) -> list[dict[str, Any]]:
    """The largest places, each written where no larger one is, towards the middle of the map."""
    degree = width / _DEGREES[area]
    named: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: -row["v"])[:12]:
        free = all(
            abs(row["o"] - other["o"]) * degree > 130 or abs(row["a"] - other["a"]) * degree > 18
            for other in named
        )
        if free and len(named) < _NAMED_PLACES.get(width, 6):
            named.append({**row, "k": "left" if row["o"] < _MIDDLE[area] else "right"})
    return named


def _outline(area: Area) -> Any:
    alt = _altair()
    shape = alt.Chart(alt.InlineData(_outlines(area)))
    if area is Area.WORLD:
        return shape.mark_geoshape(fill=_LAND, stroke=None)
    return shape.mark_geoshape(filled=False, stroke="#9aa1a7", strokeWidth=0.8)


def _text(base: Any, **how: Any) -> Any:
    return base.mark_text(**{"fontSize": 14, "color": _NEGRO, "baseline": "middle", **how})


@cache
def _outlines(area: Area) -> Any:
    return json.loads((_GEO / f"{area}.json").read_text(encoding="utf-8"))


@lru_cache(MOST_KEPT)
def _svg(spec: str) -> str:
    """Without the decimals that no eye sees: a third of a map's bytes."""
    drawn: str = _converter().vegalite_to_svg(spec, allowed_base_urls=[])
    return _DECIMALS.sub(r"\1", drawn)


@lru_cache(MOST_KEPT // 4)
def _png(spec: str) -> bytes:
    drawn: bytes = _converter().vegalite_to_png(spec, scale=PNG_SCALE, allowed_base_urls=[])
    return drawn


@cache
def _altair() -> ModuleType:
    """Loaded by the first chart, so that a process that draws none has no use of its memory."""
    return importlib.import_module("altair")


@cache
def _converter() -> ModuleType:
    """The same; it brings a JavaScript engine."""
    converter = importlib.import_module("vl_convert")
    converter.register_font_directory(str(_FONTS))
    return converter
