"""What can go wrong with a count."""

from __future__ import annotations

from services.kernel.errors import Conflict


class FiguresDiffer(Conflict):
    """The second person typed another number; both are kept, and either may correct theirs."""

    code = "figures_differ"

    def __init__(self, *, typed: int, reported: int) -> None:
        super().__init__(typed=typed, reported=reported)
