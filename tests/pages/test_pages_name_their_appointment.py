"""Each page of an appointment says for whom it is, on which day and at which office."""

from __future__ import annotations

from html import unescape
from uuid import UUID

import pytest
from babel.dates import format_date
from sqlalchemy import text
from werkzeug.routing import Rule

from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import citizen_browser
from tests.factories.web import Web, person, working_day

OFFICE = {
    "es": "Consulado General de México en Los Ángeles",
    "en": "Consulate General of Mexico in Los Angeles",
}
# What of them isn't a page: files, and addresses of forms, which lead back to their page.
NO_PAGES = {
    "portal.appointment_calendar",
    "portal.appointment_pdf",
    "portal.pre_application_document",
}


def pages_of_an_appointment(web: Web) -> list[Rule]:
    rules = [
        rule
        for rule in web.app.url_map.iter_rules()
        if rule.rule.startswith("/citas/<uuid:id>")
        and "GET" in (rule.methods or ())
        and rule.endpoint not in NO_PAGES
        and not rule.endpoint.startswith("portal.back_to_")
    ]
    assert len(rules) >= 6, rules
    return rules


@pytest.mark.parametrize("language", OFFICE)
def test_each_names_person_day_and_office(web: Web, language: str) -> None:
    web.session()
    start = web.free()[0]["start"]
    booked = web.book(start, token=web.token("citizen", subject="ana")).get_json()
    with web.database.transaction(NETWORK_SCOPE) as session:
        account: UUID = session.scalars(text("SELECT account_id FROM appointments")).one()
    browser = citizen_browser(web.app, account)
    adapter = web.app.url_map.bind("localhost")
    day = format_date(working_day(), "d 'de' MMMM" if language == "es" else "MMMM d", language)
    name = f"{person()['given_names']} {person()['first_surname']}"
    for rule in pages_of_an_appointment(web):
        values = {
            "id": booked["id"],
            "start": web.free()[-1]["start"],
            "person": "1",
            "lang": language,
        }
        address = adapter.build(rule.endpoint, values)
        answer = browser.get(address)
        assert answer.status_code == 200, address
        main = unescape(answer.text).partition("<main")[2].partition("</main")[0]
        for words in (name, day, OFFICE[language]):
            assert words in main, (address, words)
