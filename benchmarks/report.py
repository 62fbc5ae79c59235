"""A measurement in the contract's form, and a table of some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Result:
    """One figure in the contract's form. ``ratio`` is ``value`` to ``floor``."""

    name: str
    value: float
    unit: str
    floor: float | None
    floor_what: str | None
    ratio: float | None
    samples: int
    spread: float


def compared(name: str, unit: str, pairs: Sequence[tuple[float, float]], what: str) -> Result:
    """Medians of (ours, floor), and of their ratios."""
    values, floors = [ours for ours, _ in pairs], [bare for _, bare in pairs]
    ratio = median(ours / bare for ours, bare in pairs)
    return Result(
        name,
        round(median(values), 2),
        unit,
        round(median(floors), 2),
        what,
        round(ratio, 3),
        len(pairs),
        _spread(values),
    )


def alone(name: str, unit: str, values: Sequence[float]) -> Result:
    """What has no floor."""
    value = round(median(values), 2)
    return Result(name, value, unit, None, None, None, len(values), _spread(values))


def _spread(values: Sequence[float]) -> float:
    """From the least to the most, as a share of the median."""
    return round((max(values) - min(values)) / median(values), 3)


def show(results: Sequence[Result]) -> None:
    """Print the results as a small table."""
    print(f"{'':36}{'value':>10}  {'unit':<11}{'floor':>10}{'ratio':>8}{'spread':>8}")
    for r in results:
        floor = "" if r.floor is None else f"{r.floor:.2f}"
        ratio = "" if r.ratio is None else f"{r.ratio:.2f}"
        print(f"{r.name:36}{r.value:>10.2f}  {r.unit:<11}{floor:>10}{ratio:>8}{r.spread:>8.2f}")
