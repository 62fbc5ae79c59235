"""Anybody reads the board of an election and the elections before, from caches too."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from tests.api.test_counts_are_typed_twice import approved, made
from tests.factories.staff import staff_browser
from tests.factories.web import Web


def read(web: Web, address: str, **headers: str) -> Any:
    return web.client.get(address, headers=headers)


def words(answer: Any) -> str:
    text = unescape(re.sub(r"<[^>]+>", " ", answer.text))
    return re.sub(r"\s+", " ", text)


def test_the_board_says_how_many_offices_as_of_when_by_mode_and_what_is_missing(web: Web) -> None:
    before = words(read(web, "/voto/2027"))
    assert "0 de 74 oficinas" in before
    assert "Todavía ninguna oficina publica un conteo" in before
    approved(web, mode="postal", value=1200)
    approved(web, consulate="chicago", mode="electronic", value=34)
    page = words(read(web, "/voto/2027"))
    assert re.search(r"2 de 74 oficinas , corte del .+ \(hora de la Ciudad de México\)", page)
    assert "1,234 votos" in page
    assert "Por internet 34 Por correo 1,200" in page
    assert "Faltan 72 oficinas" in page
    assert "En persona: el mismo día de la jornada" in page
    assert "de 8:00 a. m. a 6:00 p. m., hora de la Ciudad de México" in page.replace("\xa0", " ")
    assert "2 of 74 offices" in words(read(web, "/voto/2027?lang=en"))


def test_a_correction_is_shown_with_the_board_before_it(web: Web) -> None:
    approved(web, value=12)
    approved(web, value=15)
    page = words(read(web, "/voto/2027"))
    assert "votos, por internet: 15 en lugar de 12" in page
    old = words(read(web, "/voto/2027?version=1"))
    assert "12 votos" in old
    assert "Así estaba con 1 cifra publicada" in old


def test_the_board_as_it_is_now_comes_again_by_itself_without_a_script(web: Web) -> None:
    """Only without one: a script looks for news and leaves readers where they are."""
    approved(web, value=12)

    def refreshed(address: str) -> list[str]:
        head = read(web, address).text.partition("</head>")[0]
        assert 'http-equiv="refresh"' not in re.sub(r"<noscript>.*?</noscript>", "", head)
        return re.findall(r'<noscript><meta http-equiv="refresh" content="(\d+)"></noscript>', head)

    assert refreshed("/voto/2027") == ["30"]
    assert 'data-refresh="30"' in read(web, "/voto/2027").text
    assert refreshed("/voto/2027?version=1") == [], "what it was stays so"


def test_whoever_has_the_page_is_answered_304_until_something_is_published(web: Web) -> None:
    approved(web, value=12)
    first = read(web, "/voto/2027")
    assert first.headers["Cache-Control"] == "public, max-age=10"
    assert first.headers["Vary"] == "Cookie"
    assert "Set-Cookie" not in first.headers
    known = {"If-None-Match": first.headers["ETag"]}
    made(web, value=15)
    assert read(web, "/voto/2027", **known).status_code == 304
    approved(web, mode="postal", value=3)
    assert read(web, "/voto/2027", **known).status_code == 200


def test_the_page_of_somebody_signed_in_is_nobody_elses(web: Web) -> None:
    approved(web, value=12)
    officer = staff_browser(web.app, "officer", "losangeles").get("/voto/2027")
    assert officer.headers["Cache-Control"] == "private, no-cache"
    assert "Demo Officer" in officer.text or "Oficial" in officer.text
    assert "Salir" not in read(web, "/voto/2027").text


def test_the_history_compares_totals_and_leaves_percentages_as_published(web: Web) -> None:
    page = words(read(web, "/voto/"))
    assert "184,326 votos en 2024 contra 98,470 en 2018: +87.2 %" in page
    for votes in ("32,621", "40,714", "98,470", "184,326"):
        assert votes in page
    assert "71.3 %" in page
    assert "82.3" not in page
    assert "Fuente: INE: votos válidos de 2012, en Salmantino" in page
    assert not re.search(r"\w\.(com|mx|us)\b", page), "sources are in words"
    english = words(read(web, "/voto/?lang=en"))
    assert "184,326 votes in 2024 against 98,470 in 2018: +87.2 %" in english


def test_what_is_no_election_or_no_version_is_not_found(web: Web) -> None:
    for address in ("/voto/1994", "/voto/2027?version=1", "/voto/quizas"):
        assert read(web, address).status_code == 404
    assert read(web, "/voto/2027?version=x").status_code in (404, 422)
