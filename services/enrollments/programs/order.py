"""Which programs come before which."""

from __future__ import annotations

from collections.abc import Iterable

from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Program


def comes_after(program: Program) -> tuple[str, ...]:
    """The programs that come before it."""
    numbers = (each.name for each in program.fields if each.name in PROGRAMS)
    return tuple(dict.fromkeys((*program.requires, *numbers)))


def in_order(wanted: Iterable[str]) -> list[str]:
    """The wanted programs and all that come before them, each after those that it needs."""
    needed: set[str] = set()
    pending = list(wanted)
    while pending:
        program = pending.pop()
        if program not in needed:
            needed.add(program)
            pending += comes_after(PROGRAMS[program])
    return [program for program in PROGRAMS if program in needed]
