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
    # The same with a tenth of the data, where that was measured.
    at_a_tenth: float | None = None


def compared(
    name: str,
    unit: str,
    pairs: Sequence[tuple[float, float]],
    what: str,
    at_a_tenth: Sequence[float] = (),
) -> Result:
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
        round(median(at_a_tenth), 2) if at_a_tenth else None,
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
    name = max((len(r.name) for r in results), default=0)
    print(
        f"{'':{name}}{'at a tenth':>12}{'value':>10}  {'':13}{'floor':>9}{'ratio':>8}{'spread':>8}"
    )
    for r in results:
        tenth, floor = _two_places(r.at_a_tenth), _two_places(r.floor)
        ratio = "" if r.ratio is None else f"{r.ratio:.3f}"
        print(
            f"{r.name:{name}}{tenth:>12}{r.value:>10.2f}  {r.unit:<13}{floor:>9}{ratio:>8}"
            f"{r.spread:>8.2f}"
        )


def _two_places(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
