"""Pictures of the pages that a walk sees, where ``PICTURES`` names a folder for them."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

WIDTHS = (360, 1280)


def keep_picture(page: Page) -> None:
    """At both widths, numbered in the order of the walk."""
    if "PICTURES" not in os.environ:
        return
    walk = os.environ["PYTEST_CURRENT_TEST"].partition("::")[2].partition(" ")[0]
    folder = Path(os.environ["PICTURES"]) / walk
    folder.mkdir(parents=True, exist_ok=True)
    number, size = len(list(folder.iterdir())) // len(WIDTHS) + 1, page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=folder / f"{number:02d}-{width}.png", full_page=True)
    if size:
        page.set_viewport_size(size)
