"""Imports point one way, stand at the top, and libraries stay behind their one module."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable
from graphlib import TopologicalSorter
from pkgutil import resolve_name

import pytest
from importlinter.cli import lint_imports

from tests.architecture.source import FOLDERS, PACKAGES, ROOT, Module, imported, modules

# Library -> the only modules that may import it.
BEHIND = {
    "jose": {"consular/tokens.py"},
    "phonenumbers": {"services/kernel/identifiers.py"},
    "cryptography.hazmat.primitives.ciphers": {"services/kernel/crypto.py"},
}


def test_import_contracts_hold(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    failed = lint_imports(str(ROOT / "pyproject.toml"), cache_dir=None, no_cache=True)
    assert failed == os.EX_OK, capsys.readouterr().out


def test_every_package_is_held_by_the_import_contracts() -> None:
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert ours - {"tests", "migrations", "benchmarks"} == set(PACKAGES)


def test_no_modules_import_each_other_in_a_circle() -> None:
    everything = modules(*FOLDERS)
    names = {module.path.removesuffix(".py").replace("/", "."): module for module in everything}
    graph = {
        name: {
            target
            for source, thing in module.imports()
            for target in (source, f"{source}.{thing}")
            if target in names
        }
        for name, module in names.items()
    }
    # Raises CycleError, which names the circle.
    assert len(list(TopologicalSorter(graph).static_order())) == len(names)


def test_no_function_imports_anything() -> None:
    faults = [
        f"{module.path}:{function.lineno} {function.name}: {source}"
        for module in modules(*FOLDERS)
        for function in module.functions()
        for inner in ast.walk(function)
        for source, _ in imported(inner)
    ]
    assert faults == []


@pytest.mark.parametrize("library", BEHIND)
def test_a_guarded_library_is_imported_by_its_module_only(library: str) -> None:
    users = {
        module.path
        for module in modules()
        for source, name in module.imports()
        if f"{source}.{name}".startswith(f"{library}.") or source == library
    }
    assert users == BEHIND[library]


def _users(folder: str, wrong: Callable[[Module, str, str], bool]) -> list[str]:
    return [
        f"{module.path}: {source} {name}"
        for module in modules(folder)
        for source, name in module.imports()
        if wrong(module, source, name)
    ]


def test_rules_know_no_database() -> None:
    def wrong(module: Module, source: str, _name: str) -> bool:
        is_rules = module.path.endswith("/rules.py")
        return is_rules and (source.startswith("sqlalchemy") or source.endswith(".models"))

    assert _users("services", wrong) == []


@pytest.mark.parametrize("folder", ["consular/api", "consular/pages", "workers/jobs"])
def test_routes_and_jobs_call_use_cases_and_write_no_queries(folder: str) -> None:
    """They may name the Session that they hand on, for its type; no model, no statement."""

    def wrong(_module: Module, source: str, name: str) -> bool:
        if source.startswith("sqlalchemy"):
            return (source, name) != ("sqlalchemy.orm", "Session")
        return source.endswith(".models") or name == "models"

    assert _users(folder, wrong) == []


# As in "workers.main:run_worker" or "workers.main.run_worker".
_NAME = re.compile(rf"({'|'.join(PACKAGES)})(\.\w+)*[.:]\w+")


def _names_something(text: str) -> bool:
    try:
        return callable(resolve_name(text))
    except (ImportError, AttributeError, ValueError):
        return False


def test_what_is_ours_is_imported_and_not_named_in_a_string() -> None:
    """A renaming would break the string, and nothing would say so."""
    named = [
        f"{module.path}:{node.lineno}: {node.value}"
        for module in modules(*PACKAGES, "migrations", "benchmarks")
        for node in module.nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _NAME.fullmatch(node.value)
        and _names_something(node.value)
    ]
    assert named == []


def test_packages_are_marked_by_empty_files() -> None:
    markers = [file for folder in PACKAGES for file in (ROOT / folder).rglob("__init__.py")]
    assert [str(file) for file in markers if file.read_text(encoding="utf-8").strip()] == []


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "base_utils"}
    parts = {part.removesuffix(".py") for module in modules() for part in module.path.split("/")}
    assert parts & drawers == set()
