"""INE's counts come among the published figures, each office's once, as of the newest day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from services.consulates import loading
from services.monitoring.published import keep_credential_requests, list_published
from services.outbox.delivery import enqueue
from tests.workers.conftest import outcomes
from workers.runtime import JobContext
from workers.schedule import id_of


def figures(job: JobContext) -> dict[str, tuple[date | None, int, str]]:
    with job.transaction() as session:
        rows = list_published(session, programme="INE", metric="credential_requests")
        return {row.label_en: (row.day, int(row.value), row.source) for row in rows}


def test_counts_are_fetched_and_kept_by_office(job: JobContext, pump: Callable[[], int]) -> None:
    with job.transaction() as session:
        loading.load_reference(session)
        enqueue(session, "published.fetch", id_of("published.fetch"))
    pump()
    assert outcomes(job, "published.fetch") == ["fetched"]
    kept = figures(job)
    assert kept
    assert all(day is not None and count > 0 and source for day, count, source in kept.values())


def test_a_newer_count_is_shown_and_the_older_ones_stay_for_their_moments(job: JobContext) -> None:
    def kept(day: int, count: int) -> datetime:
        counts = {"losangeles": count, "atlantis": 1}
        with job.transaction() as session:
            assert keep_credential_requests(session, date(2026, 11, day), counts) == ["atlantis"]
            return session.execute(text("SELECT clock_timestamp()")).scalar_one()

    def shown(as_of: datetime | None = None) -> list[tuple[Any, ...]]:
        with job.transaction() as session:
            rows = list_published(
                session, programme="INE", as_of=as_of, metric="credential_requests"
            )
            return [(row.day, row.value, row.revision, row.value_before) for row in rows]

    with job.transaction() as session:
        loading.load_reference(session)
        before = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    days = [date(2026, 11, 23), date(2026, 11, 24)]
    moments = [kept(23, 5), kept(24, 7), kept(23, 5), kept(24, 7), kept(24, 8)]
    stood = [(days[0], 5, 1, None), (days[1], 7, 2, None), (days[1], 8, 3, 7)]
    assert shown(before) == []
    assert [shown(at) for at in moments] == [[stood[n]] for n in (0, 1, 1, 1, 2)]
    assert shown() == [stood[2]]
