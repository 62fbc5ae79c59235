"""Charts draw themselves: values written on them, small, without anything from elsewhere."""

from __future__ import annotations

import re

import pytest

from consular.charts.drawing import (
    NARROW,
    WIDE,
    Area,
    Bars,
    Chart,
    Funnel,
    Item,
    Line,
    Map,
    Span,
    Trend,
    png,
    size,
    spots,
    svg,
)

OFFICES = (
    Item("Los Ángeles", 900, "900", mark="1", at=(34.05, -118.24)),
    Item("Santa Ana", 800, "800", at=(33.75, -117.87)),
    Item("Chicago", 30, "30", at=(41.88, -87.63)),
    Item("Madrid", 20, "20", at=(40.4, -3.7)),
)
DRAWINGS = {
    "bars": Bars(OFFICES),
    "funnel": Funnel((Item("Pedidas", 100, "100"), Item("Aprobadas", 34, "34 (34 %)"))),
    "trend": Trend(
        ("oct", "nov", "dic"),
        (Line("2026", (5, 7, None), "7"), Line("Un año antes", (6, 6, 6), "6")),
        (Span(0, 1, "1"),),
    ),
    "map": Map(Area.WORLD, OFFICES),
}


def draw(name: str, width: int = WIDE, *, titled: bool = False) -> str:
    return svg(Chart("Los Ángeles & Chicago", "Corte", DRAWINGS[name]), width=width, titled=titled)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bars", ["Los Ángeles [1]", "900", "Madrid", "20"]),
        ("funnel", ["Aprobadas", "34 (34 %)"]),
        ("trend", ["2026", "7", "Un año antes", "1", "oct"]),
        ("map", ["Los Ángeles [1] 900"]),
    ],
)
def test_values_and_notes_are_written_on_it(name: str, words: list[str]) -> None:
    drawn = draw(name)
    texts = re.findall(r"<(?:text|tspan)[^>]*>([^<]+)<", drawn)
    assert [word for word in words if word not in texts] == []
    assert "href=" not in drawn.replace("xmlns:xlink", "")
    assert "<style" not in drawn
    assert "url(http" not in drawn
    assert len(drawn) < 30_000


def test_names_of_places_close_to_each_other_are_not_written_over_each_other() -> None:
    assert "Santa Ana" not in draw("map")


def test_it_has_the_size_that_a_page_keeps_for_it() -> None:
    for name, drawing in DRAWINGS.items():
        for width in (WIDE, NARROW):
            room = size(Chart("", "", drawing), width)
            assert 'width="{}" height="{}"'.format(*room) in draw(name, width), name


def test_alone_it_has_its_title_and_cutoff() -> None:
    assert "Los Ángeles &amp; Chicago" in draw("funnel", titled=True)
    picture = png(Chart("Título", "Corte", DRAWINGS["funnel"]))
    assert picture.startswith(b"\x89PNG")


def test_a_chart_of_nothing_is_drawn_too() -> None:
    assert svg(Chart("", "", Bars((Item("Nada", 0, "0"),)))).startswith("<svg")
    assert svg(Chart("", "", Map(Area.UNITED_STATES, ()))).startswith("<svg")
    assert svg(Chart("", "", Trend(("ene",), (Line("2026", (None,)),)))).startswith("<svg")


@pytest.mark.parametrize("area", list(Area))
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_page_knows_where_each_circle_of_a_map_is_drawn(area: Area, width: int) -> None:
    """Links lie upon a map that the page doesn't draw: our projections are the engine's."""
    places = Map(area, OFFICES[:3]) if area is Area.UNITED_STATES else Map(area, OFFICES)
    circle = r'transform="translate\(([-\d.]+),([-\d.]+)\)" d="M([\d.]+),0A'
    drawn = re.findall(circle, svg(Chart("", "", places), width=width, titled=False))
    known = spots(places, width)
    assert [spot.item for spot in known] == list(places.items)
    assert len(drawn) == len(known)
    for spot, (x, y, radius) in zip(known, drawn, strict=True):
        # The drawing has two pixels of white around it, and one decimal.
        assert abs(spot.x - 2 - float(x)) < 0.15
        assert abs(spot.y - 2 - float(y)) < 0.15
        assert abs(spot.radius - float(radius)) < 0.15
    narrow = spots(places, NARROW)
    for wide, small in zip(spots(places, WIDE), narrow, strict=True):
        assert abs(wide.x / WIDE - small.x / NARROW) < 0.01, "one set of links fits both"
