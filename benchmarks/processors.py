"""How much of the processors' time processes took: Linux's own count."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

# User's and system's, of the process itself and of those that it has waited for (proc(5), from
# the third field on).
_TIMES = slice(11, 15)


def seconds_of(pid: int) -> float:
    """Of this process and of all that it began, also of those that have ended."""
    spent: dict[int, int] = {}
    children: defaultdict[int, list[int]] = defaultdict(list)
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            fields = status.read_text().rpartition(")")[2].split()
            number = int(status.parent.name)
            spent[number] = sum(map(int, fields[_TIMES]))
            children[int(fields[1])].append(number)
    return _sum(pid, spent, children) / os.sysconf("SC_CLK_TCK")


def _sum(pid: int, spent: dict[int, int], children: dict[int, list[int]]) -> int:
    return spent.get(pid, 0) + sum(_sum(child, spent, children) for child in children.get(pid, ()))
