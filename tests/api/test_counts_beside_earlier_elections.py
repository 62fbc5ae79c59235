"""A figure that equals the same of an earlier election is explained: the office's own, or what was
published of its country or of all abroad."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from tests.api.test_counts_are_typed_twice import approved, day_of, listed, made, refused, report
from tests.factories.staff import staff_browser
from tests.factories.web import Web

MADRID, LONDON, TOKYO = "embamex-espana", "embamex-reinounido", "embamex-japon"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        # Envelopes of 2024 by country, which came by post alone.
        ({"consulate": MADRID, "metric": "vote_envelopes", "mode": "postal", "value": 933},
         "de España en la elección de 2024"),
        ({"consulate": MADRID, "metric": "vote_envelopes", "mode": None, "value": 933},
         "de España en la elección de 2024"),
        ({"metric": "vote_envelopes", "mode": "postal", "value": 33_545},
         "de Estados Unidos en la elección de 2024"),
        # Of 2024 there is none of the United Kingdom.
        ({"consulate": LONDON, "metric": "vote_envelopes", "mode": "postal", "value": 1934},
         "de Reino Unido en la elección de 2018"),
        # Nor any of Japan.
        ({"consulate": TOKYO, "metric": "vote_envelopes", "mode": "postal", "value": 39_634},
         "de todo el exterior en la elección de 2024"),
        ({"value": 122_500}, "de todo el exterior en la elección de 2024"),
        ({"mode": None, "value": 184_326}, "de todo el exterior en la elección de 2024"),
        # The list of 2024 by its initials.
        ({"metric": "registered", "mode": None, "value": 223_961},
         "de todo el exterior en la elección de 2024"),
        # Two publications of one count.
        ({"consulate": TOKYO, "metric": "registration_requests", "mode": None, "value": 226_661},
         "de todo el exterior en la elección de 2024"),
        ({"consulate": TOKYO, "metric": "registration_requests", "mode": None, "value": 227_112},
         "de todo el exterior en la elección de 2024"),
    ],
)  # fmt: skip
def test_a_figure_that_was_published_of_an_earlier_election_needs_a_note(
    web: Web, changes: dict[str, Any], said: str
) -> None:
    answer = report(web, **changes)
    assert refused(answer) == (422, "same_as_last_election"), answer.text
    [message] = answer.get_json()["errors"]["note"]
    assert said in message
    assert report(web, **{**changes, "value": changes["value"] - 1}).status_code == 201


def test_an_explained_one_is_kept_with_its_warning(web: Web) -> None:
    same = {"consulate": MADRID, "metric": "vote_envelopes", "mode": "postal", "value": 933}
    count = made(web, **same, note="Comprobado con el acta")
    own = web.token("officer", MADRID, f"one-{MADRID}")
    assert listed(web, own)[count]["warnings"] == ["same_as_last_election"]


def test_the_offices_own_figure_takes_the_place_of_its_countrys(web: Web) -> None:
    of = {"consulate": MADRID, "metric": "vote_envelopes", "mode": "postal"}
    approved(web, **of, election="2025", value=700)
    assert report(web, **of, election="2026", value=933).status_code == 201
    answer = report(web, **of, value=700)
    assert refused(answer) == (422, "same_as_last_election")
    assert "de esta oficina en la elección de 2025" in answer.get_json()["detail"]


def test_none_where_hundreds_were_published_of_a_country_of_one_office_needs_a_note(
    web: Web,
) -> None:
    of = {"metric": "vote_envelopes", "mode": "postal", "value": 0}
    answer = report(web, **of, consulate=LONDON)
    assert refused(answer) == (422, "zero_after_hundreds"), answer.text
    assert "De Reino Unido se publicaron cientos en la elección de 2018" in answer.text
    assert report(web, **of, consulate=MADRID).status_code == 201, "Barcelona may have had them"
    assert report(web, **of, consulate=TOKYO).status_code == 201, "of all abroad it says nothing"


def test_the_form_says_with_what_figures_are_compared(web: Web) -> None:
    officer = staff_browser(web.app, "officer", MADRID)
    page = re.sub(r"\s+", " ", unescape(officer.get("/counts/").text))
    assert "<li>Sobres con voto, por correo: 933 (España, 2024)</li>" in page
    assert "<li>Votos, por internet: 122,500 (todo el exterior, 2024)</li>" in page
    assert "<li>Solicitudes de registro, todas las modalidades: 12,073 (España, 2024)</li>" in page
    form = {"election": "2027", "metric": "vote_envelopes", "mode": "postal", "value": "933",
            "date": day_of("2027").isoformat(), "source": "Acta 12"}  # fmt: skip
    asked = unescape(officer.send("/counts/", **form).text)
    assert "La cifra es igual a la que se publicó de España en la elección de 2024." in asked
    officer.client.set_cookie("lang", "en")
    page = re.sub(r"\s+", " ", unescape(officer.get("/counts/").text))
    assert "(Spain, 2024)" in page
    analyst = staff_browser(web.app, "analyst")
    assert "122,500" not in analyst.get("/counts/").text
