"""What an indicator is to reach may be said of one office: it stands on the office's pages, and
neither adds to the network's target nor takes its place."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from services.alerts.reading import Reading, read
from services.alerts.rules import Condition, Span, Watch
from services.facts.recording import Counted, record
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from services.monitoring.periods import find_period
from tests.api.test_exports import rows_of
from tests.factories.staff import staff_browser
from tests.factories.web import Web

YEAR = str(datetime.now(UTC).year)
DAY = date(int(YEAR), 1, 15)
TARGET = {"period": YEAR, "value": 400, "source": "Programa de trabajo"}


def set_target(web: Web, code: str = "enrollments", **changes: Any) -> Any:
    body = {**TARGET, **changes}
    path = f"/monitoring/indicators/{code}/targets"
    return web.call("POST", path, body, token=web.token("analyst"))


def enroll(web: Web, office: str | None, people: int) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        counted = Counted("enrollment", new_id(), DAY, office)
        now = datetime.now(UTC)
        record(session, counted, "active", now=now, quantity=people, program_code="rfc")


@pytest.fixture
def both(web: Web) -> Web:
    enroll(web, "losangeles", 100)
    enroll(web, "hongkong", 20)
    enroll(web, None, 4)
    for changes in ({}, {"consulate": "losangeles", "value": 200}):
        answer = set_target(web, **changes)
        assert answer.status_code == 201, answer.text
    return web


def test_office_and_network_have_targets_of_their_own(both: Web) -> None:
    path = "/monitoring/indicators/enrollments/targets"
    items = both.call("GET", path, token=both.token("analyst")).get_json()["items"]
    said = {(item["consulate"], item["value"], item["revision"]) for item in items}
    assert said == {(None, 400, 1), ("losangeles", 200, 1)}
    changed = set_target(both, consulate="losangeles", value=250)
    assert changed.get_json()["code"] == "reason_required"
    again = set_target(both, consulate="losangeles", value=250, reason="Abrió otra ventanilla")
    assert (again.status_code, again.get_json()["revision"]) == (201, 2)


def test_pages_of_the_office_show_its_own_and_the_overview_the_networks(both: Web) -> None:
    analyst = staff_browser(both.app, "analyst")
    assert f"50 % de la meta de {YEAR}: 200" in analyst.get("/monitoring/offices/losangeles").text
    assert f"31 % de la meta de {YEAR}: 400" in analyst.get("/monitoring/").text
    assert "de la meta de" not in analyst.get("/monitoring/offices/hongkong").text
    sheet = analyst.get("/monitoring/offices/losangeles/sheet").text
    assert f"50 % de la meta de {YEAR}: 200." in sheet
    assert f"{YEAR}: 400" not in sheet
    page = analyst.get("/monitoring/indicators/enrollments").text
    assert re.search(r"50\s%", page)
    assert re.search(r"31\s%", page)
    assert "Toda la red" in page


def test_rankings_say_how_far_each_office_is_of_its_own_target(both: Web) -> None:
    assert set_target(both, consulate="albuquerque", value=30).status_code == 201
    analyst = staff_browser(both.app, "analyst")
    head = f"Meta de {YEAR}"
    for page in (analyst.get("/monitoring/").text, analyst.get("/monitoring/offices").text):
        table = re.search(r"<caption>Inscripciones aprobadas por oficina.*?</table>", page, re.S)
        assert table
        assert head in table[0]
        lines = re.findall(r"<tr[^>]*>(.*?)</tr>", table[0], re.S)[1:]
        said = {
            re.sub("<[^>]+>", "", line.partition("</th>")[0]): re.findall(r"(\d+ % de \d+)<", line)
            for line in lines
        }
        assert said == {
            "Los Ángeles": ["50 % de 200"],
            "Hong Kong": [],
            "Sin oficina": [],
            # It has a target, and nobody yet.
            "Albuquerque": ["0 % de 30"],
        }
    browser = staff_browser(both.app, "analyst")
    browser.client.set_cookie("lang", "en")
    assert f"Target of {YEAR}" in browser.get("/monitoring/offices").text


def test_without_targets_of_offices_there_is_no_column_of_them(web: Web) -> None:
    enroll(web, "losangeles", 100)
    assert set_target(web).status_code == 201
    page = staff_browser(web.app, "analyst").get("/monitoring/offices").text
    assert "Inscripciones aprobadas por oficina" in page
    assert f"Meta de {YEAR}" not in page


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_a_file_about_a_period_has_its_targets(both: Web, form: str) -> None:
    def file(query: str) -> dict[Any, Any]:
        days = f"from={YEAR}-01-01&to={YEAR}-12-31"
        path = f"/monitoring/export.{form}?indicator=enrollments&{days}&{query}"
        headers = {"Accept-Language": "en"}
        answer = both.call("GET", path, token=both.token("analyst"), headers=headers)
        assert answer.status_code == 200, answer.text
        rows = rows_of(answer, form)
        office = "consulate" if form == "json" else "Office (code)"
        target = "target" if form == "json" else "Target"
        return {row.get(office): row.get(target) for row in rows}

    def number(value: Any) -> int | None:
        return int(value) if value not in (None, "") else None

    by_office = {office or None: number(value) for office, value in file("by=consulate").items()}
    assert by_office == {"losangeles": 200, "hongkong": None, None: None}
    assert [number(value) for value in file("").values()] == [400]
    assert [number(value) for value in file("consulate=losangeles").values()] == [200]
    assert [number(value) for value in file("consulate=hongkong").values()] == [None]
    assert [number(value) for value in file("program=rfc").values()] == [None]


def test_an_old_cut_off_keeps_the_targets_of_its_moment(web: Web) -> None:
    """The same address gives the same numbers after a target was set, and after it was changed."""
    enroll(web, "losangeles", 100)
    moments = [moment(web)]
    for changes in (
        {"consulate": "losangeles", "value": 200},
        {"consulate": "losangeles", "value": 400, "reason": "Abrió otra ventanilla"},
    ):
        assert set_target(web, **changes).status_code == 201
        assert set_target(web, **{**changes, "consulate": None}).status_code == 201
        moments.append(moment(web))
    analyst = staff_browser(web.app, "analyst")
    for as_of, value, percent in zip(moments, (None, 200, 400), (None, 50, 25), strict=True):
        cut = urlencode({"as_of": as_of})
        for page in ("/monitoring/", "/monitoring/offices/losangeles"):
            shown = re.findall(
                r"(\d+) % de la meta de (\d+): (\d+)", analyst.get(f"{page}?{cut}").text
            )
            assert {tuple(map(int, each)) for each in shown} == (
                {(percent, int(YEAR), value)} if value else set()
            ), page
        indicator = analyst.get(f"/monitoring/indicators/enrollments?{cut}").text
        indicator = indicator.partition('id="targets"')[2].partition("</section>")[0]
        assert re.findall(r"(\d+)\s%", indicator) == ([str(percent)] * 2 if value else [])
        days = f"indicator=enrollments&by=consulate&from={YEAR}-01-01&to={YEAR}-12-31&{cut}"
        answer = web.call("GET", f"/monitoring/export.json?{days}", token=web.token("analyst"))
        assert [row.get("target") for row in rows_of(answer, "json")] == [value]


def moment(web: Web) -> str:
    """The newest one, as an answer of the API gives it."""
    answer = web.call("GET", "/monitoring/indicators/enrollments", token=web.token("analyst"))
    return str(answer.get_json()["as_of"])


def test_an_alert_of_an_office_is_held_against_its_own_target(both: Web) -> None:
    def reading(consulate: str | None) -> Reading:
        watch = Watch("enrollments", Span.NOW, Condition.BELOW_TARGET, consulate=consulate)
        with both.database.transaction(NETWORK_SCOPE) as session:
            return read(session, watch, now=datetime.now(UTC))

    network, office, without = reading(None), reading("losangeles"), reading("hongkong")
    assert (network.value, office.value, without.value) == (124, 100, 20)
    of_both = (network.against or 0, 2 * (office.against or 0))
    assert of_both[0] == pytest.approx(of_both[1]), "400 of the network, 200 of the office"
    assert (without.against, without.holds) == (None, None), "an office without one has none"


def test_what_no_office_has_and_unknown_offices_are_refused(web: Web) -> None:
    transfers = set_target(web, "remittances", consulate="losangeles")
    assert (transfers.status_code, transfers.get_json()["code"]) == (422, "dimension_not_held")
    nowhere = set_target(web, consulate="atlantis")
    assert (nowhere.status_code, nowhere.get_json()["code"]) == (422, "consulate_not_found")


def test_the_form_sets_one_for_an_office(web: Web) -> None:
    analyst = staff_browser(web.app, "analyst")
    form = {"period": YEAR, "consulate": "losangeles", "value": "7", "source": "Programa"}
    path = "/monitoring/indicators/appointments/targets"
    sent = analyst.post(path, **form)
    assert sent.status_code in (302, 303), sent.text
    history = analyst.get(path).text
    assert "Los Ángeles: 7 citas" in history
    assert 'name="consulate"' not in analyst.get("/monitoring/indicators/remittances/targets").text


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), "2026"),
        (date(2026, 1, 1), date(2026, 3, 31), "2026-Q1"),
        (date(2026, 2, 1), date(2026, 2, 28), "2026-02"),
        (date(2026, 1, 2), date(2026, 12, 31), None),
        (None, date(2026, 12, 31), None),
    ],
)
def test_days_that_are_a_period_are_known_as_it(
    first: date | None, last: date, period: str | None
) -> None:
    assert find_period(first, last) == period
