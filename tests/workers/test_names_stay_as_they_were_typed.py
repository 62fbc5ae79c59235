"""An apostrophe is one in mail, on paper and on pages, and never shown as an entity of HTML."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from pypdfium2 import PdfDocument

from tests.factories.staff import staff_browser
from tests.factories.web import Web, morning_at_office, person
from tests.workers.conftest import messages


@pytest.mark.parametrize("surname", ["D'Amico", "D\u2019Amico"])
def test_in_messages_on_paper_and_at_the_desk(
    web: Web, agencies_url: str, pump: Callable[[], int], surname: str
) -> None:
    web.session(desks=[{"name": name, "services": ["PAS10"]} for name in "AB"])
    ana = web.token("citizen", subject="ana")
    named = {"given_names": "José María", "first_surname": surname, "second_surname": "Núñez"}
    whole = f"José María {surname} Núñez"
    booked = web.book(
        web.free()[0]["start"],
        token=ana,
        attendees=[person(1), person(2, **named)],
        contact={"email": "ana@demo.invalid"},
    )
    assert booked.status_code == 201, booked.text
    at = f"/appointments/{booked.get_json()['id']}"
    paper = PdfDocument(web.call("GET", f"{at}.pdf", token=ana).get_data())
    assert whole in "\n".join(page.get_textpage().get_text_range() for page in paper)
    web.travel(morning_at_office())
    officer = staff_browser(web.app, "officer", "losangeles")
    agenda = officer.get("/desk/").text
    assert whole in unescape(agenda)
    assert "&amp;#" not in agenda

    assert web.call("POST", f"{at}/attendees/2/cancel", {}, token=ana).status_code == 200
    while pump():
        pass
    told = [each["subject"] + each["body"] for each in messages(agencies_url, "ana@demo.invalid")]
    assert any(whole in text for text in told)
    assert "&#" not in "".join(told)
