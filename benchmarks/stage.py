"""Where everything is measured: own servers, two databases, offices full of slots, and citizens.

PostgreSQL keeps ``fsync`` and ``synchronous_commit`` on, as an instance does. The databases hold
the same slots; one has 700 bookings in the next sixty days of one office, the other 70,000, and
behind them as many past ones as are asked for.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from benchmarks import floor, history
from consular.seed import load_reference
from services.appointments.errors import OfficeClosed
from services.appointments.planning import DeskPlan, OpenSession, open_session
from services.kernel.audit import SYSTEM
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.settings import Settings
from services.staff.accounts import MakeStaffAccount, make_account
from services.staff.sessions import start_session
from tests.factories.server import Citizen, make_citizens, running_server
from tests.factories.web import with_token_key, working_day
from tests.servers import DatabaseUrls, durable_servers, moved, settings_over

OFFICE, HOT, SOLD_OUT = "losangeles", "chicago", "houston"
# Where a full day is looked at.
AGENDA, AGENDA_PEOPLE = "dallas", 300
FEW, MANY = 700, 70_000
DAYS = 60
SERVICES = ("PAS10", "MAT", "INE", "RFC")
DESKS = (
    ("A", ("PAS6", "PAS10", "MAT")),
    ("B", ("MAT", "INE", "OP7")),
    ("C", ("INE", "RFC", "ACT")),
)
_WINDOWS_OF_A_KIND = 42  # three kinds: 126 places at each time, room for 70,000 in 60 days
_CITIZENS = 4096  # each with a contact of their own, so that nobody comes near the limits of one

_BOOKINGS = """
WITH here AS (
    SELECT id, starts_at, ends_at, row_number() OVER (ORDER BY starts_at) - 1 AS n,
           count(*) OVER () AS times
    FROM slots WHERE consulate_code = %(office)s
), wanted AS (
    SELECT gen_random_uuid() AS id, gen_random_uuid() AS person, i, h.id AS slot, h.starts_at,
           h.ends_at, (ARRAY['PAS10', 'OP7', 'RFC'])[1 + (i / h.times) %% 3] AS service
    FROM generate_series(%(first)s::int, %(last)s::int) AS i JOIN here h ON h.n = i %% h.times
), made AS (
    INSERT INTO appointments (
        id, folio, consulate_code, services, day, starts_at, ends_at, status, language,
        created_at, changed_at)
    SELECT id, 'B' || lpad(i::text, 11, '0'), %(office)s, ARRAY[service], starts_at::date,
        starts_at, ends_at, 'booked', 'es', now(), now() FROM wanted
), named AS (
    INSERT INTO people (
        id, consulate_code, given_names, first_surname, birth_date, name_index, data_key,
        created_at)
    SELECT person, %(office)s, 'Ana', 'Demo ' || i, date '1950-01-01' + i %% 18000,
        sha256(('name' || i)::bytea), sha256(('key' || i)::bytea), now() FROM wanted
), coming AS (
    INSERT INTO attendees (appointment_id, n, person_id, folio, status, changed_at)
    SELECT id, 1, person, 'B' || lpad(i::text, 11, '0'), 'booked', now() FROM wanted
), claimed AS (
    INSERT INTO claims (person_key, service_code, appointment_id)
    SELECT sha256(('name' || i)::bytea), service, id FROM wanted
), counted AS (
    INSERT INTO facts (
        kind, subject_id, consulate_code, program, status, day, quantity, occurred_at)
    SELECT 'appointment', id, %(office)s, service, 'booked', starts_at::date, 1, now() FROM wanted
)
INSERT INTO seats (appointment_id, person_id, service_code, slot_id, starts_at, ends_at)
SELECT id, person, service, slot, starts_at, ends_at FROM wanted
"""

_TAKEN = """
WITH given AS (SELECT slot_id, service_code, count(*) AS n FROM seats GROUP BY 1, 2)
UPDATE slot_sets t SET taken = (
    SELECT coalesce(sum(n), 0) FROM given g
    WHERE g.slot_id = t.slot_id AND g.service_code = ANY (t.services))
