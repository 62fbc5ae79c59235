"""Addresses, templates and statements, compiled once for all the applications of one process.

Nearly each test of API and pages has an application and a database of its own. To compile the same
addresses, templates and statements for each of them took half of the processors' time of a test.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Map, Rule
from werkzeug.routing.rules import RuleFactory

_OPTIONS = (
    "default_subdomain", "strict_slashes", "merge_slashes", "redirect_defaults", "sort_parameters",
    "sort_key", "host_matching",
)  # fmt: skip

_WRITTEN = (
    "rule", "endpoint", "strict_slashes", "merge_slashes", "subdomain", "host", "build_only",
    "alias", "redirect_to", "websocket", "provide_automatic_options",
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
    plain = (getattr(rule, name, None) for name in _WRITTEN)
    return (*plain, frozenset(rule.methods or ()), repr(rule.defaults))


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


_make_engine = Engine.__init__
_statements: Any = LRUCache(2_000)


def _make_sharing_engine(engine: Engine, *arguments: Any, **options: Any) -> None:
    _make_engine(engine, *arguments, **options)
    engine._compiled_cache = _statements


def share() -> None:
    """Let applications that are made from now on share all three: they depend on nothing else.

    Statements depend on the dialect, and all dialects of a run speak to one server.
    """
    replaced: Any = PGDialect_psycopg
    replaced.__hash__ = lambda dialect: hash(type(dialect))
    replaced.__eq__ = lambda dialect, other: type(dialect) is type(other)
    replaced = Engine
    replaced.__init__ = _make_sharing_engine
    Flask.url_map_class = SharedMap
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": SharedTemplates()}
