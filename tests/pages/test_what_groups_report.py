"""What the Commission's working groups report: preloaded, by hand, from a file, and corrected."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.kernel.db import NETWORK_SCOPE
from services.monitoring.queries import Reported, list_entries
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web

NEW, IMPORT = "/monitoring/entries/new", "/monitoring/entries/import"
FIGURE = {"indicator": "companies", "session": "12", "value": "1,402", "source": "Oficio 118"}
HEAD = "session,period,indicator,value,unit,cut_off,source,note,reason"


@pytest.fixture
def analyst(web: Web) -> Browser:
    return staff_browser(web.app, "analyst")


def reported(web: Web, session_number: int | None = None, **where: Any) -> dict[str, Reported]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return {row.code: row for row in list_entries(session, session_number, **where)}


def problems(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<th scope="row"[^>]*>(\d+)</th><td>(\w*)</td>', page)


def test_the_eleventh_session_is_there_as_the_press_note_has_it(web: Web, analyst: Browser) -> None:
    figures = reported(web, 11)
    assert {row.group_number for row in figures.values()} == {2, 3, 4, 5, 6}
    assert (figures["job_openings"].value, figures["job_openings"].note) == (6000, "more than")
    assert set(reported(web, 11, group=2)) == {"multi_service_centres", "integration_centres"}
    page = analyst.get("/monitoring/entries/").text
    assert "147,988 personas" in page
    assert "nota de prensa sobre la 11.ª sesión" in page


def test_a_figure_by_hand_and_its_correction_with_a_reason(web: Web, analyst: Browser) -> None:
    page = analyst.send(NEW, **FIGURE, cut_off="2026-06-30")
    assert "La cifra en vigor es 1,402 empresas." in page.text
    entry = reported(web, 12)["companies"]
    assert (entry.value, str(entry.cut_off), entry.revision) == (1402, "2026-06-30", 1)
    assert "Esa cifra ya está" in analyst.send(NEW, **FIGURE).text
    address = f"/monitoring/entries/{entry.id}"
    corrected = {"value": "1412", "source": "Oficio 131"}
    assert "Por qué: falta este dato." in analyst.send(address, **corrected).text
    page = analyst.send(address, **corrected, reason="La STPS lo corrigió").text
    assert "Versión 2: 1,412 empresas" in page
    assert "Versión 1: 1,402 empresas" in page
    assert "Demo Analyst" in page
    late = analyst.send(address, **corrected, reason="La misma página, abierta antes").text
    assert "Otra persona la cambió antes" in late
    newest = reported(web, 12)["companies"]
    assert (newest.value, newest.revision, newest.reason) == (1412, 2, "La STPS lo corrigió")
    then = reported(web, 12, as_of=entry.entered_at)["companies"]
    assert (then.value, then.revision) == (1402, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value": "12,34"}, "Escribe un número desde cero, con hasta 3 decimales."),
        ({"value": "402.5"}, "En esa unidad la cifra es un número entero"),
        ({"source": ""}, "De dónde sale: falta este dato."),
        ({"session": "", "period": ""}, "Di de qué sesión es la cifra"),
        ({"period": "2026-Q5"}, "Escribe el año, el trimestre o el mes"),
        ({"cut_off": "2199-01-01"}, "Ese corte aún no llega"),
        ({"indicator": "unheard_of"}, "Ningún grupo tiene ese indicador."),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    analyst: Browser, changes: dict[str, str], words: str
) -> None:
    assert words in analyst.send(NEW, **FIGURE | changes).text


def test_a_file_names_each_wrong_line_before_anything_is_kept(web: Web, analyst: Browser) -> None:
    wrong = "\n".join(
        [
            HEAD,
            "12,,companies,402,companies,2026-06-30,Oficio 118,,",
            "12,,unheard_of,1,,,Oficio 118,,",
            "12,,job_openings,many,,,Oficio 118,,",
            "12,,tent_companies,66,people,,Oficio 118,,",
            "11,,persons_informed,148000,,,Oficio 118,,",
        ]
    )
    tried = analyst.send(IMPORT, file=wrong).text
    assert problems(tried) == [
        ("3", "indicator"), ("4", "value"), ("5", "unit"), ("6", "reason"),
    ]  # fmt: skip
    assert analyst.send(IMPORT, file=wrong, write="1").text.count("Qué está mal")
    assert reported(web, 12) == {}


def test_a_file_enters_corrects_and_can_be_sent_again(web: Web, analyst: Browser) -> None:
    file = "\n".join(
        [
            HEAD,
            "12,2026-Q3,companies,402,companies,2026-06-30,Oficio 118,,",
            "11,,persons_informed,148000,people,,Oficio 118,,La STPS lo corrigió",
        ]
    )
    assert "Cifras nuevas: 1. Corregidas: 1." in analyst.send(IMPORT, file=file).text
    assert reported(web, 12) == {}
    assert "2 renglones están en vigor" in analyst.send(IMPORT, file=file, write="1").text
    assert reported(web, period="2026-Q3")["companies"].value == 402
    assert reported(web, 11)["persons_informed"].revision == 2
    out = analyst.get("/monitoring/entries/entries.csv?session=11").text
    assert "Ya en vigor: 14." in analyst.send(IMPORT, file=out).text


def test_something_new_that_a_group_reports(web: Web, analyst: Browser) -> None:
    new = {"group": "1", "indicator": "crossings", "name_es": "Cruces", "name_en": "Crossings"}
    new |= {"unit": "people", "source": "INM"}
    address = "/monitoring/entries/indicators/new"
    page = analyst.send(address, **new).text
    assert '<option value="crossings" selected>Grupo 1: Cruces (personas)</option>' in page
    assert "Ya hay un indicador con ese código." in analyst.send(address, **new).text
    analyst.send(NEW, indicator="crossings", period="2026", value="7", source="INM")
    assert reported(web, group=1)["crossings"].value == 7


def test_whoever_only_looks_changes_nothing_and_nobody_changes_what_stands(web: Web) -> None:
    auditor = staff_browser(web.app, "auditor")
    page = auditor.get("/monitoring/entries/").text
    assert "Capturar una cifra" not in page
    assert auditor.get(NEW).status_code == 403
    assert (
        staff_browser(web.app, "officer", "chicago").get("/monitoring/entries/").status_code == 403
    )
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        web.database.transaction(NETWORK_SCOPE) as session,
    ):
        session.execute(text("UPDATE group_entries SET value = 1"))
