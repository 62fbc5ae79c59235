"""Each dimension of a fact has a column; figures stay what they were, whichever version wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from consular.migrations import upgrade
from services.facts.keys import OF_LINE, Key
from services.facts.models import Fact
from services.facts.recording import Counted, Dimensions, record
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.monitoring.dimensions import SOURCES, Dimension
from services.monitoring.figures import AskIndicator, figures
from services.monitoring.indicators import INDICATORS
from tests.servers import Addresses, DatabaseUrls, connected

# The last migration before dimensions had names.
BEFORE = "0026"
DAY = date(2026, 12, 7)
# Kind, dimension by which it is counted, and the names it had in the one column of before.
KINDS = {
    "appointment": ("service_code", ("PAS10", "MAT")),
    "enrollment": ("program_code", ("rfc", "rfc", "imss")),
    "remittance": ("payout", ("account", "branch")),
    "vote_count.votes": ("vote_mode", ("postal", "all")),
    "vote_count.registered": ("vote_mode", ("all",)),
}
# The dimension of a kind that came later.
LATER = {"unmet_search": "service_code"}
# What the lines of votes are about: a number of an election, which they have to name.
COUNT = "0b8b1c4e-7a4e-4d3a-9c0f-000000000027"
MAKE_COUNT = (
    "INSERT INTO vote_counts (id, election, metric, dimension, key, value, unit, source, status)"
    " VALUES (%s, '2024', 'votes', 'total', '', 2, 'count', 'Acta', 'published')"
)
# As the version before writes a fact, and reads figures.
WRITE = (
    "INSERT INTO facts (kind, subject_id, program, status, day, quantity, people, services,"
    " occurred_at) VALUES (%s, %s, %s, 'active', %s, 2, 3, 5, now())"
)
CALL = "SELECT record_fact(%s, %s, NULL, %s, 'active', %s, 2, 3, 5, now())"
READ = (
    "SELECT program, sum(quantity)::int FROM facts WHERE kind = %s"
    " GROUP BY program ORDER BY program"
)


@pytest.fixture
def old(servers: Addresses) -> Iterator[DatabaseUrls]:
    with servers.fresh_database("template0") as urls:
        upgrade(urls.owner_url, BEFORE)
        with psycopg.connect(urls.owner_url) as connection:
            connection.execute("SELECT set_config('app.consulate', '*', true)")
            connection.execute(MAKE_COUNT.encode(), [COUNT])
        yield urls


def _write(connection: psycopg.Connection[Any], statement: str) -> None:
    for kind, (_, names) in KINDS.items():
        for name in names:
            subject = COUNT if kind.startswith("vote_count") else str(new_id())
            connection.execute(statement.encode(), [kind, subject, name, DAY])


def _as_before(connection: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    return {kind: connection.execute(READ.encode(), [kind]).fetchall() for kind in KINDS}


def _figures(urls: DatabaseUrls, as_of: datetime | None = None) -> dict[str, Any]:
    with connected(urls.web_url, pool_size=1) as here, here.transaction(NETWORK_SCOPE) as session:
        codes = [code for code, each in INDICATORS.items() if each.kind in KINDS]
        asks = [AskIndicator(code, (Dimension.PROGRAM,), as_of=as_of) for code in codes]
        answers = [figures(session, ask) for ask in asks]
    return {f.indicator.code: {row["program"]: row["value"] for row in f.rows} for f in answers}


def _expected(times: int) -> dict[str, dict[str, int]]:
    """Of ``times`` writings, by indicator."""
    measures = {"people": 3, "services": 5}
    return {
        code: {
            name: count * times * measures.get(code, 2)
            for name, count in Counter(KINDS[indicator.kind][1]).items()
        }
        for code, indicator in INDICATORS.items()
        if indicator.kind in KINDS
    }


def test_figures_of_before_are_the_same_also_as_of_before(old: DatabaseUrls) -> None:
    with psycopg.connect(old.worker_url, autocommit=True) as running:
        _write(running, WRITE)
        before = _as_before(running)
        then = datetime.now(UTC)
        upgrade(old.owner_url)
        assert _as_before(running) == before
        elections = running.execute("SELECT DISTINCT kind, election FROM facts").fetchall()
        assert dict(elections) == {
            kind: "2024" if kind.startswith("vote_count") else None for kind in KINDS
        }
        assert _figures(old) == _figures(old, then) == _expected(1)


def test_a_version_that_still_runs_counts_with_the_present_one(old: DatabaseUrls) -> None:
    """Its connection stays open through the migration; each sees what the other writes."""
    with psycopg.connect(old.worker_url, autocommit=True) as running:
        _write(running, WRITE)
        upgrade(old.owner_url)
        _write(running, WRITE)
        _write(running, CALL)
        assert _figures(old) == _expected(3)
        here = Database(old.web_url, pool_size=1)
        with here.transaction(NETWORK_SCOPE) as session:
            for kind, (dimension, names) in KINDS.items():
                for name in names:
                    dimensions: Dimensions = {dimension: name}  # type: ignore[misc]
                    if kind.startswith("vote_count"):
                        dimensions["election"] = "2024"
                    counted = Counted(kind, new_id(), DAY)
                    record(
                        session, counted, "active", now=datetime.now(UTC), quantity=2, **dimensions
                    )
        here.dispose()
        counts = {kind: dict(rows) for kind, rows in _as_before(running).items()}
        assert counts == {kind: {n: c * 8 for n, c in Counter(names).items()}
                          for kind, (_, names) in KINDS.items()}  # fmt: skip


def test_every_indicator_goes_by_a_dimension_that_its_facts_have() -> None:
    dimensions = LATER | {kind: dimension for kind, (dimension, _) in KINDS.items()}
    for indicator in INDICATORS.values():
        # Somebody with two programs is one person.
        assert (Dimension.PROGRAM in indicator.dimensions) != (indicator.code == "enrolled_people")
        assert set(indicator.dimensions) <= set(SOURCES)
        own = dimensions.get(indicator.kind)
        assert own is None or (hasattr(Fact, own) and own in OF_LINE[Key.PROGRAM])
