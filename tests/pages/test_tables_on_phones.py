"""On a phone a line of a staff table is a card: no column is too narrow or out of sight."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "consular" / "templates"
STYLES = Path(__file__).parents[2] / "consular" / "static" / "site.css"
# Counts beside counts have to stay a table; they are narrow, and scroll.
FIGURES = {"figures.html", "tables.html", "api_docs.html"}
# Hundreds of lines of which one is opened: on a phone only hour, person and status are columns.
AGENDA = "_agenda_list.html"
# The same without the network.
OFFLINE = "offline.html"
# Two columns on a television across the room.
SCREEN = "board.html"
CARDS = re.compile(r"\{% call tables\.cards\(.*?%\}(.*?)\{% endcall %\}", re.DOTALL)
LISTS = sorted(
    file.relative_to(TEMPLATES).as_posix()
    for file in TEMPLATES.rglob("*.html")
    if CARDS.search(file.read_text(encoding="utf-8"))
)


def test_every_other_list_is_one_of_cards() -> None:
    tables = {file.name for file in TEMPLATES.rglob("*.html") if "<table" in file.read_text()}
    assert tables - {AGENDA, OFFLINE, SCREEN} <= FIGURES
    assert len(LISTS) > 4


def test_the_head_of_a_list_is_left_out_on_a_phone() -> None:
    macro = (TEMPLATES / "components" / "tables.html").read_text().partition("macro cards(")[2]
    head = macro.partition("<tbody>")[0]
    assert "d-none d-md-table-row" in head[head.rindex("<thead>") :]


@pytest.mark.parametrize("name", LISTS)
def test_each_cell_of_a_list_is_a_line_of_a_card(name: str) -> None:
    for rows in CARDS.findall((TEMPLATES / name).read_text(encoding="utf-8")):
        cells = re.findall(r"<t[dh][^>]*>", rows)
        assert cells
        card = re.compile(r"stacked|hidden|d-md-table-cell")
        assert [cell for cell in cells if not card.search(cell)] == []


def test_the_agenda_keeps_three_columns_on_a_phone() -> None:
    page = (TEMPLATES / "desk" / AGENDA).read_text(encoding="utf-8")
    head = page.partition("<thead>")[2].partition("</thead>")[0]
    columns = re.findall(r"<th[^>]*>", head)
    assert len([column for column in columns if "wide" not in column]) == 3
    style = STYLES.with_name("desk.css").read_text(encoding="utf-8")
    phone = re.search(r"@media screen and \(max-width: 62rem\) \{(.*?)\n\}", style, re.DOTALL)
    assert phone
    assert ".agenda .wide { display: none; }" in phone[1]


def test_a_list_of_cards_doesnt_scroll_within_the_page() -> None:
    phone = re.search(r"@media \(max-width: 30rem\) \{(.*?)\n\}", STYLES.read_text(), re.DOTALL)
    assert phone
    assert re.search(r"\.table-wrap\S* \{ max-height: none; \}", phone[1])
