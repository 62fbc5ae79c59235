"""On a phone a line of a staff table is a card: no column is too narrow or out of sight."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "consular" / "templates"
STYLES = Path(__file__).parents[2] / "consular" / "static" / "site.css"
# Counts beside counts have to stay a table; they are narrow, and scroll.
FIGURES = {"overview.html", "tables.html", "api_docs.html"}
LISTS = sorted(
    file.relative_to(TEMPLATES).as_posix()
    for file in TEMPLATES.rglob("*.html")
    if "<table" in file.read_text(encoding="utf-8") and file.name not in FIGURES
)


@pytest.mark.parametrize("name", LISTS)
def test_each_cell_of_a_list_is_a_line_of_a_card(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    head, body = source.partition("<tbody>")[::2]
    assert "d-none d-md-table-row" in head[head.rindex("<thead>") :]
    cells = re.findall(r"<t[dh][^>]*>", body.partition("</tbody>")[0])
    assert cells
    card = re.compile(r"stacked|hidden|d-md-table-cell")
    assert [cell for cell in cells if not card.search(cell)] == []


def test_a_list_of_cards_doesnt_scroll_within_the_page() -> None:
    phone = re.search(r"@media \(max-width: 30rem\) \{(.*?)\n\}", STYLES.read_text(), re.DOTALL)
    assert phone
    assert re.search(r"\.table-wrap\S* \{ max-height: none; \}", phone[1])
