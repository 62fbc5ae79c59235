"""A city's map: the point in the middle, land where land is, whatever the longitude."""

from __future__ import annotations

import csv
from pathlib import Path

from consular.charts.locating import draw_city
from services.consulates import loading

OFFICES = Path(loading.__file__).with_name("data") / "consulates.csv"


def test_every_office_has_a_small_map_with_land() -> None:
    with OFFICES.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            drawn = draw_city(row["city"], float(row["latitude"]), float(row["longitude"]))
            assert '<path d="M' in drawn, row["code"]
            assert len(drawn) < 20_000, row["code"]


def test_a_name_is_text() -> None:
    assert "&lt;b&gt;" in draw_city("<b>", 19.4, -99.1)