WHERE slot_id IN (SELECT id FROM slots WHERE consulate_code = %(office)s)
"""

_TODAY = """
UPDATE appointments a SET day = (now() AT TIME ZONE c.time_zone)::date
FROM consulates c WHERE c.code = a.consulate_code AND a.consulate_code = %(office)s
"""

_CAPACITY = """
UPDATE slot_sets SET capacity = %(capacity)s
WHERE slot_id IN (SELECT id FROM slots WHERE consulate_code = %(office)s)
"""


@dataclass(frozen=True)
class Stage:
    """Servers by name: product and floor, each over few and over many bookings. ``officer`` is the
    cookie of somebody signed in at the office of `AGENDA`."""

    product: Settings
    floor: Settings
    product_many: Settings
    floor_many: Settings
    citizens: list[Citizen]
    starts: dict[str, list[datetime]]
    officer: str

    def bookings(self, office: str, count: int, seed: str) -> list[bytes]:
        """Requests to book, each for another person; the same bytes for product and floor."""
        chance = random.Random(seed)
        return [self._booking(office, chance, f"{seed}-{n}") for n in range(count)]

    def _booking(self, office: str, chance: random.Random, key: str) -> bytes:
        number = chance.randrange(len(self.citizens))
        return booking_request(
            self.citizens[number],
            number,
            {
                "consulate": office,
                "service": chance.choice(SERVICES),
                "start": chance.choice(self.starts[office]).isoformat(),
            },
            {"Idempotency-Key": key},
            surname=f"{chance.randrange(10**12):x}",
        )


def booking_request(
    citizen: Citizen,
    number: int,
    wanted: dict[str, str],
    headers: dict[str, str],
    *,
    surname: str,
) -> bytes:
    """A whole request of one person for ``wanted``: office, service and start. ``number`` makes the
    contact."""
    person = {
        "given_names": "Ana María",
        "first_surname": f"Demo {surname}".translate(_LETTERS),
        "second_surname": "Núñez",
        "birth_date": "1990-05-12",
    }
    contact = {"email": f"ana{number}@demo.invalid", "phone": f"+1323555{number % 10_000:04d}"}
    body = {**wanted, "attendees": [person], "contact": contact, "language": "es"}
    own = {"Authorization": f"Bearer {citizen.token}", "X-Account": str(citizen.account)}
    return http_request("POST", "/api/v1/appointments", {**own, **headers}, body)


_LETTERS = str.maketrans("0123456789", "ghijklmnop")  # names are written with letters


def http_request(
    method: str, path: str, headers: dict[str, str] | None = None, body: Any = None
) -> bytes:
    """A whole HTTP/1.1 request; a ``body`` of bytes as it is, any other as JSON."""
    payload = (
        body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    )
    headers_sent = {
        "Host": "localhost",
        "Content-Type": "application/json",
        "Content-Length": str(len(payload)),
        "Accept-Language": "es-MX,es;q=0.9,en;q=0.5",
        **(headers or {}),
    }
    lines = [
        f"{method} {path} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers_sent.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + payload


@contextmanager
def standing(past: int = 0) -> Iterator[Stage]:
    """Everything started and loaded; all of it ends and is deleted with the context. ``past``: how
    many times the 70,000 bookings lie behind them as well."""
    with durable_servers() as addresses, ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="consular-bench-")))
        few = stack.enter_context(addresses.fresh_database())
        settings = settings_for(few, addresses.redis_url, home)
        load_reference(settings)
        _open_sessions(settings)
        citizens = make_citizens(settings, _CITIZENS)
        _book(few, 0, FEW)
        _fill_day(few)
        many = stack.enter_context(addresses.fresh_database(few.name))
        _book(many, FEW, MANY)
        history.repeat_in_past(addresses.superuser_url, many.name, OFFICE, past)
        starts = starts_of(few)
        full = moved(settings, many)
        yield Stage(
            stack.enter_context(running_server(settings)),
            stack.enter_context(running_server(settings, floor.create_app)),
            stack.enter_context(running_server(full)),
            stack.enter_context(running_server(full, floor.create_app)),
            citizens,
            starts,
            _sign_in(settings),
        )


def settings_for(urls: DatabaseUrls, redis_url: str, home: Path) -> Settings:
    return with_token_key(settings_over(urls, home, redis_url, CONSULAR_ENV="development"))


def _open_sessions(settings: Settings) -> None:
    """Mornings of the next sixty days at one office, and one time at each of two more."""
    desks = tuple(
        DeskPlan(f"{name}{number}", codes)
        for name, codes in DESKS
        for number in range(_WINDOWS_OF_A_KIND)
    )
    database = Database(settings.database_url, pool_size=1)
    try:
        for ahead in range(1, DAYS + 1):
            day = (datetime.now(UTC) + timedelta(days=ahead)).date()
            if day.weekday() < 5:
                open_unless_closed(database, OpenSession(OFFICE, day, time(9), time(13), 15, desks))
        for office in (HOT, SOLD_OUT):
            command = OpenSession(office, working_day(20), time(9), time(9, 15), 15, desks)
            open_unless_closed(database, command)
        open_unless_closed(
            database, OpenSession(AGENDA, working_day(20), time(9), time(15), 15, desks[:30])
        )
    finally:
        database.dispose()


def open_unless_closed(database: Database, command: OpenSession) -> None:
    """Open it, but on a holiday."""
    try:
        with database.transaction(NETWORK_SCOPE) as session:
            open_session(session, command, now=system_clock(), actor=SYSTEM)
    except OfficeClosed:
        return


def _book(urls: DatabaseUrls, first: int, last: int) -> None:
    """Bookings number ``first`` to ``last`` (that one not), and room or none where it is asked."""
    options = "-c app.consulate=*"
    with psycopg.connect(urls.owner_url, autocommit=True, options=options) as connection:
        connection.execute(_BOOKINGS, {"office": OFFICE, "first": first, "last": last - 1})
        connection.execute(_TAKEN, {"office": OFFICE})
        connection.execute(_CAPACITY, {"office": HOT, "capacity": 32_000})
        connection.execute(_CAPACITY, {"office": SOLD_OUT, "capacity": 0})
        connection.execute("VACUUM (ANALYZE)")


def _fill_day(urls: DatabaseUrls) -> None:
    """300 people of today at one office."""
    first = 10 * MANY
    booked = {"office": AGENDA, "first": first, "last": first + AGENDA_PEOPLE - 1}
    options = "-c app.consulate=*"
    with psycopg.connect(urls.owner_url, autocommit=True, options=options) as connection:
        connection.execute(_BOOKINGS, booked)
        connection.execute(_TODAY, {"office": AGENDA})


def _sign_in(settings: Settings) -> str:
    """The cookie of an officer, as a browser sends it."""
    database, now = Database(settings.database_url, pool_size=1), system_clock()
    try:
        with database.transaction(NETWORK_SCOPE) as session:
            command = MakeStaffAccount("bench-officer", "Demo Officer", "officer", AGENDA)
            officer = make_account(session, command, now=now, actor=SYSTEM)
            secret = start_session(session, now=now, staff_id=officer.id)
    finally:
        database.dispose()
    return f"consular-session={secret}"


def starts_of(urls: DatabaseUrls) -> dict[str, list[datetime]]:
    """The times of each office, in order."""
    with psycopg.connect(urls.owner_url, options="-c timezone=UTC") as connection:
        rows = connection.execute(
            "SELECT consulate_code, array_agg(starts_at ORDER BY starts_at) FROM slots GROUP BY 1"
        ).fetchall()
    return dict(rows)
