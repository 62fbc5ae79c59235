"""A small map of where a city is: land around it and a point, as SVG.

Offices are known by their city alone, so that the map shows no street. It is drawn without the
charts' engine, whose memory would be paid by every process of the web.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from html import escape
from itertools import groupby
from math import cos, radians
from pathlib import Path

WIDTH, HEIGHT = 328, 200
# From side to side, in degrees of latitude.
_DEGREES = 24
_BEYOND = 60
_GEO = Path(__file__).with_name("geo")
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
    ' height="{height}"><rect width="{width}" height="{height}" fill="#f5f6f7"/>'
    '<path d="{land}" fill="#d3d8db" stroke="#fff"/>'
    '<path d="{states}" fill="none" stroke="#fff"/>'
    '<circle cx="{x}" cy="{y}" r="7" fill="#9b2247" stroke="#fff" stroke-width="2"/>'
    '<text x="{x}" y="{above}" text-anchor="middle" font-family="Noto Sans, system-ui, sans-serif"'
    ' font-size="17" font-weight="bold" fill="#161a1d" stroke="#fff" stroke-width="4"'
    ' paint-order="stroke">{name}</text></svg>'
)
_Points = Sequence[Sequence[float]]


def draw_city(name: str, latitude: float, longitude: float) -> str:
    """The city in the middle of the map, with its name above the point."""
    down = WIDTH / _DEGREES
    across = down * cos(radians(latitude))

    def drawn(lines: Sequence[_Points]) -> str:
        return "".join(
            _path(
                [
                    _within(_around(east - longitude) * across, (latitude - north) * down)
                    for east, north in points
                ]
            )
            for points in lines
        )

    return _SVG.format(
        width=WIDTH,
        height=HEIGHT,
        land=drawn(_countries()),
        states=drawn(_states()),
        x=WIDTH // 2,
        y=HEIGHT // 2,
        above=HEIGHT // 2 - 14,
        name=escape(name),
    )


def _around(degrees: float) -> float:
    """The shorter way around the globe."""
    return (degrees + 180) % 360 - 180


def _within(right: float, down: float) -> tuple[int, int]:
    """From the middle; what is far beyond the map is moved to its border, where nobody sees it."""
    x, y = round(WIDTH / 2 + right), round(HEIGHT / 2 + down)
    return min(max(x, -_BEYOND), WIDTH + _BEYOND), min(max(y, -_BEYOND), HEIGHT + _BEYOND)


def _path(points: Sequence[tuple[int, int]]) -> str:
    """A line, without points that are where the one before is."""
    drawn = [point for point, _same in groupby(points)]
    inside = any(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn)
    return "M" + "L".join(f"{x} {y}" for x, y in drawn) if inside else ""


@cache
def _countries() -> Sequence[_Points]:
    rings: Sequence[_Points] = json.loads((_GEO / "countries.json").read_text(encoding="utf-8"))
    return rings


@cache
def _states() -> Sequence[_Points]:
    """Borders of the states of the United States, where most offices are."""
    borders = json.loads((_GEO / "united_states.json").read_text(encoding="utf-8"))
    lines: Sequence[_Points] = borders["coordinates"]
    return lines
