"""Choosing a service by one's own words, and an office near a place, without JavaScript."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from services.consulates.ways import list_ways
from tests.factories.web import Web

SERVICE = "/citas/nueva"
OFFICE = "/citas/oficina"


def _page(web: Web, address: str, **query: Any) -> str:
    answer = web.client.get(address, query_string=query)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        *(("Pasaporte", "PAS10"), ("matrícula", "MAT"), ("acta de nacimiento", "RCN")),
        *(("power of attorney", "POF"), ("PODERES", "POF"), ("boda", "RCM"), ("sat", "RFC")),
    ],
)
def test_a_service_is_found_by_what_people_call_it(web: Web, words: str, code: str) -> None:
    page = _page(web, SERVICE, q=words)
    target = "/inscripciones/rfc" if code == "RFC" else f"{OFFICE}?service={code}"
    assert f'href="{target}"' in page


@pytest.mark.parametrize(
    ("words", "code", "another"),
    [
        *(("pasaporte para mi hijo", "PAS3", "ACT"), ("renovar pasapotre", "PAS10", "POF")),
        *(("necesito poder para vender mi casa", "POF", "PAS10"), ("my passport", "PAS6", "LEG")),
    ],
)
def test_words_that_say_more_than_a_service_is_called_find_what_is_most_like_them(
    web: Web, words: str, code: str, another: str
) -> None:
    page = _page(web, SERVICE, q=words)
    assert "Lo más parecido" in page
    assert f"service={code}" in page
    assert f"service={another}" not in page


def test_nothing_found_says_so_and_leads_to_all_services(web: Web) -> None:
    page = _page(web, SERVICE, q="bicicleta")
    assert "No encontramos ese trámite" in page
    assert "Ver todos los trámites" in page


def test_every_service_stands_in_a_group_and_says_how_it_is_done_without_an_appointment(
    web: Web,
) -> None:
    web.session()
    page = _page(web, SERVICE)
    listed = [s["code"] for s in web.call("GET", "/services").get_json()["items"]]
    programs = {"RFC": "rfc", "IMSS": "imss"}
    for code in listed:
        assert f"service={code}" in page or f"/inscripciones/{programs.get(code)}" in page, code
    assert "No lleva cita: pide el área de Protección" in page
    assert "Por ahora sin horarios" in page


def test_a_service_without_times_at_any_office_says_how_it_is_done_and_who_says_so(
    web: Web,
) -> None:
    """All services, also those without a way of their own: none is left without an answer."""
    web.session()
    services = web.call("GET", "/services").get_json()["items"]
    elsewhere = [each for each in services if each["code"] not in ("PAS10", "MAT")]
    assert len(elsewhere) == len(services) - 2
    for each in elsewhere:
        page = _page(web, OFFICE, service=each["code"])
        heading = "Así se hace sin reservar aquí" if each["bookable"] else "No necesitas cita"
        assert heading in page, each["code"]
        ways = list_ways(each["code"], bookable=each["bookable"], offered=False)
        assert ways, each["code"]
        for way in ways:
            assert way.source
            assert way.text_es in page
            assert f"Fuente: {way.source}" in page
        assert all(thing in page for thing in each["requirements"]), each["code"]
    assert "Hoy ningún consulado" not in _page(web, OFFICE, service="PAS10")


def test_offices_near_a_place_come_with_their_distance_and_first_time(web: Web) -> None:
    web.session()
    web.session(consulate="chicago")
    page = _page(web, OFFICE, service="PAS10", place="92501")
    assert "Lo más cerca de 92501" in page
    assert page.index("México en Los Ángeles</a>") < page.index("México en Chicago</a>")
    assert "millas)" in page
    assert f"from={web.free()[0]['start'][:10]}" in page


def test_a_place_that_nobody_knows_is_said_and_what_was_chosen_stays(web: Web) -> None:
    page = _page(web, OFFICE, service="PAS10", place="atlantis", party="3")
    assert "No conocemos ese lugar" in page
    assert '<option value="3" selected>' in page


def test_where_nothing_fits_the_page_says_what_would(web: Web) -> None:
    web.session()
    near = {"service": "PAS10", "place": "Los Angeles", "within_km": "100"}
    assert "México en Los Ángeles</a>" in _page(web, OFFICE, **near)
    page = _page(web, OFFICE, **near, party="5")
    assert "No encontramos lugar así" in page
    assert "Una sola persona" in page
    assert "Más lejos" not in page
    assert "A otra hora del día" in _page(web, OFFICE, **near, part="afternoon")
    assert "Más lejos" in _page(web, OFFICE, service="PAS10", place="Boston", within_km="50")


def test_the_size_of_the_party_goes_along_to_the_times(web: Web) -> None:
    web.session()
    place = {"service": "PAS10", "consulate": "losangeles"}
    start = web.free()[0]["start"][:10]
    alone = _page(web, "/citas/horarios", **place, **{"from": start})
    three = _page(web, "/citas/horarios", **place, **{"from": start, "party": 3})
    assert (alone.count("/citas/persona?"), three.count("/citas/persona?")) == (4, 2)
    assert "3 personas" in three
    assert "party=3" in three
