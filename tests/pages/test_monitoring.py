"""What analysts see is what the API counts, all as of one moment that can be asked again."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, person

_CUT = re.compile(r'href="(/monitoring/\?[^"]*as_of=[^"]+)"')
_TABLE = re.compile(r'<section id="appointments">(.*?)</section>', re.DOTALL)


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


def counted(page: str) -> list[list[str]]:
    """Cells of the appointments' table, line by line."""
    table = _TABLE.search(page)
    assert table is not None
    lines = re.findall(r"<tr>(.*?)</tr>", table[1], re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", line) for line in lines]


def same_question(page: str) -> str:
    found = _CUT.search(page)
    assert found is not None
    return unescape(found[1])


def test_the_page_shows_what_the_api_counts(web: Web, analyst: Browser) -> None:
    book(web, 1)
    book(web, 2)
    book(web, 3, service="MAT")
    token = web.token("analyst")
    rows = web.call("GET", "/monitoring/indicators/appointments?by=program", token=token).get_json()
    api = {row["program"]: row["value"] for row in rows["rows"] if row["status"] == "booked"}
    page = analyst.get("/monitoring/").text
    head, *lines = counted(page)
    assert head[1:] == ["Reservada", "Total"]
    assert sorted(int(line[1]) for line in lines[:-1]) == sorted(api.values()) == [1, 2]
    assert lines[-1] == ["Total", "3", "3"]
    assert "Los Angeles: 3 citas" in page


def test_the_same_question_with_its_cut_gives_the_same_numbers(web: Web, analyst: Browser) -> None:
    first = book(web, 1)
    before = analyst.get("/monitoring/?consulate=losangeles").text
    address = same_question(before)
    assert "consulate=losangeles" in address
    book(web, 2)
    web.call(
        "POST",
        f"/appointments/{first['id']}/cancel",
        {},
        token=web.token("citizen", subject="person-1"),
    )
    assert counted(analyst.get("/monitoring/?consulate=losangeles").text) != counted(before)
    again = analyst.get(address).text
    assert counted(again) == counted(before)
    assert same_question(again) == address
    assert "Consultar ahora" in again


def test_filters_narrow_every_figure_of_the_page(web: Web, analyst: Browser) -> None:
    booked = book(web, 1)
    book(web, 2, service="MAT")
    day = booked["start"][:10]
    one = counted(analyst.get(f"/monitoring/?program=MAT&from={day}&to={day}").text)
    assert [line[-1] for line in one[1:]] == ["1"]
    empty = analyst.get("/monitoring/?consulate=chicago").text
    assert "No hay datos con estos filtros" in empty
    assert "No hay datos con estos filtros" in analyst.get("/monitoring/?to=2020-01-01").text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-12-02&to=2026-12-01", "El periodo termina antes de empezar."),
        ("from=2026-02-31", "Escribe la fecha completa."),
        ("as_of=yesterday", "Escribe la hora con su zona"),
        ("as_of=2190-01-01T00:00:00Z", "Ese corte aún no llega."),
    ],
)
def test_a_question_that_cannot_be_is_refused_in_words(
    web: Web, analyst: Browser, query: str, words: str
) -> None:
    page = analyst.get(f"/monitoring/?{query}")
    assert page.status_code == 200
    assert words in page.text
    assert "Corte:" not in page.text


def test_published_series_carry_their_source(web: Web, analyst: Browser) -> None:
    page = analyst.get("/monitoring/").text
    assert "15,375" in page
    assert "jornada.com.mx" in page
    assert "nota de prensa sobre la 11.ª sesión (Tapachula y Huixtla)" in page
    assert "11th session" not in page
    analyst.client.set_cookie("lang", "en")
    page = analyst.get("/monitoring/").text
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
