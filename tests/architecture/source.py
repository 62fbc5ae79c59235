"""Our own source, read as syntax trees: what the fitness tests look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("consular", "services", "integrations", "workers")
# All that is Python here.
FOLDERS = (*PACKAGES, "benchmarks", "migrations", "tests")


@dataclass(frozen=True)
class Module:
    """A file of ours. ``path`` is relative to the root, as in ``services/kernel/db.py``."""

    path: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, walked once for all tests."""
        return tuple(ast.walk(self.tree))

    def calls(self) -> Iterator[ast.Call]:
        """Every call that is written in the module."""
        return (node for node in self.nodes if isinstance(node, ast.Call))

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function, also within classes and other functions."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return (node for node in self.nodes if isinstance(node, kinds))

    def imports(self) -> Iterator[tuple[str, str]]:
        """(module, name) of ``from module import name``; (module, "") of ``import module``."""
        for node in self.nodes:
            yield from imported(node)


def imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """What one statement imports."""
    if isinstance(node, ast.ImportFrom):
        yield from ((node.module or "", alias.name) for alias in node.names)
    elif isinstance(node, ast.Import):
        yield from ((alias.name, "") for alias in node.names)


def modules(*under: str) -> tuple[Module, ...]:
    """The modules below these folders; of all our packages when none is named."""
    return tuple(
        _parse(file)
        for folder in under or PACKAGES
        for file in sorted((ROOT / folder).rglob("*.py"))
    )


@cache
def _parse(file: Path) -> Module:
    return Module(str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8")))


def written(node: ast.AST) -> str:
    """``datetime.now`` for such an attribute or name; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{written(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def literal(node: ast.AST | None) -> str | None:
    """The text of a string constant."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None
