"""What a page's tables say, without their markup."""

from __future__ import annotations

import re
from html import unescape


def rows_of(page: str) -> list[list[str]]:
    """The cells of each row of all tables, heads among them."""
    return [
        [_words(cell) for cell in re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr\b[^>]*>(.*?)</tr>", page, re.DOTALL)
    ]


def _words(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", markup)).split())
