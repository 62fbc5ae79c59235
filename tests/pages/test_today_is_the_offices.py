"""Today is the day on the office's own wall, whatever it is on the server's clock or the reader's;
and what is shown as today can be planned for today."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from html import unescape

import pytest

from tests.factories.staff import staff_browser
from tests.factories.web import Web, working_day


# Half past eleven at night in UTC: after midnight in Barcelona, in the afternoon in Los Angeles.
@pytest.mark.parametrize(("office", "ahead"), [("losangeles", 0), ("barcelona", 1)])
def test_the_agenda_and_the_days_report_begin_with_it_and_a_session_may_be_of_it(
    web: Web, office: str, ahead: int
) -> None:
    utc = working_day()
    day = date.fromordinal(utc.toordinal() + ahead)
    web.travel(datetime.combine(utc, time(23, 30), UTC))
    with web.app.test_request_context("/"):
        words = web.app.jinja_env.filters["date_long"](day)
    officer = staff_browser(web.app, "officer", office)
    for page in ("/desk/", "/desk/day"):
        assert words in unescape(officer.get(page).text), page
    supervisor = staff_browser(web.app, "supervisor", office)
    fields = {
        "date": day.isoformat(), "opens": "22:00", "closes": "22:15", "slot_minutes": "15",
        "groups": "1", "desks": "A", "service_1_PAS10": "1",
    }  # fmt: skip
    assert supervisor.post("/desk/sessions", **fields).status_code == 303
    path = f"/consulates/{office}/availability?service=PAS10"
    [slot] = web.call("GET", path).get_json()["slots"]
    assert slot["start"][:16] == f"{day}T22:00"
