"""``python -m benchmarks.facts [--rows N] [--short]``: figures over N and N / 10 invented facts.

Two years of 74 offices: appointments, requests and remittances that went from status to status, a
line each that arrives and leaves, recorded when it would have been. Each question is asked as the
API asks it and as one GROUP BY over the facts, in turn, on the same database. Prints both, and how
much longer the question takes over ten times as many facts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from time import perf_counter

import click
import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.report import Result, compared, show
from services.facts.cubes import CUBES
from services.facts.people import AgeBand
from services.facts.rolling_up import build, roll_up
from services.facts.settling import note_settled
from services.kernel.db import NETWORK_SCOPE, Database
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, figures
from services.monitoring.indicators import INDICATORS
from tests.servers import REFERENCE, Addresses, DatabaseUrls, durable_servers

ROWS, SHORT_ROWS = 10_000_000, 200_000
GROWTH = 10
RUNS, NAIVE_RUNS = 15, 3
NAIVE = "the same question as one GROUP BY over the facts, same database"
_DAYS = 730
_LINES_A_SUBJECT = 5.3
_OF_A_DAY = 1_000_000

# What is recorded on a day: the beginning of some subjects and all further steps of others.
# Whatever is known of a subject follows from the day on which it ends and its number there.
_DAY = """
INSERT INTO facts (
    id, kind, subject_id, consulate_code, service_code, program_code, payout, program, status, day,
    quantity, people, services, occurred_at, recorded_at, state_of_origin, sex, age_band)
SELECT lpad(to_hex(%(first)s + row_number() OVER (ORDER BY at)), 32, '0')::uuid, kind, id, office,
    CASE kind WHEN 'appointment' THEN program END, CASE kind WHEN 'enrollment' THEN program END,
    CASE kind WHEN 'remittance' THEN program END, program, line.status, day, line.sign,
    line.sign * people, line.sign * people, at, at,
    CASE kind WHEN 'enrollment' THEN 'E' || floor(33 * chance(key, 7) ^ 1.5)::int END,
    CASE kind WHEN 'enrollment' THEN (ARRAY['H', 'M'])[1 + n %% 2] END,
    CASE WHEN kind <> 'remittance'
        THEN (%(ages)s::text[])[1 + floor(5 * chance(key, 8) ^ 1.2)::int] END
