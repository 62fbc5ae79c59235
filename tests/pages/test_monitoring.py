"""What analysts see is what the API counts, all as of one moment that can be asked again."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from consular.i18n import date_short
from tests.factories.enrollments import make_applicant
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, person

_CUT = re.compile(r'href="(/monitoring/figures\?[^"]*as_of=[^"]+)"')


@pytest.fixture
def analyst(web: Web) -> Browser:
    return staff_browser(web.app, "analyst")


def book(web: Web, number: int, **changes: Any) -> dict[str, Any]:
    if not web.free():
        web.session()
    token = web.token("citizen", subject=f"person-{number}")
    answer = web.book(web.free()[0]["start"], token=token, attendees=[person(number)], **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def enroll(web: Web, number: int, **changes: Any) -> None:
    sent = asdict(make_applicant())
    body = {
        "program": "rfc",
        "applicant": {**sent, "birth_date": sent["birth_date"].isoformat()},
        "consents": ["transfer_to_agency"],
        **changes,
    }
    token = web.token("citizen", subject=f"applicant-{number}")
    answer = web.call("POST", "/enrollments", body, token=token)
    assert answer.status_code == 202, answer.text


def counted(page: str, section: str = "appointments") -> list[list[str]]:
    """Cells of a section's table, line by line: by default, the appointments'."""
    table = re.search(rf'<section id="{section}">(.*?)</section>', page, re.DOTALL)
    assert table is not None
    lines = re.findall(r"<tr>(.*?)</tr>", table[1], re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", line) for line in lines]


def same_question(page: str) -> str:
    match = _CUT.search(page)
    assert match is not None
    return unescape(match[1])


def test_the_page_shows_what_the_api_counts(web: Web, analyst: Browser) -> None:
    book(web, 1)
    book(web, 2)
    book(web, 3, service="MAT")
    token = web.token("analyst")
    rows = web.call("GET", "/monitoring/indicators/appointments?by=program", token=token).get_json()
    api = {row["program"]: row["value"] for row in rows["rows"] if row["status"] == "booked"}
    page = analyst.get("/monitoring/figures").text
    head, *lines = counted(page)
    assert head[1:] == ["Reservadas", "Total"]
    assert sorted(int(line[1]) for line in lines[:-1]) == sorted(api.values()) == [1, 2]
    assert lines[-1] == ["Total", "3", "3"]
    assert "Los Ángeles: 3 citas" in page


def test_the_same_question_with_its_cut_gives_the_same_numbers(web: Web, analyst: Browser) -> None:
    first = book(web, 1)
    before = analyst.get("/monitoring/figures?consulate=losangeles").text
    address = same_question(before)
    assert "consulate=losangeles" in address
    book(web, 2)
    web.call(
        "POST",
        f"/appointments/{first['id']}/cancel",
        {},
        token=web.token("citizen", subject="person-1"),
    )
    assert counted(analyst.get("/monitoring/figures?consulate=losangeles").text) != counted(before)
    again = analyst.get(address).text
    assert counted(again) == counted(before)
    assert same_question(again) == address
    assert "Consultar ahora" in again


def test_filters_narrow_every_figure_of_the_page(web: Web, analyst: Browser) -> None:
    booked = book(web, 1)
    book(web, 2, service="MAT")
    day = booked["start"][:10]
    one = counted(analyst.get(f"/monitoring/figures?program=MAT&from={day}&to={day}").text)
    assert [line[-1] for line in one[1:]] == ["1"]
    empty = analyst.get("/monitoring/figures?consulate=chicago").text
    assert "No hay datos con estos filtros" in empty
    assert "No hay datos con estos filtros" in analyst.get("/monitoring/figures?to=2020-01-01").text


def api_sums(web: Web, page: str, code: str, by: str) -> dict[str, Counter[str]]:
    """What the API says as of the page's moment: each line's counts by status."""
    as_of = parse_qs(urlsplit(same_question(page)).query)["as_of"][0]
    path = f"/monitoring/indicators/{code}?by={by}&as_of={quote(as_of)}"
    answer = web.call("GET", path, token=web.token("analyst"))
    assert answer.status_code == 200, answer.text
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for row in answer.get_json()["rows"]:
        sums[row[by]][row["status"]] += row["value"]
    return sums


def test_days_and_offices_are_what_the_api_counts_as_of_the_same_moment(
    web: Web, analyst: Browser
) -> None:
    booked = [book(web, number) for number in (1, 2, 3)]
    token = web.token("citizen", subject="person-3")
    web.call("POST", f"/appointments/{booked[2]['id']}/cancel", {}, token=token)
    for number, place in enumerate(("losangeles", "chicago", None)):
        enroll(web, number, consulate=place)
    page = analyst.get(f"/monitoring/figures?to={booked[0]['start'][:10]}").text
    enroll(web, 4)
    _head, *lines, total = counted(page, "days")
    appointments = api_sums(web, page, "appointments", "day")
    enrollments = api_sums(web, page, "enrollments", "day")
    with web.app.test_request_context("/"):
        expected = [
            [
                date_short(date.fromisoformat(day)).replace(" ", "\N{NO-BREAK SPACE}"),
                *map(str, (appointments[day]["booked"], appointments[day]["booked"], 0, 0, 0)),
                *map(str, (enrollments[day].total(), enrollments[day]["active"])),
            ]
            for day in sorted({*appointments, *enrollments})
        ]
    assert lines == expected
    assert total == ["Total", "2", "2", "0", "0", "0", "3", "0"]
    _head, *lines, total = counted(page, "enrollments-by-office")
    names = {"losangeles": "Los Ángeles", "chicago": "Chicago", None: "Sin oficina"}
    offices: dict[Any, Counter[str]] = api_sums(web, page, "enrollments", "consulate")
    said = {names[code]: str(counts.total()) for code, counts in offices.items()}
    assert {line[0]: line[-1] for line in lines} == said
    assert (len(said), total[-1]) == (3, "3")


def test_days_follow_the_filters(web: Web, analyst: Browser) -> None:
    start = book(web, 1)["start"][:10]
    enroll(web, 1)
    page = analyst.get("/monitoring/figures").text
    assert [line[-2] for line in counted(page, "days")[1:]] == ["1"], "only what is near"
    page = analyst.get(f"/monitoring/figures?from={start}&to={start}&program=PAS10").text
    head, *lines = counted(page, "days")
    assert [line[1:] for line in lines] == [["1", "1", "0", "0", "0"]]
    assert "Inscripciones pedidas" not in head, "a service has nothing to do with enrollments"
    page = analyst.get("/monitoring/figures?consulate=chicago").text
    assert "No hay citas ni inscripciones en estos días." in page
    assert 'id="days"' not in analyst.get("/monitoring/figures?program=branch").text
    page = analyst.get("/monitoring/figures?from=2001-01-01&to=2025-12-31").text
    assert "Del 1 oct 2025 al 31 dic 2025" in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-12-02&to=2026-12-01", "El periodo termina antes de empezar."),
        ("from=2026-02-31", "Ese mes tiene 28 días."),
        ("as_of=yesterday", "Escribe la hora con su zona"),
        ("as_of=2190-01-01T00:00:00Z", "Ese corte aún no llega."),
        ("as_of=0001-01-01T00:00:00Z", "Esa fecha no se puede usar."),
    ],
)
def test_a_question_that_cannot_be_is_refused_in_words(
    web: Web, analyst: Browser, query: str, words: str
) -> None:
    page = analyst.get(f"/monitoring/figures?{query}")
    assert page.status_code == 200
    assert words in page.text
    assert "Corte:" not in page.text


def test_the_api_says_that_a_period_ends_before_it_begins(web: Web) -> None:
    path = "/monitoring/indicators/appointments?from=2026-12-02&to=2026-12-01"
    answer = web.call("GET", path, token=web.token("analyst"))
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == {"to": ["El periodo termina antes de empezar."]}


def test_published_series_carry_their_source(web: Web, analyst: Browser) -> None:
    page = analyst.get("/monitoring/figures").text
    assert "15,375" in page
    assert "jornada.com.mx" in page
    assert "nota de prensa sobre la 11.ª sesión (Tapachula y Huixtla)" in page
    assert "11th session" not in page
    analyst.client.set_cookie("lang", "en")
    page = analyst.get("/monitoring/figures").text
    assert "press note on the 11th session (Tapachula and Huixtla)" in page
    assert "People enrolled, cumulative" in page
    assert "Indicadores" not in page


def test_analysts_auditors_and_administrators_look_and_nobody_else(web: Web) -> None:
    for role in ("analyst", "auditor", "admin"):
        assert staff_browser(web.app, role).get("/monitoring/").status_code == 200, role
    for role, consulate in (
        ("officer", "losangeles"),
        ("supervisor", "losangeles"),
        ("agent", None),
    ):
        assert staff_browser(web.app, role, consulate).get("/monitoring/").status_code == 403, role
    assert web.client.get("/monitoring/").location == "/login/personal?next=/monitoring/"


def test_staff_with_pages_begin_at_them(web: Web) -> None:
    for role, consulate, start in (
        ("officer", "losangeles", "/desk/"),
        ("analyst", None, "/monitoring/"),
        ("admin", None, "/admin/"),
        ("agent", None, "/telephone/"),
        ("treasury", None, "/incidents/"),
        ("compliance", None, "/incidents/"),
    ):
        browser = staff_browser(web.app, role, consulate)
        assert browser.get("/").headers["Location"] == start, role
