"""A time is listed for a party exactly when booking it would succeed then, whatever is booked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import psycopg
import pytest

from consular.seed import load_reference
from services.appointments.booking import BookAppointment, book
from services.appointments.errors import SlotNotOffered, SlotTaken
from services.appointments.finding_seats import read_openings
from services.appointments.people import Attendee
from services.appointments.planning import DeskPlan, OpenSession, open_session
from services.appointments.queries import availability
from services.appointments.reserves import Reserve, Share
from services.appointments.seating import Party, seat
from services.kernel.audit import SYSTEM
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database, driver_connection
from services.kernel.settings import Settings
from tests.factories.counts import miscounted
from tests.factories.web import working_day
from tests.servers import connected

OFFICE, SERVICES, DAY = "losangeles", ("PAS10", "MAT", "INE"), timedelta(days=1)
SHARES = ("", "", "elderly_or_disabled", "urgent_protection")


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    load_reference(settings)
    with connected(settings.database_url, pool_size=2) as database:
        yield database


def _open(database: Database, chance: Random, days: int) -> datetime:
    """Two sessions of a morning, with desks, long services, places kept for some and maximums by
    chance; when the day begins."""
    day = working_day(days)
    for name, opens in (("A", time(9)), ("B", time(9, 30))):
        desks = tuple(
            DeskPlan(f"{name}{days}-{n}", tuple(chance.sample(SERVICES, chance.randint(1, 3))))
            for n in range(chance.randint(1, 3))
        )
        minutes = {code: chance.choice((20, 30, 45)) for code in SERVICES if chance.random() < 0.3}
        kept = chance.choice(((), (), (), ("elderly_or_disabled",), ("urgent_protection",)))
        most = {code: chance.randint(2, 5) for code in SERVICES if chance.random() < 0.2}
        command = OpenSession(
            OFFICE, day, opens, time(10, 15), 15, desks, service_minutes=minutes,
            reserves=tuple(Reserve(Share(each), 1) for each in kept), daily_maximums=most,
        )  # fmt: skip
        with database.transaction(NETWORK_SCOPE) as session:
            open_session(session, command, now=system_clock(), actor=SYSTEM)
    return datetime.combine(day, time(12), UTC)


def _listed(database: Database, begins: datetime, wanted: Party) -> set[datetime]:
    service, *further = wanted.services
    with database.transaction(NETWORK_SCOPE) as session:
        assert miscounted(driver_connection(session)) == []
        times = availability(
            session, consulate=OFFICE, service=service, further=further,
            first=begins, last=begins + DAY, party=wanted.people, share=wanted.share,
        )  # fmt: skip
    return {each.start.astimezone(UTC) for each in times}


def _possible(database: Database, begins: datetime, wanted: Party) -> set[datetime]:
    """Starts at which the search seats the party, without any count."""
    with database.transaction(NETWORK_SCOPE) as session:
        read = read_openings(driver_connection(session), [OFFICE], begins, begins + 2 * DAY)
    openings = [opening for _, opening in read]
    starts = {t.starts_at for o in openings for t in o.times if t.starts_at < begins + DAY}
    return {
        start.astimezone(UTC) for start in starts if seat(openings, replace(wanted, start=start))
    }


def test_every_listed_time_can_be_booked_and_no_other(
    database: Database, settings: Settings, request: pytest.FixtureRequest
) -> None:
    vault = Vault(settings.master_keys(), settings.index_key())
    rounds = 25 if request.config.getoption("--full") else 3
    booked = 0
    for number in range(rounds):
        chance = Random(number)
        begins = _open(database, chance, 20 + 2 * number)
        for step in range(12):
            services = tuple(chance.sample(SERVICES, chance.choice((1, 1, 2))))
            people, share = chance.choice((1, 1, 2, 3)), chance.choice(SHARES)
            wanted = Party(begins, services, people, share=share)
            listed = _listed(database, begins, wanted)
            assert listed == _possible(database, begins, wanted), (number, step, wanted)
            start = begins.replace(hour=17) + timedelta(minutes=15 * chance.randrange(6))
            start = chance.choice(sorted(listed | {start}))
            command = BookAppointment(
                OFFICE, services, start, _people(number, step, people), share=share
            )
            assert _books(database, command, vault) == (start in listed), (number, step, wanted)
            booked += start in listed
    assert booked >= 4 * rounds


def _people(number: int, step: int, people: int) -> tuple[Attendee, ...]:
    named = "abcdefghijklmnopqrstuvwxyz"
    return tuple(
        Attendee("Ana", f"Demo {named[number]}{named[step]}{named[n]}", None, date(1990, 5, 12))
        for n in range(people)
    )


def _books(database: Database, command: BookAppointment, vault: Vault) -> bool:
    connection: psycopg.Connection[Any]
    with suppress(SlotTaken, SlotNotOffered), database.raw_connection() as connection:
        book(connection, command, now=system_clock(), actor=SYSTEM, vault=vault)
        return True
    return False
