"""Figures come from sums that are kept, and are what a count of all lines gives, at any moment."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text

from consular import doctor
from consular.recount_command import recount_facts
from services.facts.adding_up import Wanted, lines_sql
from services.facts.cubes import CUBES, levels_of, lines_of, name_of
from services.facts.keys import Key
from services.facts.models import FactCube
from services.facts.recording import Counted, record, record_party
from services.facts.recounting import recount
from services.facts.rolling_up import build, drop_left_over, list_watermarks, roll_up
from services.facts.settling import note_settled, settle
from services.incidents.models import Incident
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, figures
from services.monitoring.recounting import prove
from tests.servers import Addresses, DatabaseUrls, connected

OFFICES = ("losangeles", "madrid", "tokyo", None)
PROGRAMS = ("PAS10", "MAT", "INE")
STATUSES = ("booked", "completed", "cancelled")
FIRST = date(2025, 1, 15)
NO_LAG = timedelta(0)
# What figures were before sums were kept.
PLAIN = text(
    """
    SELECT status, sum(quantity)::int AS value FROM facts
    WHERE kind = :kind AND recorded_at <= :as_of AND day BETWEEN :first AND :last
      AND (CAST(:office AS text) IS NULL OR consulate_code = :office)
    GROUP BY status HAVING sum(quantity) <> 0
    """
)


@pytest.fixture
def worker(database: DatabaseUrls) -> Iterator[Database]:
    with connected(database.worker_url, pool_size=6) as opened:
        yield opened


@pytest.fixture
def web(database: DatabaseUrls) -> Iterator[Database]:
    with connected(database.web_url, pool_size=6) as opened:
        yield opened


def _record(
    database: Database, chance: random.Random, count: int, first: date = FIRST, days: int = 600
) -> None:
    """Parties of some, and requests; some of them move on, on days of two years."""
    with database.transaction(NETWORK_SCOPE) as session:
        for _ in range(count):
            day, office = first + timedelta(days=chance.randrange(days)), chance.choice(OFFICES)
            program, status = chance.choice(PROGRAMS), chance.choice(STATUSES)
            now = datetime.now(UTC)
            if chance.random() < 0.3:
                request = Counted("enrollment", new_id(), day, office)
                record(session, request, "active", now=now, program_code="rfc")
                votes = Counted("vote_count.votes", new_id(), day, office)
                record(
                    session, votes, "approved", now=now, quantity=chance.randrange(1, 9),
                    vote_mode="postal", election=chance.choice(("2024", "2027")),
                )  # fmt: skip
                continue
            party, services = Counted("appointment", new_id(), day, office), [program, "ACT"]
            people = {chance.choice(("18-29", "60plus", None)): 1, "0-17": 1}
            record_party(session, party, "booked", services, subjects=1, people=people, now=now)
            if status != "booked":
                gone = {band: -count for band, count in people.items()}
                record_party(session, party, "booked", services, subjects=-1, people=gone, now=now)
                record_party(session, party, status, services, subjects=1, people=people, now=now)


def _roll_up(database: Database, *, anew: bool = False) -> None:
    with database.transaction(NETWORK_SCOPE) as session:
        note_settled(session)
        if anew or roll_up(session, lag=NO_LAG):
            for cube in CUBES:
                build(session, cube, lag=NO_LAG)


def _now(database: Database) -> datetime:
    with database.transaction(NETWORK_SCOPE) as session:
        return settle(session)


def _ask(database: Database, *by: Dimension, **changes: Any) -> list[dict[str, Any]]:
    command = AskIndicator(**{"code": "appointments", "by": by, **changes})
    with database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        return list(figures(session, command).rows)


def _plain(database: Database, **values: Any) -> dict[str, int]:
    with database.transaction(NETWORK_SCOPE) as session:
        rows = session.execute(PLAIN, {"kind": "appointment", "office": None} | values)
        return {row.status: row.value for row in rows}


def _by_status(rows: list[dict[str, Any]]) -> dict[str, int]:
    sums = {status: sum(r["value"] for r in rows if r["status"] == status) for status in STATUSES}
    return {status: value for status, value in sums.items() if value}


def _watermarks(database: Database) -> dict[str, datetime | None]:
    with database.transaction(NETWORK_SCOPE) as session:
        return {name: mark.at for name, mark in list_watermarks(session).items()}


def test_any_question_as_of_any_moment_is_what_all_lines_come_to(
    worker: Database, web: Database
) -> None:
    chance, moments = random.Random(3), []
    for number in range(6):
        _record(worker, chance, 40)
        moments.append(_now(worker))
        if number in (1, 3, 4):
            _roll_up(worker)
    watermarks = set(_watermarks(web).values())
    assert len(watermarks) == 1
    assert watermarks.isdisjoint({None})
    splits = (
        (),
        ("program",),
        ("consulate",),
        ("country", "program"),
        ("day",),
        ("day", "country"),
    )
    for as_of in moments:
        for by in splits:
            first = FIRST + timedelta(days=chance.randrange(300))
            last = first + timedelta(days=chance.randrange(300))
            asked = {"as_of": as_of, "first": first, "last": last}
            rows = _ask(web, *map(Dimension, by), **asked)
            assert _by_status(rows) == _plain(web, **asked), (as_of, by)
            only = {Dimension.CONSULATE: "madrid"}
            there = _ask(web, *map(Dimension, by), **asked, only=only)
            assert _by_status(there) == _plain(web, **asked, office="madrid")
        for by in (("election",), ("election", "consulate"), ("mode", "election", "day")):
            asked = {"as_of": as_of, "first": FIRST, "last": FIRST + timedelta(days=400)}
            rows = _ask(web, *map(Dimension, by), code="votes", **asked)
            [value] = _plain(web, **asked, kind="vote_count.votes").values()
            assert sum(row["value"] for row in rows) == value
            assert {row["election"] for row in rows} == {"2024", "2027"}
        everything = {"first": date(2000, 1, 1), "last": date(2100, 1, 1), "as_of": as_of}
        assert _by_status(_ask(web, as_of=as_of)) == _plain(web, **everything)


def _spread_over_weeks(root: psycopg.Connection[Any]) -> list[datetime]:
    """Let facts be recorded over half a year, some of them just as a week begins; returns moments
    in between, the oldest ones first."""
    root.execute("SET session_replication_role = replica")
    root.execute(
        """
        UPDATE facts SET recorded_at = CASE WHEN place % 9 = 0
            THEN date_trunc('week', at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' ELSE at END
        FROM (SELECT id AS fact, place, now() - interval '20 hours' * (1 + place % 220) AS at
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM facts) one) moved
        WHERE id = fact
        """
    )
    rows = root.execute(
        "SELECT unnest(ARRAY[week, week - interval '1 microsecond', week + interval '80 hours'])"
        " FROM (SELECT DISTINCT date_trunc('week', recorded_at AT TIME ZONE 'UTC')"
        " AT TIME ZONE 'UTC' AS week FROM facts) weeks WHERE week < now() - interval '5 days'"
        " ORDER BY 1"
    )
    return [row[0] for row in rows]


def test_as_of_long_ago_no_more_than_half_a_week_is_read_line_by_line(
    worker: Database, web: Database, database: DatabaseUrls, servers: Addresses
) -> None:
    _record(worker, random.Random(6), 300)
    with psycopg.connect(servers.superuser_url, dbname=database.name, autocommit=True) as root:
        moments = _spread_over_weeks(root)
    _roll_up(worker)
    by_week = 0
    for as_of in moments[len(moments) // 2 :: 2]:
        asked = {"first": FIRST, "last": FIRST + timedelta(days=450), "as_of": as_of}
        for by in (
            (),
            (Dimension.PROGRAM,),
            (Dimension.COUNTRY,),
            (Dimension.DAY,),
            (Dimension.COUNTRY, Dimension.PROGRAM),
            (Dimension.CONSULATE, Dimension.PROGRAM, Dimension.DAY),
        ):
            assert _by_status(_ask(web, *by, **asked)) == _plain(web, **asked), as_of
        for by in ((Dimension.AGE, Dimension.CONSULATE), (Dimension.AGE, Dimension.PROGRAM)):
            people = {"code": "people", **asked}
            assert _by_status(_ask(web, *by, **people)) == _by_status(_ask(web, **people)), as_of
            one = {**people, "only": {Dimension.CONSULATE: "madrid"}}
            assert _by_status(_ask(web, *by, **one)) == _by_status(_ask(web, **one))
        only = {Dimension.CONSULATE: "madrid"}
        assert _by_status(_ask(web, **asked, only=only)) == _plain(web, **asked, office="madrid")
        with web.transaction(NETWORK_SCOPE) as session:
            wanted = Wanted("appointment", "quantity", {Key.CONSULATE}, None, None, as_of)
            _query, values = lines_sql(session, wanted)
        by_week += "week" in values
        until = values.get("until", _watermarks(web)["consulate"])
        assert abs(until - as_of) <= timedelta(days=3.5)
    assert by_week > len(moments) / 6


def test_days_around_the_moment_are_as_they_were_whether_they_had_come_or_were_ahead(
    worker: Database, web: Database, database: DatabaseUrls, servers: Addresses
) -> None:
    today = datetime.now(UTC).date()
    _record(worker, random.Random(4), 400, today - timedelta(days=220), 250)
    with psycopg.connect(servers.superuser_url, dbname=database.name, autocommit=True) as root:
        moments = _spread_over_weeks(root)
    _roll_up(worker)
    sides = set()
    for as_of in moments[len(moments) // 2 :]:
        first, last = as_of.date() - timedelta(days=43), as_of.date() + timedelta(days=11)
        asked = {"first": first, "last": last, "as_of": as_of}
        before = {"first": first - timedelta(days=55), "last": first - timedelta(days=1)}
        for only in ({}, {Dimension.CONSULATE: "madrid"}):
            by, office = (Dimension.CONSULATE, Dimension.PROGRAM), only.get(Dimension.CONSULATE)
            rows = _ask(web, *by, **asked, only=only, compare=True)
            assert _by_status(rows) == _plain(web, **asked, office=office), as_of
            compared = [{**row, "value": row["compared"]} for row in rows]
            assert _by_status(compared) == _plain(web, **before, as_of=as_of, office=office), as_of
        with web.transaction(NETWORK_SCOPE) as session:
            keys = {Key.CONSULATE, Key.PROGRAM}
            wanted = Wanted("appointment", "quantity", keys, first, last, as_of)
            _query, values = lines_sql(session, wanted)
        sides |= {up_to == "infinity" for up_to in values.get("up_to", [])}
    assert sides == {True, False}, "days that had come, and days ahead"


def test_compared_is_the_value_of_as_many_days_before(worker: Database, web: Database) -> None:
    _record(worker, random.Random(9), 120)
    _roll_up(worker)
    first, last = FIRST + timedelta(days=200), FIRST + timedelta(days=330)
    before = {"first": first - timedelta(days=131), "last": first - timedelta(days=1)}
    for by in ((Dimension.PROGRAM,), (Dimension.COUNTRY, Dimension.CONSULATE)):
        counted: dict[tuple[Any, ...], list[int]] = {}
        for place, period in enumerate(({"first": first, "last": last}, before)):
            for row in _ask(web, *by, **period):
                key = tuple(row[name] for name in (*by, "status"))
                counted.setdefault(key, [0, 0])[place] = row["value"]
        rows = _ask(web, *by, first=first, last=last, compare=True)
        assert counted == {
            tuple(row[name] for name in (*by, "status")): [row["value"], row["compared"]]
            for row in rows
        }


def test_a_line_recorded_at_the_watermark_itself_counts_once(
    worker: Database, web: Database
) -> None:
    _roll_up(worker)
    _record(worker, random.Random(1), 5)
    with worker.transaction(NETWORK_SCOPE) as session:
        last = session.scalar(text("SELECT max(recorded_at) FROM facts"))
        before = session.scalar(text("SELECT settle_facts(1)"))
        session.execute(text("UPDATE facts_settled SET at = :at"), {"at": last})
        assert not roll_up(session, lag=NO_LAG)
    assert set(_watermarks(web).values()) == {last}
    for at in (last, before):
        whole = {"first": FIRST, "last": date(2100, 1, 1), "as_of": at}
        assert _by_status(_ask(web, as_of=at)) == _plain(web, **whole) != {}


def test_sums_are_those_of_a_recount_while_many_write(worker: Database, web: Database) -> None:
    ended, differences = Event(), []

    def write(seed: int) -> None:
        while not ended.is_set():
            _record(worker, random.Random(seed), 3)

    _roll_up(worker)
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, seed) for seed in range(4)]
        try:
            for _ in range(6):
                _roll_up(worker)
                for cube in CUBES:
                    with worker.transaction(NETWORK_SCOPE) as session:
                        differences.append(recount(session, cube).differences)
                as_of = _now(web)
                whole = {"first": FIRST, "last": date(2100, 1, 1), "as_of": as_of}
                assert _by_status(_ask(web, as_of=as_of)) == _plain(web, **whole)
        finally:
            ended.set()
        for writer in writers:
            writer.result()
    assert set(differences) == {0}


def test_a_damaged_cell_is_named_and_figures_do_without_until_it_is_built_anew(
    worker: Database, web: Database, database: DatabaseUrls, servers: Addresses
) -> None:
    cube = (Key.CONSULATE,)
    _record(worker, random.Random(5), 50)
    _roll_up(worker)
    right = _ask(web, Dimension.CONSULATE)
    with psycopg.connect(servers.superuser_url, dbname=database.name, autocommit=True) as root:
        root.execute(
            "UPDATE fact_cells SET quantity = quantity + 7 WHERE level = 'month' AND value_1 ="
            " 'madrid' AND kind = 'appointment' AND cube = (SELECT id FROM fact_cubes WHERE"
            " name = 'consulate') AND (period, status) = (SELECT period, status FROM fact_cells"
            " WHERE level = 'month' AND value_1 = 'madrid' AND kind = 'appointment' LIMIT 1)"
        )
    with worker.transaction(NETWORK_SCOPE) as session:
        results = {cube: prove(session, cube, now=system_clock()) for cube in CUBES}
        [incident] = session.scalars(select(Incident)).all()
        assert (incident.kind, incident.detail["sums"], incident.detail["cells"]) == (
            "sums_differ",
            "consulate",
            1,
        )
        assert "month 2025-" in incident.detail["first"]
        assert "madrid" in incident.detail["first"]
    assert {cube: result.differences for cube, result in results.items() if result.differences} == {
        cube: 1
    }
    [cell] = results[cube].cells
    assert cell.kept[0] == cell.counted[0] + 7
    _roll_up(worker, anew=True)  # nobody but a person brings it back
    assert _watermarks(web)[name_of(cube)] is None
    assert _ask(web, Dimension.CONSULATE) == right
    settings = Settings.load(
        {"WORKER_DATABASE_URL": database.worker_url, "DATABASE_URL": database.web_url}
    )
    findings = {finding.part: finding for finding in doctor.examine(settings)}
    assert "consular recount --rebuild" in findings["Sums of facts"].remedy
    said: list[str] = []
    assert not recount_facts(settings, said.append, anew=False)
    assert "consulate: not in use." in said
    assert recount_facts(settings, said.append, anew=True)
    findings = {finding.part: finding for finding in doctor.examine(settings)}
    assert (findings["Sums of facts"].well, findings["Sums of facts"].state) == (True, "up to now")
    with worker.transaction(NETWORK_SCOPE) as session:
        [incident] = session.scalars(select(Incident)).all()
        assert incident.resolution == "recovered"
    assert _watermarks(web)[name_of(cube)] is not None
    assert _ask(web, Dimension.CONSULATE) == right


def test_after_a_clock_was_set_back_sums_are_built_anew(worker: Database, web: Database) -> None:
    _record(worker, random.Random(2), 5)
    _roll_up(worker)
    ahead = text("UPDATE fact_cubes SET at = clock_timestamp() + interval '1 hour'")
    with worker.transaction(NETWORK_SCOPE) as session:
        session.execute(ahead)
    _record(worker, random.Random(4), 5)
    with worker.transaction(NETWORK_SCOPE) as session:
        note_settled(session)
        assert roll_up(session)
        assert set(session.scalars(select(FactCube.at))) == {None}
        for cube in CUBES:
            build(session, cube)
            assert recount(session, cube).differences == 0
    whole = {"first": FIRST, "last": date(2100, 1, 1), "as_of": _now(web)}
    assert _by_status(_ask(web)) == _plain(web, **whole)


def test_sums_that_no_version_in_use_moves_on_are_given_up_whole(
    worker: Database, web: Database, database: DatabaseUrls
) -> None:
    """Those of a version that still runs are moved on, and stay; one that comes back builds its
    own anew, for they say that they aren't built."""
    _record(worker, random.Random(8), 20)
    _roll_up(worker)
    before = _by_status(_ask(web, Dimension.PROGRAM))
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "INSERT INTO fact_cubes SELECT max(id) + n, (ARRAY['of beside', 'of before'])[n],"
            " now() - n * interval '30 hours' + interval '20 hours'"
            " FROM fact_cubes, generate_series(1, 2) n GROUP BY n"
        )
        owner.execute(
            "INSERT INTO fact_cells SELECT o.id, kind, level, period, value_1, value_2, value_3,"
            " status, quantity, people, services FROM fact_cells c"
            " JOIN fact_cubes q ON q.id = c.cube AND q.name = 'program'"
            " JOIN fact_cubes o ON o.name LIKE 'of %'"
        )
    with worker.transaction(NETWORK_SCOPE) as session:
        assert drop_left_over(session) > 0
        assert drop_left_over(session) == 0
        left = dict(
            session.execute(
                text(
                    "SELECT name, at IS NOT NULL AND EXISTS (SELECT FROM fact_cells"
                    " WHERE cube = id) FROM fact_cubes"
                )
            ).all()
        )
    assert {name for name, used in left.items() if not used} == {"of before"}
    assert left["of beside"]
    assert _by_status(_ask(web, Dimension.PROGRAM)) == before
    with worker.transaction(NETWORK_SCOPE) as session:
        assert sum(recount(session, cube).differences for cube in CUBES) == 0


def test_what_comes_to_nothing_leaves_no_cell(worker: Database) -> None:
    subject = Counted("appointment", new_id(), FIRST, "madrid")
    for status, sign in (("booked", 1), ("booked", -1), ("completed", 1)):
        with worker.transaction(NETWORK_SCOPE) as session:
            record_party(
                session, subject, status, ["MAT"], subjects=sign, people={None: sign},
                now=datetime.now(UTC),
            )  # fmt: skip
        _roll_up(worker)
    with worker.transaction(NETWORK_SCOPE) as session:
        statuses = session.scalars(text("SELECT DISTINCT status FROM fact_cells")).all()
        cells = session.scalar(text("SELECT count(*) FROM fact_cells"))
    # Of an appointment nothing goes by election, and at an office nothing by origin and sex.
    kinds = {cube: lines_of(cube) for cube in CUBES}
    levels = [len(levels_of(cube)) for cube in CUBES if "appointment" in kinds[cube] or kinds[cube]
              == "true"]  # fmt: skip
    assert (list(statuses), cells) == (["completed"], sum(levels))
