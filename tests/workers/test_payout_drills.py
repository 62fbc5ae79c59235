"""Pauses past the lease, commits whose answer is lost, one order posted fifty times, and cancelling
while it is paid: nothing is lost and nothing doubled, in a size for every day."""

from __future__ import annotations

import pytest

from benchmarks.payout_drills import DRILLS, run
from tests.servers import DatabaseUrls


@pytest.mark.slow
@pytest.mark.parametrize("drill", sorted(DRILLS))
def test_a_drill_ends_well(drill: str, database: DatabaseUrls, redis_url: str) -> None:
    outcome = run(drill, database.environ(redis_url), DRILLS[drill][1].ci)
    assert outcome.wrong == [], str(outcome)
