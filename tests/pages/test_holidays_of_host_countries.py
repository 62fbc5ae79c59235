"""Holidays of a host country are proposed; the chosen ones close the office after their impact was
seen, as a file of closures does."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

from services.consulates.host_holidays import host_holidays
from tests.factories.staff import staff_browser
from tests.factories.web import Web
from tests.pages.test_closures import admin, closures
from tests.pages.test_planning_a_month import words_of


def test_days_of_the_country_and_region_are_known_in_the_readers_language() -> None:
    def named(country: str, region: str | None, language: str = "es") -> dict[date, str]:
        days = host_holidays(country, region, date(2027, 1, 1), date(2027, 12, 31), language)
        return {each.day: each.name for each in days}

    assert named("DE", None, "en")[date(2027, 10, 3)] == "German Unity Day"
    assert date(2027, 7, 14) in named("FR", None)
    # A day of one region only, and one whose place in the list changes each year (Easter).
    assert date(2027, 6, 24) in named("CA", "QC")
    assert date(2027, 6, 24) not in named("CA", "AB")
    assert named("ES", None)[date(2027, 3, 26)] == "Viernes Santo"
    # Ours are the law's, with their articles: the package is never asked.
    assert named("MX", None) == named("US", "CA") == named("XX", None) == {}


def test_a_supervisor_chooses_days_sees_their_impact_and_closes(web: Web) -> None:
    browser = staff_browser(web.app, "supervisor", "barcelona")
    assert "/desk/closures/holidays" in browser.get("/desk/closures").text
    page = unescape(browser.get("/desk/closures/holidays").text)
    offered = re.findall(r'name="(day_([0-9-]{10}))"[^>]*><label[^>]*>([^<]*)', page)
    (mark, day, label) = next(each for each in offered if "Epifanía" in each[2])
    sent = browser.post("/desk/closures/holidays", **{mark: "1", "day_1999-01-01": "1"})
    tried = browser.get(sent.location).text
    assert "Cierres nuevos: 1. Ya en vigor: 0." in words_of(tried)
    assert closures(web) == []
    file = unescape(re.findall(r"<textarea[^>]*>(.*?)</textarea>", tried, re.S)[0]).strip()
    assert day in file
    said = words_of(browser.send("/desk/closures/import", file=file, write="1").text)
    assert "1 renglones están en vigor." in said
    (row,) = closures(web)
    assert (row.consulate_code, row.reason in label) == ("barcelona", True)
    page = browser.get("/desk/closures/holidays").text
    assert mark not in page
    assert "Ya está cerrado" in page
    nothing = browser.post("/desk/closures/holidays")
    assert nothing.location == "/desk/closures/holidays"


def test_an_admin_chooses_the_office_first_and_the_united_states_need_none(web: Web) -> None:
    network = admin(web)
    assert "day_" not in network.get("/desk/closures/holidays").text
    assert "day_" in network.get("/desk/closures/holidays?consulate=montreal").text
    ours = network.get("/desk/closures/holidays?consulate=losangeles").text
    assert "ya están puestos" in ours
    officer = staff_browser(web.app, "officer", "barcelona")
    assert officer.get("/desk/closures/holidays").status_code == 403
