"""What the desk forgot to end is ended after the day, so that nobody is kept from booking."""

from __future__ import annotations

from datetime import timedelta

from services.appointments.closing import close_days
from services.appointments.rules import NOTES_AFTER_CLOSING
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.settings import Settings
from tests.factories.web import morning_at_office, person, running_web


def test_a_forgotten_appointment_ends_and_its_person_may_book_again(settings: Settings) -> None:
    with running_web(settings) as web:
        web.session()
        web.travel(morning_at_office())
        token = web.token("citizen", subject="ana")
        first, second, third = (slot["start"] for slot in web.free()[:3])
        came = web.book(first, token=token).get_json()
        absent = web.book(second, token=token, attendees=[person(2)]).get_json()
        officer = web.token("officer", "losangeles")
        checked = {"identity_checked": True}
        web.call("POST", f"/appointments/{came['id']}/check-in", checked, token=officer)
        assert web.book(third, token=token).get_json()["code"] == "already_booked"
        database, before = web.database, system_clock()
        the_day = before + timedelta(days=40)
        with database.transaction(NETWORK_SCOPE) as session:
            assert close_days(session, now=before + timedelta(days=20)) == 0
            assert close_days(session, now=the_day + NOTES_AFTER_CLOSING) == 2
            assert close_days(session, now=the_day + NOTES_AFTER_CLOSING) == 0
        ended = [
            web.call("GET", f"/appointments/{each['id']}", token=token).get_json()["status"]
            for each in (came, absent)
        ]
        assert ended == ["not_served", "no_show"]
        assert web.book(third, token=token).status_code == 201
