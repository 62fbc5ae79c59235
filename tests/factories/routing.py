"""Compiled addresses, shared by the applications of one process.

Nearly each test of API and pages has an application of its own. Of the time that its making took,
four fifths went into compiling how the addresses of 420 routes are written, each time to the same
code.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from werkzeug.routing.rules import Rule

_Builder = Callable[..., tuple[str, str]]
_compile: Callable[[Rule, bool], _Builder] = Rule._compile_builder
_known: dict[tuple[object, ...], _Builder] = {}


@cache
def share_builders() -> None:
    """Let a rule that reads like one before take that one's code: it depends on nothing else."""
    replaced: Any = Rule
    replaced._compile_builder = _shared


def _shared(rule: Rule, append_unknown: bool = True) -> _Builder:
    key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
    if key not in _known:
        _known[key] = _compile(rule, append_unknown)
    return _known[key]
