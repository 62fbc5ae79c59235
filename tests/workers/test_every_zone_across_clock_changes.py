"""In every zone that has an office, times are the office's wall clock's on days of clock changes.

In lists of free times and on their page, on the page of an own appointment, in calendar files and
in messages; and each is bookable as it was listed.
``--full``: a day and a week before and after as well, and every time is booked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from itertools import chain, pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import vobject
from flask.testing import FlaskClient
from icalendar import Calendar
from pypdfium2 import PdfDocument
from sqlalchemy import text
from werkzeug.test import TestResponse

from services.kernel.db import NETWORK_SCOPE
from services.kernel.settings import Settings
from tests.factories.staff import citizen_browser
from tests.factories.web import Web, person, running_web
from workers import message_context
from workers.message_context import Means
from workers.runtime import JobContext

# The first spans the hour that is left out or comes twice; in the last, somewhere, UTC's day ends.
WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
)  # fmt: skip
SESSIONS = (("00:00", "06:00", 60, "A"), ("08:00", "20:00", 180, "B"))


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    with running_web(settings) as running:
        # Hundreds of answers of three kinds: other tests hold them to the published schema.
        running.app.test_client_class = FlaskClient
        yield running


def office_of_each_zone(web: Web) -> dict[str, str]:
    answer = web.call("GET", "/consulates")
    return {office["time_zone"]: office["code"] for office in answer.get_json()["items"]}


def days_of_change(zone: str, first: date) -> list[date]:
    """Days of the year from ``first`` on which the zone's clocks are set."""
    noons = [
        datetime.combine(first + timedelta(days=n), time(12), ZoneInfo(zone)) for n in range(366)
    ]
    return [b.date() for a, b in pairwise(noons) if a.utcoffset() != b.utcoffset()]


def open_sessions(web: Web, office: str, day: date) -> bool:
    """False where the office doesn't open on that day."""
    answers = [
        web.try_session(
            consulate=office,
            date=day.isoformat(),
            opens=opens,
            closes=closes,
            slot_minutes=minutes,
            release="open",
            desks=[{"name": desk, "services": ["PAS10"]}],
        )
        for opens, closes, minutes, desk in SESSIONS
    ]
    assert all(answer.status_code in (201, 409) for answer in answers), answers[0].text
    return all(answer.status_code == 201 for answer in answers)


def offered(web: Web, office: str, day: date, last: date | None = None) -> list[str]:
    path = f"/consulates/{office}/availability?service=PAS10&from={day}&to={last or day}"
    answer = web.call("GET", path)
    assert answer.status_code == 200, answer.text
    return [slot["start"] for slot in answer.get_json()["slots"]]


def check_list(starts: list[str], day: date, zone: str) -> None:
    """Each is on that day of the office, no hour twice, and the sessions begin when they say."""
    moments = [datetime.fromisoformat(start) for start in starts]
    walls = [moment.astimezone(ZoneInfo(zone)) for moment in moments]
    assert [moment.utcoffset() for moment in moments] == [wall.utcoffset() for wall in walls]
    assert {wall.date() for wall in walls} == {day}
    assert len({moment.astimezone(UTC) for moment in moments}) == len(moments)
    assert {time(8), time(17)} <= {wall.time() for wall in walls}


def day_in_words(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]} {day.day} de {MONTHS[day.month - 1]} de {day.year}"


def clock_in_words(wall: datetime) -> str:
    half = "a. m." if wall.hour < 12 else "p. m."
    return f"{(wall.hour - 1) % 12 + 1}:{wall.minute:02d} {half}"


