"""Periods of figures: a year, a quarter or a month, as ``2026``, ``2026-Q3`` or ``2026-09``."""

from __future__ import annotations

PERIOD = r"20[0-9]{2}(-(Q[1-4]|0[1-9]|1[0-2]))?"
