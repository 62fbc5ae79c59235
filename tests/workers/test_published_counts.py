"""INE's counts come among the published figures, each office's once, as of the newest day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

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


def test_a_newer_count_takes_the_place_of_the_older_one(job: JobContext) -> None:
    with job.transaction() as session:
        loading.load_reference(session)
        for day, count in ((23, 5), (24, 7), (23, 5)):
            unknown = keep_credential_requests(
                session, date(2026, 11, day), {"losangeles": count, "atlantis": 1}
            )
            assert unknown == ["atlantis"]
    [(day, count, _)] = figures(job).values()
    assert (day, count) == (date(2026, 11, 24), 7)