FROM (
    SELECT n, part, key, md5(key::text)::uuid AS id, kind, people,
        (%(offices)s::text[])[1 + floor(%(office_count)s * chance(key, 3) ^ 1.6)::int] AS office,
        CASE kind WHEN 'appointment' THEN 'S' || floor(30 * chance(key, 4) ^ 1.5)::int
            WHEN 'enrollment' THEN 'P' || floor(5 * chance(key, 4) ^ 1.5)::int
            ELSE (ARRAY['account', 'card', 'branch'])[1 + n %% 3] END AS program,
        CASE kind WHEN 'appointment' THEN ends ELSE ends - n %% 60 END AS day,
        CASE WHEN kind = 'appointment' AND chance(key, 2) < 0.12 THEN ARRAY['booked', 'cancelled']
            WHEN kind = 'appointment' AND chance(key, 2) < 0.25 THEN ARRAY['booked', 'no_show']
            WHEN kind = 'appointment' THEN ARRAY['booked', 'checked_in', 'called', 'completed']
            WHEN kind = 'enrollment' AND chance(key, 2) < 0.2
                THEN ARRAY['received', 'submitted', 'rejected']
            WHEN kind = 'enrollment' THEN ARRAY['received', 'submitted', 'active']
            ELSE ARRAY['funded', 'accepted', 'paid'] END AS steps,
        %(day)s::timestamptz + chance(key, 6) * interval '20 hours' AS hour
    FROM generate_series(1, %(subjects)s) n
    CROSS JOIN LATERAL (VALUES ('begins', %(day)s::date + n %% 60), ('ends', %(day)s::date))
        when_ (part, ends)
    CROSS JOIN LATERAL (SELECT (ends - date '2000-01-01') * 1000000::bigint + n AS key) known
    CROSS JOIN LATERAL (
        SELECT CASE WHEN chance(key, 1) < 0.7 THEN 'appointment'
            WHEN chance(key, 1) < 0.9 THEN 'enrollment' ELSE 'remittance' END AS kind,
            1 + floor(4 * chance(key, 5) ^ 2)::int AS people) what
    WHERE part = 'begins' OR ends - n %% 60 >= %(since)s
) subject
CROSS JOIN LATERAL (
    SELECT steps[1] AS status, 1 AS sign, hour AS at WHERE part = 'begins'
    UNION ALL
    SELECT steps[step - (sign < 0)::int], sign, hour + step * interval '12 minutes'
    FROM generate_series(2, cardinality(steps)) step, (VALUES (-1), (1)) moved (sign)
    WHERE part = 'ends'
) line
"""
_CHANCE = """
CREATE FUNCTION pg_temp.chance(key bigint, which bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE RETURN (hashint8extended(key, which) & 1048575) / 1048576.0
"""
_OFFICES = "SELECT array_agg(code ORDER BY md5(code)) FROM consulates"
_INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'facts'"
    " AND indexname LIKE 'ix\\_%'"
)


def fill(superuser_url: str, database: str, rows: int, *, label: str) -> int:
    """Write about so many facts of the last two years, with a progress bar; returns how many."""
    options = "-c session_replication_role=replica -c timezone=UTC -c synchronous_commit=off"
    with psycopg.connect(
        superuser_url, dbname=database, autocommit=True, options=options
    ) as connection:
        connection.execute(_CHANCE)
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _definition in indexes:
            connection.execute(f"DROP INDEX {name}".encode())
        written = _write_days(connection, rows, label)
        for _name, definition in indexes:
            connection.execute(definition.encode())
        connection.execute("VACUUM (ANALYZE) facts")
    return written


def _write_days(connection: psycopg.Connection, rows: int, label: str) -> int:
    (offices,) = connection.execute(_OFFICES).fetchone() or ([],)
    since = datetime.now(UTC).date() - timedelta(days=_DAYS)
    subjects = max(1, round(rows / _DAYS / _LINES_A_SUBJECT))
    written = 0
    days = range(_DAYS)
    with click.progressbar(days, label=label, item_show_func=lambda _: f"{written:,}") as bar:
        for number in bar:
            values = {
                "first": number * _OF_A_DAY,
                "offices": offices,
                "office_count": len(offices),
                "subjects": subjects,
                "day": since + timedelta(days=number),
                "since": since,
                "ages": [band.value for band in AgeBand],
            }
            written += connection.execute(
                _DAY.replace("chance(", "pg_temp.chance("), values
            ).rowcount
    return written


@contextmanager
def filled(addresses: Addresses, rows: int) -> Iterator[DatabaseUrls]:
    """A database with so many facts and their sums."""
    with addresses.fresh_database(REFERENCE) as urls:
        fill(addresses.superuser_url, urls.name, rows, label=f"{rows:,} facts")
        database = Database(urls.worker_url, pool_size=1)
        with click.progressbar(CUBES, label="their sums") as bar:
            for cube in bar:
                with database.transaction(NETWORK_SCOPE) as session:
                    note_settled(session)
                    build(session, cube)
        with database.transaction(NETWORK_SCOPE) as session:
            roll_up(session)
        database.dispose()
        with psycopg.connect(
            addresses.superuser_url, dbname=urls.name, autocommit=True
        ) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")
        yield urls


def questions(today: date, month_ago: datetime) -> dict[str, AskIndicator]:
    """What is asked, by name."""
    yesterday = today - timedelta(days=1)
    month = {"first": today - timedelta(days=30), "last": yesterday, "compare": True}
    year = {"first": today - timedelta(days=365), "last": yesterday, "compare": True}
    quarter = {"first": today - timedelta(days=92), "last": yesterday}
    office, program, day = Dimension.CONSULATE, Dimension.PROGRAM, Dimension.DAY
    ask = AskIndicator
    return {
        "status_total": ask("appointments"),
        "consulate_30_days": ask("appointments", (office,), **month),
        "program_year": ask("appointments", (program,), **year),
        "country_year": ask("people", (Dimension.COUNTRY,), **year),
        "day_92_days": ask("appointments", (day,), **quarter),
        "one_office_program_year": ask("services", (program,), **year, only={office: "chicago"}),
        "program_consulate_year": ask("appointments", (program, office), **year),
        "consulate_30_days_as_of_a_month_ago": ask(
            "appointments", (office,), **month, as_of=month_ago
        ),
        "program_consulate_year_as_of_a_month_ago": ask(
            "appointments", (program, office), **year, as_of=month_ago
        ),
        "sex_one_office_year": ask(
            "enrollments", (Dimension.SEX,), **year, only={office: "chicago"}
        ),
        "origin_consulate_year": ask("enrollments", (Dimension.ORIGIN, office), **year),
        "age_one_office_year_as_of_a_month_ago": ask(
            "people", (Dimension.AGE,), **year, only={office: "chicago"}, as_of=month_ago
        ),
    }


# Of two dimensions at once there may be as many rows as facts: shown, not held to a target.
ONE_BY_ONE = {
    "status_total",
    "consulate_30_days",
    "program_year",
    "country_year",
    "day_92_days",
    "one_office_program_year",
    "sex_one_office_year",
}
_NAIVE = """
SELECT {columns}, sum({measure})::bigint AS value FROM facts {joins}
WHERE facts.kind = :kind AND recorded_at <= :as_of
  AND (CAST(:first AS date) IS NULL OR day >= :first)
  AND (CAST(:last AS date) IS NULL OR day <= :last)
  AND (CAST(:office AS text) IS NULL OR consulate_code = :office)
GROUP BY {columns} HAVING sum({measure}) <> 0
"""
_NAMES = {
    Dimension.CONSULATE: "consulate_code",
    Dimension.COUNTRY: "country",
    Dimension.DAY: "day",
    Dimension.SEX: "sex",
    Dimension.AGE: "age_band",
    Dimension.ORIGIN: "state_of_origin",
}
_PROGRAM = {"appointment": "service_code", "enrollment": "program_code", "remittance": "payout"}


def naive(session: Session, ask: AskIndicator) -> int:
    """How many rows the question has by a GROUP BY of all lines, and one of the period before."""
    indicator = INDICATORS[ask.code]
    columns = [_NAMES.get(each, _PROGRAM.get(indicator.kind, "")) for each in ask.by]
    joins = "JOIN consulates c ON c.code = consulate_code" if "country" in columns else ""
    statement = text(
        _NAIVE.format(
            columns=", ".join([*columns, "status"]), measure=indicator.measure, joins=joins
        )
    )
    as_of = ask.as_of or datetime.now(UTC)
    values = {"kind": indicator.kind, "as_of": as_of, "office": ask.only.get(Dimension.CONSULATE)}
    periods = [(ask.first, ask.last)]
    if ask.compare and ask.first and ask.last:
        days = ask.last - ask.first + timedelta(days=1)
        periods.append((ask.first - days, ask.last - days))
    counts = [
        len(session.execute(statement, {**values, "first": first, "last": last}).all())
        for first, last in periods
    ]
    return counts[0]


def seconds(database: Database, work: Callable[[Session], object]) -> float:
    """How long it takes in a transaction, whose opening isn't counted."""
    with database.transaction(NETWORK_SCOPE) as session:
        began = perf_counter()
        work(session)
        return perf_counter() - began


@dataclass(frozen=True)
class Timed:
    """Milliseconds of a question: at a tenth of the facts, at all, and of the naive way at all."""

    few: Sequence[float]
    many: Sequence[float]
    naive: Sequence[float]

    @property
    def ratio(self) -> float:
        """To the naive way."""
        return median(self.many) / median(self.naive)

    @property
    def growth(self) -> float:
        """To itself at a tenth of the facts."""
        return median(many / few for few, many in zip(self.few, self.many, strict=True))


def time_question(few: Database, many: Database, ask: AskIndicator) -> Timed:
    """In turn; the first turn only warms up."""

    def ms(database: Database, work: Callable[[Session, AskIndicator], object]) -> float:
        return 1000 * seconds(database, lambda session: work(session, ask))

    rounds = [(ms(few, figures), ms(many, figures)) for _ in range(RUNS + 1)][1:]
    slow = [ms(many, naive) for _ in range(NAIVE_RUNS)]
    return Timed([a for a, _ in rounds], [b for _, b in rounds], slow)


def measure(rows: int) -> dict[str, Timed]:
    """Every question over both databases, on servers of their own."""
    with (
        durable_servers() as addresses,
        filled(addresses, rows // GROWTH) as small,
        filled(addresses, rows) as large,
    ):
        few = Database(small.web_url, pool_size=1)
        many = Database(large.web_url, pool_size=1)
        now = datetime.now(UTC)
        asks = questions(now.date(), now - timedelta(days=30))
        try:
            return {name: time_question(few, many, ask) for name, ask in asks.items()}
        finally:
            few.dispose()
            many.dispose()


def results(timed: dict[str, Timed]) -> list[Result]:
    """The slowest of the questions by one dimension beside the naive way, all of them beside
    themselves, then each."""
    worst = max(ONE_BY_ONE, key=lambda name: timed[name].ratio)
    few = [sum(times) for times in zip(*(timed[name].few for name in ONE_BY_ONE), strict=True)]
    many = [sum(times) for times in zip(*(timed[name].many for name in ONE_BY_ONE), strict=True)]
    grown = list(zip(many, few, strict=True))
    return [
        _to_naive("indicator_10m", timed[worst], f"{worst}: {NAIVE}"),
        compared("indicator_growth_x10", "ms", grown, "the same questions at a tenth of the facts"),
        *(_to_naive(f"indicator_10m_{name}", each, NAIVE) for name, each in timed.items()),
    ]


def _to_naive(name: str, timed: Timed, what: str) -> Result:
    slow = median(timed.naive)
    return compared(name, "ms", [(value, slow) for value in timed.many], what, timed.few)


def show_side_by_side(timed: dict[str, Timed], rows: int) -> None:
    """Print each question at both sizes and the naive way."""
    few, many = f"{rows // GROWTH:,}", f"{rows:,}"
    print(f"\n{'ms':40}{few:>12}{many:>12}{'growth':>8}{'naive':>10}{'times':>7}")
    for name, each in timed.items():
        print(
            f"{name:40}{median(each.few):>12.2f}{median(each.many):>12.2f}{each.growth:>8.2f}"
            f"{median(each.naive):>10.0f}{1 / each.ratio:>7.0f}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.facts", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="how many facts")
    parser.add_argument("--short", action="store_true", help=f"{SHORT_ROWS:,} facts")
    options = parser.parse_args(arguments)
    rows = SHORT_ROWS if options.short else options.rows
    timed = measure(rows)
    show_side_by_side(timed, rows)
    show(results(timed))


if __name__ == "__main__":
    main()
