"""``consular recount``: prove that the sums of facts are those of all facts, or build them anew."""

from __future__ import annotations

from collections.abc import Callable

from consular.seed import one_transaction
from services.facts.cubes import CUBES, name_of
from services.facts.recounting import Recount
from services.kernel.clock import transaction_clock
from services.kernel.settings import Settings
from services.monitoring.recounting import prove, rebuild


def recount_facts(settings: Settings, say: Callable[[str], None], *, anew: bool) -> bool:
    """Recount each of the sums, as the workers do every day, after they were built ``anew`` if so
    asked. Says what differs; returns whether all of them agree and are in use."""
    url = settings.worker_database_url or settings.require("WORKER_DATABASE_URL")
    right = True
    for cube in CUBES:
        if anew:
            with one_transaction(url) as session:
                if not rebuild(session, cube, now=transaction_clock(session)):
                    say(f"{name_of(cube)}: somebody else is building it.")
        with one_transaction(url) as session:
            result = prove(session, cube, now=transaction_clock(session))
        for line in _describe(result):
            say(line)
        right = right and result.at is not None and not result.differences
    return right


def _describe(result: Recount) -> list[str]:
    if result.differences:
        cells = [
            f"  {cell.place}: kept {_counts(cell.kept)}, counted {_counts(cell.counted)}"
            for cell in result.cells
        ]
        head = f"{result.name}: {result.differences} cells differ; it is used no more."
        return [head, *cells]
    if result.at is None:
        return [f"{result.name}: not in use."]
    return [f"{result.name}: as counted, up to {result.at:%Y-%m-%d %H:%M:%S %Z}."]


def _counts(counts: tuple[int, ...]) -> str:
    return "/".join(map(str, counts))
