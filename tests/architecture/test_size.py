"""Functions fit on a screen, in the tests too."""

from __future__ import annotations

from statistics import median, quantiles

from tests.architecture.source import FOLDERS, modules

# Migrations list the columns of tables, and stay as they are.
MEASURED = [folder for folder in FOLDERS if folder != "migrations"]
LENGTHS = {
    f"{module.path}:{function.lineno} {function.name}": (function.end_lineno or 0)
    - function.lineno
    + 1
    for module in modules(*MEASURED)
    for function in module.functions()
}


def test_no_function_is_longer_than_sixty_lines() -> None:
    assert {name: length for name, length in LENGTHS.items() if length > 60} == {}


def test_nine_in_ten_are_within_twenty_lines_and_half_within_eight() -> None:
    assert quantiles(LENGTHS.values(), n=10)[-1] <= 20
    assert median(LENGTHS.values()) <= 8
