"""People are told once, in their language, and no more than they need."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from sqlalchemy import text

from services.appointments.desk import cancel
from services.citizens.codes import Destination, send_code
from services.enrollments.withdrawing import withdraw
from services.kernel.audit import SYSTEM
from services.kernel.catalogue import reading_language, translate
from services.kernel.clock import system_clock
from services.kernel.ids import spaced
from services.outbox import delivery
from services.words import MESSAGES
from tests.factories.enrollments import make_applicant, make_request
from tests.workers.conftest import (
    EMAIL,
    book_for_monday,
    deliver,
    enroll,
    fault,
    look,
    messages,
    outcomes,
    until,
)
from workers.message_context import local_time
from workers.runtime import JobContext
from workers.sms import as_sms


@pytest.mark.parametrize("message", sorted(MESSAGES))
def test_every_message_says_the_same_in_both_languages(message: str) -> None:
    for spanish in (MESSAGES[message].subject, MESSAGES[message].body):
        english = translate(spanish, "en")
        assert english != spanish
        assert set(re.findall(r"%\(\w+\)s", english)) == set(re.findall(r"%\(\w+\)s", spanish))


def test_other_languages_read_spanish() -> None:
    assert [reading_language(code) for code in ("es-MX", "nah", "en", "en-US", "EN")] == [
        "es",
        "es",
        "en",
        "en",
        "en",
    ]


@pytest.mark.parametrize(
    ("channel", "address"), [("email", "alguien@example.org"), ("sms", "+13235550123")]
)
def test_a_login_code_reaches_its_address(
    job: JobContext, pump: Callable[[], int], agencies_url: str, channel: str, address: str
) -> None:
    _send_code(job, Destination(channel, address))
    pump()
    [message] = messages(agencies_url, address)
    assert re.search(r"\b\d{6}\b", message["body"])
    assert message["channel"] == channel
    assert bool(message["subject"]) is (channel == "email")
    assert not re.search(r"\d{6}", message["subject"])


def test_a_code_that_can_not_be_used_any_more_is_not_sent(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    _send_code(job, Destination("email", EMAIL), age=timedelta(minutes=11))
    pump()
    assert messages(agencies_url, EMAIL) == []
    assert outcomes(job, "citizens.login_code") == ["moot"]


def test_a_lost_answer_of_the_gateway_makes_no_second_message(
    job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    fault(agencies_url, "notices", drop_after_effect_rate=1)
    _send_code(job, Destination("email", EMAIL))
    pump()
    assert outcomes(job, "citizens.login_code") == [None]
    fault(agencies_url, "notices")
    until(lambda: pump() == 0 and outcomes(job, "citizens.login_code") == ["sent"])
    assert len(messages(agencies_url, EMAIL)) == 1


def test_an_address_that_is_none_ends_the_matter(job: JobContext, pump: Callable[[], int]) -> None:
    _send_code(job, Destination("email", "nobody"))
    pump()
    assert outcomes(job, "citizens.login_code") == ["recipient_invalid"]


@pytest.mark.parametrize(
    ("language", "office", "words"),
    [
        ("es", "Consulado de México en Villanueva", ("hora estándar del Pacífico", "9:00 a. m.")),
        ("en", "Consulate of Mexico in Villanueva", ("Pacific Standard Time", "9:00 AM")),
    ],
)
def test_a_confirmation_names_folio_office_service_and_local_time(
    job: JobContext, agencies_url: str, language: str, office: str, words: tuple[str, ...]
) -> None:
    appointment, folio = book_for_monday(job, language=language)
    deliver(job, "appointments.confirmation", appointment)
    [message] = messages(agencies_url, EMAIL)
    where = {"es": "Dónde", "en": "Where"}[language]
    assert f"{where}: {office}" in message["body"]
    service = "Servicio TST" if language == "es" else "Service TST"
    for word in (spaced(folio), office, service, *words, f"{job.public_url}/citas/{appointment}"):
        assert word in message["body"]
    assert f"{job.public_url}/citas/{appointment}/cita.pdf" in message["body"]
    assert "Quintana" not in message["body"]


def test_a_cancellation_and_an_identity_check_are_told_to_whoever_booked(
    job: JobContext, agencies_url: str
) -> None:
    found, folio = book_for_monday(job)
    with job.transaction() as session:
        delivery.enqueue(session, "appointments.identity_check", found)
    deliver(job, "appointments.identity_check", found)
    with job.transaction() as session:
        cancel(session, found, now=system_clock(), actor=SYSTEM)
    deliver(job, "appointments.cancelled", found)
    assert len([m for m in messages(agencies_url, EMAIL) if spaced(folio) in m["subject"]]) == 2


def test_a_cancellations_calendar_file_takes_the_same_event_away(
    job: JobContext, agencies_url: str
) -> None:
    appointment, _ = book_for_monday(job)
    deliver(job, "appointments.confirmation", appointment)
    with job.transaction() as session:
        cancel(session, appointment, now=system_clock(), actor=SYSTEM)
    deliver(job, "appointments.cancelled", appointment)
    said = []
    for message in reversed(messages(agencies_url, EMAIL)):
        [file] = cast(list[dict[str, str]], message["attachments"])
        calendar = Calendar.from_ical(b64decode(file["content"]))
        [event] = calendar.walk("VEVENT")
        assert file["media_type"].endswith(f"method={calendar['METHOD']}")
        said.append((str(calendar["METHOD"]), str(event["UID"]), int(event["SEQUENCE"])))
    [(first, uid, before), (second, same, after)] = said
    assert (first, second, same, after > before) == ("PUBLISH", "CANCEL", uid, True)


@pytest.mark.parametrize("topic", ["appointments.confirmation", "appointments.identity_check"])
def test_a_message_that_waited_says_nothing_that_is_no_longer_so(
    job: JobContext, agencies_url: str, topic: str
) -> None:
    appointment, folio = book_for_monday(job)
    with job.transaction() as session:
        delivery.enqueue(session, "appointments.identity_check", appointment)
        cancel(session, appointment, now=system_clock(), actor=SYSTEM)
    deliver(job, topic, appointment)
    assert outcomes(job, topic) == ["moot"]
    assert [m for m in messages(agencies_url, EMAIL) if spaced(folio) in m["body"]] == []


def test_a_confirmation_that_comes_after_the_appointment_is_not_sent(
    job: JobContext, agencies_url: str
) -> None:
    appointment, _ = book_for_monday(job)
    with job.transaction() as session:
        gone = text("UPDATE appointments SET starts_at = :at, ends_at = :at WHERE id = :id")
        session.execute(gone, {"at": system_clock() - timedelta(minutes=1), "id": appointment})
    deliver(job, "appointments.confirmation", appointment)
    assert outcomes(job, "appointments.confirmation") == ["moot"]


def test_a_clash_with_a_request_that_was_withdrawn_is_not_told(job: JobContext) -> None:
    enrollment = enroll(job, make_request(make_applicant(email=EMAIL)))
    with job.transaction() as session:
        delivery.enqueue(session, "enrollments.identity_check", enrollment)
        withdraw(session, enrollment, now=system_clock(), actor=SYSTEM)
    deliver(job, "enrollments.identity_check", enrollment)
    assert outcomes(job, "enrollments.identity_check") == ["moot"]


def test_an_sms_says_in_what_it_is_written_and_in_how_many_parts(
    job: JobContext, agencies_url: str
) -> None:
    appointment, _ = book_for_monday(job, email=None, phone="+13235550123")
    deliver(job, "appointments.confirmation", appointment)
    [message] = messages(agencies_url, "+13235550123")
    sms = as_sms(message["body"])
    assert (message["encoding"], message["parts"]) == (sms.encoding, sms.parts)
    assert (sms.encoding, sms.parts <= 3) == ("gsm7", True)
    assert message["body"] == sms.text
    assert "?" not in message["body"]


def test_somebody_elses_request_is_told_to_whoever_is_enrolled(
    job: JobContext, agencies_url: str
) -> None:
    enrollment = enroll(job, make_request(make_applicant(email=EMAIL)))
    with job.transaction() as session:
        delivery.enqueue(session, "enrollments.identity_check", enrollment)
    deliver(job, "enrollments.identity_check", enrollment)
    assert spaced(look(job, enrollment).folio) in messages(agencies_url, EMAIL)[-1]["body"]


def test_without_an_address_nobody_is_told_and_the_item_ends(job: JobContext) -> None:
    appointment, _ = book_for_monday(job, email=None)
    deliver(job, "appointments.confirmation", appointment)
    assert outcomes(job, "appointments.confirmation") == ["no_address"]


def test_the_time_is_the_offices_whatever_the_season() -> None:
    summer = datetime(2027, 7, 5, 16, 0, tzinfo=ZoneInfo("UTC"))
    assert "9:00" in local_time(summer, "America/Los_Angeles", "es")
    assert "verano del Pacífico" in local_time(summer, "America/Los_Angeles", "es")


def _send_code(job: JobContext, to: Destination, age: timedelta = timedelta()) -> None:
    with job.transaction() as session:
        now = system_clock() - age
        send_code(session, to, language="es", now=now, vault=job.vault)
