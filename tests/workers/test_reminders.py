"""People are reminded once of each time that their appointment has, and of no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.appointments.reminding import remind
from tests.factories.web import Web, person, working_day
from tests.workers.conftest import messages
from workers.message_context import local_time
from workers.runtime import JobContext

EMAIL = "ana@demo.invalid"
ZONES = {"losangeles": "America/Los_Angeles", "barcelona": "Europe/Madrid"}


def at_office(office: str, days_before: int, hour: int, minute: int = 0) -> datetime:
    """A time by the office's clock, so many days before the sessions' day."""
    day = working_day() - timedelta(days=days_before)
    return datetime.combine(day, time(hour, minute), ZoneInfo(ZONES[office])).astimezone(UTC)


def reminded(job: JobContext, moment: datetime) -> int:
    with job.transaction() as session:
        return remind(session, now=moment, most=200)


def reminders(url: str) -> list[str]:
    return [each["body"] for each in messages(url, EMAIL) if "Te esperamos" in each["body"]]


def book(web: Web, office: str = "losangeles", number: int = 0) -> str:
    if not web.free(consulate=office):
        web.session(consulate=office)
    start = web.free(consulate=office)[0]["start"]
    token = web.token("citizen", subject="ana")
    answer = web.book(start, token=token, consulate=office, attendees=[person(number)])
    return str(answer.get_json()["id"])


@pytest.mark.parametrize("office", ZONES)
def test_a_week_and_a_day_before_in_the_morning_at_the_office(
    web: Web, job: JobContext, office: str
) -> None:
    book(web, office)
    for days in (7, 1):
        assert reminded(job, at_office(office, days, 8, 59)) == 0
        assert reminded(job, at_office(office, days, 9)) == 1
        assert reminded(job, at_office(office, days, 9)) == 0
        assert reminded(job, at_office(office, days, 23, 59)) == 0
    assert reminded(job, at_office(office, 3, 12)) == 0


def test_it_says_the_offices_time(
    web: Web, job: JobContext, agencies_url: str, pump: Callable[[], int]
) -> None:
    book(web)
    start = datetime.fromisoformat(web.call(
        "GET", "/appointments", token=web.token("citizen", subject="ana")
    ).get_json()["items"][0]["start"])  # fmt: skip
    reminded(job, at_office("losangeles", 1, 10))
    while pump():
        pass
    [message] = reminders(agencies_url)
    assert local_time(start, ZONES["losangeles"], "es") in message


def test_nobody_is_reminded_of_what_was_cancelled_meanwhile(
    web: Web, job: JobContext, agencies_url: str, pump: Callable[[], int]
) -> None:
    token = web.token("citizen", subject="ana")
    early, late = book(web), book(web, number=1)
    web.call("POST", f"/appointments/{early}/cancel", {}, token=token)
    assert reminded(job, at_office("losangeles", 7, 10)) == 1
    web.call("POST", f"/appointments/{late}/cancel", {}, token=token)
    while pump():
        pass
    assert reminders(agencies_url) == []


def test_after_a_move_the_new_time_alone(
    web: Web, job: JobContext, agencies_url: str, pump: Callable[[], int]
) -> None:
    token, id = web.token("citizen", subject="ana"), book(web)
    assert reminded(job, at_office("losangeles", 7, 10)) == 1
    other = web.free()[-1]["start"]
    web.call("POST", f"/appointments/{id}/reschedule", {"start": other}, token=token)
    assert reminded(job, at_office("losangeles", 7, 10)) == 1
    while pump():
        pass
    [sent] = reminders(agencies_url)
    assert "9:45" in sent
    assert "9:00" not in sent
    assert reminded(job, at_office("losangeles", 1, 10)) == 1


def test_one_that_was_just_booked_needs_none(web: Web, job: JobContext) -> None:
    web.travel(at_office("losangeles", 1, 8))
    book(web)
    assert reminded(job, at_office("losangeles", 1, 10)) == 0


def test_a_large_morning_goes_in_batches(web: Web, job: JobContext) -> None:
    for number in range(3):
        book(web, number=number)
    moment = at_office("losangeles", 1, 9)
    with job.transaction() as session:
        assert [remind(session, now=moment, most=2) for _ in range(3)] == [2, 1, 0]
