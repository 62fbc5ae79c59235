"""What is recorded late, or taken back, counts on its own days; what it changed can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.facts.cubes import CUBES
from services.facts.recording import Counted, record, record_party
from services.facts.rolling_up import build
from services.facts.settling import note_settled, settle
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.errors import Invalid
from services.kernel.ids import new_id
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, figures
from tests.servers import DatabaseUrls, connected

MARCH = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}
NOVEMBER = {"first": date(2026, 11, 1), "last": date(2026, 11, 30)}


@pytest.fixture
def worker(database: DatabaseUrls) -> Iterator[Database]:
    with connected(database.worker_url, pool_size=2) as opened:
        yield opened


def _ask(database: Database, **changes: Any) -> list[dict[str, Any]]:
    by = (Dimension.CONSULATE,)
    with database.transaction(NETWORK_SCOPE) as session:
        answer = figures(session, AskIndicator(**{"code": "appointments", "by": by, **changes}))
    return list(answer.rows)


def _moment(database: Database) -> datetime:
    with database.transaction(NETWORK_SCOPE) as session:
        return settle(session)


def _book(database: Database, office: str, day: date) -> Counted:
    appointment = Counted("appointment", new_id(), day, office)
    with database.transaction(NETWORK_SCOPE) as session:
        now = datetime.now(UTC)
        record(session, appointment, "completed", now=now, service_code="MAT")
    return appointment


def _take_back(database: Database, appointment: Counted) -> None:
    """It was no appointment that was kept: the line is reversed, and another says what was."""
    with database.transaction(NETWORK_SCOPE) as session:
        for status, sign in (("completed", -1), ("no_show", 1)):
            record_party(
                session, appointment, status, ["MAT"], subjects=sign, people={},
                now=datetime.now(UTC),
            )  # fmt: skip


@pytest.mark.parametrize("rolled_up", [False, True])
def test_a_past_period_shows_what_changed_in_it_and_no_other_does(
    worker: Database, rolled_up: bool
) -> None:
    kept = _book(worker, "madrid", date(2026, 3, 5))
    _book(worker, "madrid", date(2026, 3, 6))
    _book(worker, "tokyo", date(2026, 3, 7))
    published = _moment(worker)
    before = _ask(worker, **MARCH)
    assert _ask(worker, **MARCH, since=published) == []
    _book(worker, "chicago", date(2026, 3, 31))  # late
    _take_back(worker, kept)
    _book(worker, "madrid", date(2026, 11, 3))
    if rolled_up:
        with worker.transaction(NETWORK_SCOPE) as session:
            note_settled(session)
            for cube in CUBES:
                build(session, cube, lag=timedelta(0))
    changed = _ask(worker, **MARCH, since=published)
    assert {(r["consulate"], r["status"]): (r["before"], r["value"]) for r in changed} == {
        ("chicago", "completed"): (0, 1),
        ("madrid", "completed"): (2, 1),
        ("madrid", "no_show"): (0, 1),
    }
    assert [row["difference"] for row in changed] == [r["value"] - r["before"] for r in changed]
    assert _ask(worker, **MARCH, as_of=published) == before
    assert [r["consulate"] for r in _ask(worker, **NOVEMBER, since=published)] == ["madrid"]
    # A revision of a moment in between is asked for in the same way.
    assert _ask(worker, **MARCH, as_of=published, since=published) == []


def test_what_is_gone_altogether_is_a_change_to_nothing(worker: Database) -> None:
    kept = _book(worker, "madrid", date(2026, 3, 5))
    published = _moment(worker)
    _take_back(worker, kept)
    [gone, new] = sorted(_ask(worker, **MARCH, since=published), key=lambda row: row["status"])
    assert (gone["status"], gone["before"], gone["value"], gone["difference"]) == (
        "completed",
        1,
        0,
        -1,
    )
    assert (new["status"], new["difference"]) == ("no_show", 1)


def test_nothing_has_changed_since_a_moment_to_come(worker: Database) -> None:
    with pytest.raises(Invalid) as refused:
        _ask(worker, since=datetime.now(UTC) + timedelta(hours=1))
    assert (refused.value.code, refused.value.field) == ("in_the_future", "since")
