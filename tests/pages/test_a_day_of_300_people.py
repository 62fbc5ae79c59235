"""A day of three hundred people at one office: its agenda is one page, with few statements and few
bytes, and the same again costs next to nothing."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta

from tests.factories.staff import staff_browser
from tests.factories.web import Web, morning_at_office, person
from tests.pages.test_desk import MOST_STATEMENTS, statements

PEOPLE, HOUSEHOLD = 300, 10
# As it travels. A desk asks for news all day long: then a 304 is all that comes.
MOST_BYTES = 40_000


def test_its_agenda_is_one_page_of_few_bytes_and_statements(web: Web) -> None:
    desks = [{"name": f"V{n}", "services": ["PAS10"]} for n in range(HOUSEHOLD)]
    web.session(desks=desks, closes="16:30")
    first = morning_at_office() + timedelta(hours=2)
    for number in range(PEOPLE // HOUSEHOLD):
        answer = web.book(
            (first + timedelta(minutes=15 * number)).isoformat(),
            token=web.token("citizen", subject=f"family-{number}"),
            attendees=[person(number * HOUSEHOLD + n) for n in range(HOUSEHOLD)],
            contact=None,
        )
        assert answer.status_code == 201, answer.text
    web.travel(morning_at_office())
    officer = staff_browser(web.app, "officer", "losangeles")
    page = officer.get("/desk/?desk=V0").text
    assert len(re.findall(r'<tr[^>]* id="a-', page)) == PEOPLE
    assert statements(web, officer, "/desk/?desk=V0") <= MOST_STATEMENTS
    assert len(gzip.compress(page.encode())) < MOST_BYTES
    news = officer.get("/desk/agenda?desk=V0")
    again = officer.client.get(
        "/desk/agenda?desk=V0", headers={"If-None-Match": news.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
