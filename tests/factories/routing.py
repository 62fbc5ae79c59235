"""Addresses and templates, compiled once for all the applications of one process.

Nearly each test of API and pages has an application of its own. To compile the same addresses and
the same templates for each of them took a third of the processors' time of such a test.
"""

from __future__ import annotations

from copy import copy

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Map, Rule
from werkzeug.routing.rules import RuleFactory

_OPTIONS = (
    "default_subdomain", "strict_slashes", "merge_slashes", "redirect_defaults", "sort_parameters",
    "sort_key", "host_matching",
)  # fmt: skip


class SharedMap(Map):
    """A map whose addresses are compiled when it is first asked, unless one that reads like it was
    compiled before: then it is that one."""

    _known: dict[tuple[object, ...], Map] = {}  # noqa: RUF012 - of the process

    def add(self, rulefactory: RuleFactory) -> None:
        """As Map's, but for the compiling."""
        self.__dict__.setdefault("written", []).extend(rulefactory.get_rules(self))
        self._remap = True

    def update(self) -> None:
        """As Map's: called before every look at what it holds."""
        with self._remap_lock:
            if self._remap:
                compiled = self._compiled(self.__dict__.get("written", []))
                self._matcher = compiled._matcher
                self._rules_by_endpoint = compiled._rules_by_endpoint
                self._remap = False

    def _compiled(self, written: list[Rule]) -> Map:
        options = {name: getattr(self, name) for name in _OPTIONS}
        key = (repr(options), repr(self.converters), *map(_as_written, written))
        if key not in self._known:
            made = Map(**options)
            made.converters = self.converters
            for rule in written:
                made.add(copy(rule))
            made.update()
            self._known[key] = made
        return self._known[key]


def _as_written(rule: Rule) -> tuple[object, ...]:
    return tuple((name, repr(value)) for name, value in sorted(vars(rule).items()))


class SharedTemplates(BytecodeCache):
    """Compiled templates by their text."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], object] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Of a template that reads the same."""
        bucket.code = self._known.get((bucket.key, bucket.checksum))  # type: ignore[assignment]

    def dump_bytecode(self, bucket: Bucket) -> None:
        """For the next application."""
        self._known[bucket.key, bucket.checksum] = bucket.code


def share_compiled() -> None:
    """Let applications that are made from now on share both: they depend on nothing else."""
    Flask.url_map_class = SharedMap
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": SharedTemplates()}
