"""Who booked for relatives hears which of them was taken off; nobody else of the same time learns
anything; the copy of one's data has what was written down before coming."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pypdfium2 import PdfDocument
from sqlalchemy import text

from consular.input.pre_applications import PreApplicationSchema
from services.kernel.settings import Settings
from tests.factories.web import Web, person, running_web
from workers import message_context
from workers.message_context import Means
from workers.messages import write
from workers.runtime import JobContext


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    with running_web(settings) as running:
        running.session(desks=[{"name": name, "services": ["PAS10"]} for name in "ABC"])
        yield running


def test_who_booked_for_relatives_hears_who_was_taken_off(web: Web, job: JobContext) -> None:
    ana, start = web.token("citizen", subject="ana"), web.free()[0]["start"]
    family = [person(1), person(2, given_names="Beto")]
    booked = web.book(start, token=ana, attendees=family).get_json()
    path = f"/appointments/{booked['id']}/attendees/2/cancel"
    assert web.call("POST", path, {}, token=ana).status_code == 200
    query = "SELECT ref FROM outbox WHERE topic = 'appointments.attendee_cancelled'"
    with job.transaction() as session:
        (person_id,) = session.scalars(text(query))
        means = Means(datetime.now(UTC), "", job.vault)
        context = message_context.attendee_cancelled(session, person_id, means)
    assert context is not None
    assert context.email == "ana@demo.invalid"
    message = write(context.message, context.language, context.values)
    assert "Beto Demo Aaac" in message.subject + message.body


def test_people_of_the_same_time_learn_nothing_of_one_another(web: Web, job: JobContext) -> None:
    ana, eve = (web.token("citizen", subject=who) for who in ("ana", "eve"))
    start = web.free()[0]["start"]
    booked = web.book(start, token=ana, attendees=[person(1), person(2)]).get_json()["id"]
    own = web.book(start, token=eve, attendees=[person(9)]).get_json()["id"]
    for path in (f"/appointments/{booked}", f"/appointments/{booked}.ics"):
        assert web.call("GET", path, token=eve).status_code == 404
    assert web.call("GET", f"/appointments/{booked}.pdf", token=eve).status_code == 404
    mine = web.call("GET", f"/appointments/{own}", token=eve).text
    calendar = web.call("GET", f"/appointments/{own}.ics", token=eve).text
    paper = PdfDocument(web.call("GET", f"/appointments/{own}.pdf", token=eve).get_data())
    with job.transaction() as session:
        means = Means(datetime.now(UTC), "", job.vault)
        context = message_context.appointment(session, UUID(own), means, "appointment_confirmation")
    assert context is not None
    message = write(context.message, context.language, context.values)
    printed = "\n".join(page.get_textpage().get_text_range() for page in paper)
    assert "Aaaj" in mine
    assert "Aaaj" in printed
    for name in ("Aaab", "Aaac"):
        assert name not in mine + calendar + printed + message.subject + message.body


def test_the_copy_has_what_was_written_down_before_coming(web: Web) -> None:
    ana, start = web.token("citizen", subject="ana"), web.free()[0]["start"]
    booked = web.book(start, token=ana).get_json()["id"]
    data = PreApplicationSchema.example["data"]
    path = f"/appointments/{booked}/pre-application"
    assert web.call("PUT", path, {"data": data}, token=ana).status_code == 200
    (copied,) = web.call("GET", "/me/data", token=ana).get_json()["pre_applications"]
    assert (copied["appointment"], copied["data"]) == (booked, data)
