"""The schedule has the sums of facts built and moved on, and every night they are recounted."""

from __future__ import annotations

from sqlalchemy import text

from services.facts.cubes import CUBES, Level, levels_of, lines_of
from services.facts.rolling_up import list_watermarks, roll_up
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue
from tests.workers.conftest import outcomes
from workers.jobs.run import run_outbox
from workers.runtime import JobContext
from workers.schedule import Schedule

_FACT = text(
    "INSERT INTO facts (kind, subject_id, consulate_code, service_code, status, day, quantity,"
    " occurred_at, recorded_at) VALUES ('appointment', gen_random_uuid(), 'madrid', 'MAT',"
    " 'booked', '2026-03-05', 1, now(), clock_timestamp() - interval '1 minute')"
)
_ITEM = text("SELECT id FROM outbox WHERE topic = :topic AND done_at IS NULL")


def _do(job: JobContext, topic: str) -> None:
    with job.transaction() as session:
        item = session.execute(_ITEM, {"topic": topic}).scalar_one()
    run_outbox(str(item))


def test_the_schedule_has_them_built_and_a_night_finds_what_is_wrong(job: JobContext) -> None:
    with job.transaction() as session:
        session.execute(_FACT)
    assert "facts.build" in Schedule(job.database, job.clock).tick()
    _do(job, "facts.build")
    assert outcomes(job, "facts.build") == ["built"]
    with job.transaction() as session:
        assert not roll_up(session)
        by_day = text("SELECT sum(quantity) FROM fact_cells WHERE level = 'day'")
        by_days = [lines_of(cube) for cube in CUBES if Level.DAY in levels_of(cube)]
        of_visits = [lines for lines in by_days if lines == "true" or "appointment" in lines]
        assert session.scalar(by_day) == len(of_visits) > 10
    _do(job, "facts.recount")
    with job.transaction() as session:
        assert None not in {mark.at for mark in list_watermarks(session).values()}
        session.execute(text("UPDATE fact_cells SET quantity = 2 WHERE value_1 = 'MAT'"))
        enqueue(session, "facts.recount", new_id())
    _do(job, "facts.recount")
    assert outcomes(job, "facts.recount") == ["recounted", "recounted"]
    with job.transaction() as session:
        names = session.scalars(
            text("SELECT detail ->> 'sums' FROM incidents WHERE kind = 'sums_differ'")
        ).all()
        assert "program" in names
        assert all("program" in each.split(",") for each in names)
        assert list_watermarks(session)["program"].at is None
        assert not roll_up(session)  # what was found wrong is a person's to look at