def read_page(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.text
    return re.sub(r"[\u00a0\u202f]", " ", unescape(answer.text))


def check_page_of_times(web: Web, office: str, day: date, zone: str, starts: list[str]) -> None:
    """Under that day's heading the same moments as in the list, by the office's wall clock."""
    asked = {"consulate": office, "service": "PAS10", "from": day.isoformat()}
    page = read_page(web.client.get("/citas/horarios", query_string=asked))
    [section] = re.findall(rf'<section aria-labelledby="d-{day}">(.*?)</section>', page, re.DOTALL)
    [heading] = re.findall(r"<h2[^>]*>(.*?)</h2>", section)
    assert heading.lower() == day_in_words(day)
    walls = [datetime.fromisoformat(start).astimezone(ZoneInfo(zone)) for start in starts]
    shown = re.findall(r'class="visually-hidden">(.*?), </span>([^<,]+)', section)
    assert shown == [(day_in_words(day), clock_in_words(wall)) for wall in walls]


def check_own_page(web: Web, id: str, wall: datetime) -> None:
    """Its day and time, and no other."""
    own = text("SELECT account_id FROM appointments WHERE id = :id")
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = session.execute(own, {"id": id}).scalar_one()
    page = read_page(citizen_browser(web.app, account).get(f"/citas/{id}"))
    moments = set(re.findall(r"\w+ \d+ de \w+ de \d{4} a las \d+:\d\d [ap]\. m\.", page))
    assert moments == {f"{day_in_words(wall.date())} a las {clock_in_words(wall)}"}


def is_ambiguous(start: str, zone: str) -> bool:
    """The clock shows that time twice; a calendar file can't say which (RFC 5545, 3.3.5)."""
    wall = datetime.fromisoformat(start).astimezone(ZoneInfo(zone))
    return wall.replace(fold=1 - wall.fold).utcoffset() != wall.utcoffset()


def check_appointment(web: Web, job: JobContext, booked: dict[str, Any], zone: str) -> None:
    """One wall time on the page, in the calendar file by two readers, and in the message."""
    wall = datetime.fromisoformat(booked["start"]).astimezone(ZoneInfo(zone))
    token = web.token("agent")
    text = web.call("GET", f"/appointments/{booked['id']}.ics", token=token).get_data(as_text=True)
    [event] = Calendar.from_ical(text).walk("VEVENT")
    for reader, start in (
        ("icalendar", event["DTSTART"].dt),
        ("vobject", vobject.readOne(text).vevent.dtstart.value),
    ):
        assert start.isoformat() == wall.isoformat(), (reader, zone)
    with job.transaction() as session:
        message = message_context.appointment(
            session,
            UUID(booked["id"]),
            Means(wall - timedelta(days=1), "", job.vault),
            "appointment_confirmation",
        )
    assert message is not None
    assert f"{wall.day} de " in message.values["when"]
    assert f"{(wall.hour - 1) % 12 + 1}:{wall.minute:02d}" in unescape(message.values["when"])


def test_a_time_is_the_same_everywhere_and_can_be_booked_as_listed(
    web: Web, job: JobContext, pytestconfig: pytest.Config
) -> None:
    full = pytestconfig.getoption("--full")
    around = (-7, -1, 0, 1, 7) if full else (0,)
    first = datetime.now(UTC).date() + timedelta(days=20)
    number = 0
    for zone, office in office_of_each_zone(web).items():
        for change in days_of_change(zone, first):
            for day in (change + timedelta(days=n) for n in around):
                web.travel(datetime.combine(day, time(), UTC) - timedelta(days=9))
                if not open_sessions(web, office, day):
                    continue
                starts = offered(web, office, day)
                check_list(starts, day, zone)
                check_page_of_times(web, office, day, zone, starts)
                starts = [start for start in starts if not is_ambiguous(start, zone)]
                for start in starts if full else starts[-1:]:
                    number += 1
                    answer = web.book(
                        start,
                        token=web.token("citizen", subject=f"ana{number}"),
                        consulate=office,
                        attendees=[person(number)],
                        contact={"email": f"ana{number}@demo.invalid"},
                    )
                    assert answer.status_code == 201, (zone, start, answer.text)
                    check_appointment(web, job, answer.get_json(), zone)
                    wall = datetime.fromisoformat(start).astimezone(ZoneInfo(zone))
                    check_own_page(web, answer.get_json()["id"], wall)
    assert number > 80


TWO_ZONES = {"losangeles": "America/Los_Angeles", "barcelona": "Europe/Madrid"}


def changes(zone: str) -> list[date]:
    return days_of_change(zone, datetime.now(UTC).date() + timedelta(days=20))


@pytest.mark.parametrize("office", TWO_ZONES)
def test_a_period_lists_what_its_days_list_whichever_of_them_is_of_the_change(
    web: Web, office: str
) -> None:
    for change in changes(TWO_ZONES[office]):
        web.travel(datetime.combine(change, time(), UTC) - timedelta(days=9))
        before, after = (change + timedelta(days=n) for n in (-1, 1))
        opened = [day for day in (before, change, after) if open_sessions(web, office, day)]
        assert change in opened, "nothing is shown where the office is closed on that day"
        of_day = {day: offered(web, office, day) for day in (before, change, after)}
        for first, last in ((before, change), (change, after), (before, after)):
            each = [of_day[day] for day in of_day if first <= day <= last]
            assert offered(web, office, first, last) == [*chain(*each)]


@pytest.mark.parametrize("office", TWO_ZONES)
def test_a_winter_time_booked_in_summer_and_the_other_way_round_reads_alike(
    web: Web, job: JobContext, office: str
) -> None:
    zone = TWO_ZONES[office]
    for change in changes(zone):
        web.travel(datetime.combine(change, time(), UTC) - timedelta(days=9))
        after = (change + timedelta(days=n) for n in range(1, 9))
        day = next(day for day in after if open_sessions(web, office, day))
        [start] = [each for each in offered(web, office, day) if each[11:16] == "17:00"]
        ana = web.token("citizen", subject=f"ana-{change}")
        booked = web.book(start, token=ana, consulate=office, attendees=[person(change.month)])
        assert booked.status_code == 201, booked.text
        id = booked.get_json()["id"]
        assert booked.get_json()["start"] == start
        check_appointment(web, job, booked.get_json(), zone)
        own = text("SELECT account_id FROM appointments WHERE id = :id")
        with web.database.transaction(NETWORK_SCOPE) as session:
            account = session.execute(own, {"id": id}).scalar_one()
        paper = PdfDocument(web.call("GET", f"/appointments/{id}.pdf", token=ana).get_data())
        for said in (
            unescape(citizen_browser(web.app, account).get(f"/citas/{id}").text),
            "\n".join(page.get_textpage().get_text_range() for page in paper),
        ):
            assert "5:00" in said
            assert "4:00" not in said
            assert "6:00" not in said
