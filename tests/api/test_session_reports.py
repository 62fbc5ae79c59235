"""A session's report: its numbers come from their sources, and once signed it never changes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import psycopg
import pytest
from psycopg import errors

from services.facts.recording import Counted, record
from services.kernel.audit import SYSTEM
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from services.monitoring.entering import Figure, correct_figure
from services.monitoring.queries import find_entry
from services.staff.accounts import end_account, find_by_subject
from tests.api.calls import steady_web
from tests.factories.reports import (
    REPORTS,
    analyst,
    made,
    pdf,
    report_body,
    sign,
    signed,
    step,
    text_of,
)
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web
from tests.servers import Addresses

DAY = date(2026, 12, 1)


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("reports")) as running:
        _enroll(running, 5)
        yield running


@pytest.fixture(scope="module")
def report(web: Web) -> dict[str, Any]:
    """That of the 11th session, whose figures come with the reference data, signed."""
    return signed(web, 11)


def _enroll(web: Web, count: int) -> None:
    """That many people are enrolled on a day of the report's period."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        for _number in range(count):
            subject = Counted("enrollment", new_id(), DAY, "losangeles")
            record(session, subject, "active", now=system_clock(), program_code="rfc")


def _correct_companies(web: Web) -> None:
    """Group 3 corrects what it handed in."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        entry = find_entry(session, "companies", 11, None)
        assert entry is not None
        figure = Figure(Decimal(390), "oficio de corrección")
        correct_figure(
            session, entry.id, figure, "Faltaban cinco", now=system_clock(), actor=SYSTEM
        )


def _references(report: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Each number with how the report calls it: 4.1 is the first of Group 4."""
    places: dict[int, int] = {}
    named = []
    for result in report["results"]:
        places[result["group"]] = places.get(result["group"], 0) + 1
        named.append((f"{result['group']}.{places[result['group']]}", result))
    return named


def _analyst(web: Web, who: str = "") -> Browser:
    return staff_browser(web.app, "analyst", who=who)


def test_every_number_of_the_pdf_is_the_databases(web: Web, report: dict[str, Any]) -> None:
    values = {result["code"]: result["value"] for result in report["results"]}
    assert values["enrollments-active"] == "5"
    assert values["votes-2024"] == "184326"
    assert {result["group"] for result in report["results"]} == {2, 3, 4, 5, 6}
    for language in ("es", "en"):
        text = text_of(pdf(web, report["id"], language=language))
        for reference, result in _references(report):
            shown = f"{Decimal(result['value']):,f}"
            row = rf"{re.escape(reference)} (?:(?!\d\.\d ).)*?\b{shown}\b"
            assert re.search(row, text), (language, reference, shown)


PARTS = {
    "es": (
        "Informe de la 11.ª sesión ordinaria",
        "10 de diciembre de 2026",
        "Sede de la Cancillería",
        "Secretaría de Relaciones Exteriores Sí Secretaría de Gobernación No",
        "Orden del día 1. Lista de asistencia 2. Resultados de los grupos de trabajo",
        "Seguimiento de acuerdos de sesiones anteriores No hay acuerdos abiertos",
        *(f"Grupo de trabajo {group}" for group in range(1, 5)),
        "184,326 votos 98,470 +85,856 (+87.2 %) 2024 INE",
        *(f"Grupo de trabajo {group}" for group in (5, 6)),
        "11/1 Publicar el informe Secretaría de Relaciones Exteriores 15 ene 2027",
        "Elección Votos 2006 32,621 2012 40,714 2018 98,470 2024 184,326",
        "De dónde sale cada número",
    ),
    "en": (
        "Report: Ordinary session 11",
        "December 10, 2026",
        "Sede de la Cancillería",
        "Secretaría de Relaciones Exteriores Yes Secretaría de Gobernación No",
        "Agenda 1. Lista de asistencia 2. Resultados de los grupos de trabajo",
        "Follow-up of agreements of earlier sessions There are no open agreements",
        *(f"Working group {group}" for group in range(1, 5)),
        "184,326 votes 98,470 +85,856 (+87.2 %) 2024 INE",
        *(f"Working group {group}" for group in (5, 6)),
        "11/1 Publicar el informe Secretaría de Relaciones Exteriores Jan 15, 2027",
        "Election Votes 2006 32,621 2012 40,714 2018 98,470 2024 184,326",
        "Where each number comes from",
    ),
}


@pytest.mark.parametrize(
    ("number", "place"),
    [
        (7001, "Sede 🎉"),
        (7002, "Sede 王小明"),
        (7003, "Sede محمد"),
        (7004, "Sede 👩‍👧"),
        (7005, "= #panic() $x$"),
    ],
)
def test_a_letter_that_the_font_hasnt_costs_no_report(web: Web, number: int, place: str) -> None:
    id = made(web, number, place=place)["id"]
    for language in ("es", "en"):
        assert place.split(maxsplit=1)[0] in text_of(pdf(web, id, language=language))


@pytest.mark.parametrize("language", PARTS)
def test_the_pdf_has_every_part_of_a_session_in_its_order(
    web: Web, report: dict[str, Any], language: str
) -> None:
    text = text_of(pdf(web, report["id"], language=language))
    # Contents come first, with the same headings.
    *cover, attendance = (text.index(part) for part in PARTS[language][:4])
    assert cover == sorted(cover)
    assert cover[-1] < attendance
    at = attendance
    for part in PARTS[language][4:]:
        assert part in text[at:], part
        at = text.index(part, at)


def test_the_pdf_is_tagged_and_each_chart_is_told_in_words(
    web: Web, report: dict[str, Any]
) -> None:
    for language in ("es", "en"):
        data = pdf(web, report["id"], language=language)
        assert b"<pdfuaid:part>1<" in data
        with pikepdf.open(BytesIO(data)) as document:
            assert str(document.Root.Lang) == language
            assert bool(document.Root.MarkInfo.Marked)
            assert "/K" in document.Root.StructTreeRoot
            alts = [str(each.Alt) for each in document.objects if _is_figure(each)]
        assert len(alts) > 2
        assert any("147,988" in alt for alt in alts)


def _is_figure(thing: pikepdf.Object) -> bool:
    return isinstance(thing, pikepdf.Dictionary) and thing.get("/S") == "/Figure"


def test_a_number_is_traced_to_its_query_its_moment_and_its_revision(
    web: Web, report: dict[str, Any]
) -> None:
    [enrolled] = [r for r in report["results"] if r["code"] == "enrollments-active"]
    assert enrolled["query"] == {
        "indicator": "enrollments",
        "status": "active",
        "first": "2026-11-01",
        "last": "2027-01-31",
    }
    assert enrolled["as_of"] == report["as_of"]
    [votes] = [r for r in report["results"] if r["code"] == "votes-2024"]
    assert (votes["before"], votes["revision"]) == ("98470", 0)
    [reference] = [ref for ref, r in _references(report) if r["code"] == "votes-2024"]
    address = f"/monitoring/sessions/{report['id']}/numbers/{reference.replace('.', '/')}"
    again = re.search(r'href="([^"]+)">Repetir la consulta', _analyst(web).get(address).text)
    assert again is not None
    page = web.client.get(again[1]).text
    assert "Votos de cada elección" in page
    assert "184,326" in page


def test_how_many_were_enrolled_is_compared_with_the_day_before_the_period(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        for day in (date(2026, 10, 31), DAY, DAY):
            person = Counted("enrolled_person", new_id(), day, "losangeles")
            record(session, person, "enrolled", now=system_clock())
    draft = made(web, 33, agreements=[])
    [(reference, people)] = [
        (ref, r) for ref, r in _references(draft) if r["code"] == "enrolled_people-enrolled"
    ]
    assert (people["value"], people["before"]) == ("3", "1")
    # The page of the number leads to one that has it.
    address = f"/monitoring/sessions/{draft['id']}/numbers/{reference.replace('.', '/')}"
    page = _analyst(web).get(address).text
    again = re.search(r'href="([^"]+)">Repetir la consulta', page)
    assert again is not None
    repeated = _analyst(web).get(unescape(again[1])).text
    assert re.search(r"Personas inscritas.*Total.*>3<", repeated, re.DOTALL)


def test_what_is_recorded_later_changes_nothing_of_it_and_shows_as_a_revision(
    web: Web, report: dict[str, Any]
) -> None:
    id = report["id"]
    before = {language: pdf(web, id, language=language) for language in ("es", "en")}
    _enroll(web, 2)
    _correct_companies(web)
    assert {language: pdf(web, id, language=language) for language in ("es", "en")} == before
    [reference] = [ref for ref, r in _references(report) if r["code"] == "enrollments-active"]
    address = f"/monitoring/sessions/{id}/numbers/{reference.replace('.', '/')}"
    page = _analyst(web).get(address).text
    assert "5 inscripciones — igual que en el informe" in page
    assert "7 inscripciones" in page
    assert step(web, id, "refresh").get_json()["code"] == "wrong_state"
    assert step(web, id, "amend", body={"reason": "Llegaron altas tardías"}).status_code == 200
    assert step(web, id, "prepare").get_json()["code"] == "nothing_changed"
    assert step(web, id, "refresh").status_code == 200
    amended = sign(web, id)
    assert [each["version"] for each in amended["versions"]] == [2, 1]
    text = text_of(pdf(web, id, language="es"))
    assert "Cambios respecto de la versión 1" in text
    assert "Llegaron altas tardías" in text
    assert re.search(r"Inscripciones aprobadas 5 7 ", text)
    assert re.search(r"Empresas participantes 385 390 ", text)
    revisions = {result["code"]: result["revision"] for result in amended["results"]}
    assert revisions["reported-companies"] == 2
    assert pdf(web, id, language="es", version="1") == before["es"]


def test_a_file_that_was_tampered_with_is_found_out(
    web: Web, report: dict[str, Any], tmp_path: Path
) -> None:
    files = {
        "report.pdf": pdf(web, report["id"], language="en", version="1"),
        "verify_signed.py": web.call("GET", "/verify_signed.py").data,
        "keys.json": web.call("GET", "/signing-keys").data,
        "signature.json": web.client.get(
            f"/verify/report/{report['id']}/signature.json?version=1"
        ).data,
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "verify_signed.py", "report.pdf", "signature.json", "keys.json"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    (tmp_path / "report.pdf").write_bytes(files["report.pdf"].replace(b"/Title", b"/Titel", 1))
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, "NOT VALID" in done.stdout) == (1, True)
    page = web.client.get(f"/verify/report/{report['id']}").text
    statement = json.loads(json.loads(files["signature.json"])["statement"])
    assert statement["files"]["es"] in page
    assert "Es válida" in page


def test_not_even_the_database_changes_a_signed_report(web: Web, report: dict[str, Any]) -> None:
    with psycopg.connect(web.settings.database_owner_url) as connection:
        for change in (
            "UPDATE commission_reports SET pdf_es = ''",
            "DELETE FROM commission_reports",
            "UPDATE signing_keys SET first_used_at = now()",
        ):
            with pytest.raises(errors.RestrictViolation), connection.transaction():
                connection.execute(change.encode())


def test_agreements_come_over_until_they_are_done(web: Web, report: dict[str, Any]) -> None:
    browser = _analyst(web)
    for number, status in ((21, "under_way"), (22, "done")):
        id = made(web, number, agreements=[])["id"]
        pending = web.call("GET", f"{REPORTS}/{id}", token=analyst(web)).get_json()
        assert "follow-up" in pending["missing"]
        assert step(web, id, "prepare").get_json()["code"] == "report_incomplete"
        if status == "under_way":
            page = browser.get(f"/monitoring/sessions/{id}/steps/follow-up").text
            [address] = re.findall(rf'href="(/monitoring/sessions/{id}/follow-up/[^"]+)"', page)
            shown = browser.send(address, status=status, evidence="Oficio 7", due="2027-03-01").text
            assert "En proceso" in shown
        else:
            [followed] = pending["followed"]
            assert (followed["number"], followed["before"]) == ("11/1", "under_way")
            assert (followed["due"], followed["status"]) == ("2027-03-01", None)
            step_of = f"agreements/{followed['id']}/follow-up"
            body = {"status": "done", "evidence": "Oficio 7"}
            [followed] = step(web, id, step_of, body=body).get_json()["followed"]
            assert (followed["status"], followed["evidence"]) == ("done", "Oficio 7")
            assert step(web, id, f"agreements/{id}/follow-up", body=body).status_code == 404
        said = text_of(pdf(web, id, language="es"))
        assert "11/1. Publicar el informe" in said
        assert "Oficio 7" in said
        still_open = browser.get("/monitoring/sessions").text
        assert ("11/1 Publicar el informe" in still_open) == (status == "under_way")
    assert made(web, 23, agreements=[])["missing"] == []


def test_a_figure_of_a_period_alone_is_reported_beside_the_one_before(web: Web) -> None:
    indicator = {
        "group": 2, "indicator": "shelters", "name_es": "Albergues", "name_en": "Shelters",
        "unit": "centres", "source": "Secretaría de Bienestar",
    }  # fmt: skip
    assert web.call(
        "POST", "/monitoring/group-indicators", indicator, token=analyst(web)
    ).status_code == 201  # fmt: skip
    for period, value in (("2026-09", 3), ("2026-Q2", 40), ("2026-Q3", 41)):
        entry = {"indicator": "shelters", "period": period, "value": value, "source": "Oficio 3"}
        entered = web.call("POST", "/monitoring/entries", entry, token=analyst(web))
        assert entered.status_code == 201, entered.text
    results = made(web, 51, agreements=[])["results"]
    [shelters] = [each for each in results if each["code"] == "reported-shelters"]
    assert (shelters["value"], shelters["before"]) == ("41", "40")
    assert shelters["query"] == {"entry": "shelters", "period": "2026-Q3"}
    entry = {"indicator": "shelters", "session": 52, "value": 50, "source": "Oficio 4"}
    assert web.call("POST", "/monitoring/entries", entry, token=analyst(web)).status_code == 201
    [shelters] = [
        each for each in made(web, 52, agreements=[])["results"] if each["group"] == 2
        and each["code"] == "reported-shelters"
    ]  # fmt: skip
    assert (shelters["value"], shelters["before"]) == ("50", None)


def test_the_number_that_is_offered_is_the_next_of_those_known(web: Web) -> None:
    reports = web.call("GET", REPORTS, token=analyst(web)).get_json()["items"]
    # Figures of the 11th came with the program.
    last = max(11, *(each["number"] for each in reports))
    page = _analyst(web).get("/monitoring/sessions").text
    assert f'value="{last + 1}"' in page
    assert f"La última que conocemos es la {last}.ª" in page


def test_whoever_prepares_a_report_doesnt_sign_it(web: Web) -> None:
    id = made(web, 1, agreements=[])["id"]
    assert step(web, id, "prepare").status_code == 200
    own = step(web, id, "sign")
    assert (own.status_code, own.get_json()["code"]) == (409, "self_signing")
    assert step(web, id, "refresh", "two").get_json()["code"] == "wrong_state"
    assert step(web, id, "return", "two").get_json()["status"] == "draft"


def test_the_same_person_under_another_account_doesnt_either(web: Web) -> None:
    """Their account was ended and made anew: the directory's identifier is the same."""
    id = made(web, 2, agreements=[])["id"]
    first = _analyst(web, "twice")
    assert first.post(f"/monitoring/sessions/{id}/prepare").status_code == 303
    with web.database.transaction(NETWORK_SCOPE) as session:
        member = find_by_subject(session, "page-analyst-networktwice")
        assert member is not None
        end_account(session, member.id, now=system_clock(), actor=SYSTEM)
    again = _analyst(web, "twice")
    assert again.account != first.account
    assert "Otra persona debe firmarlo" in again.send(f"/monitoring/sessions/{id}/sign").text


def test_a_session_has_one_report(web: Web, report: dict[str, Any]) -> None:
    answer = web.call("POST", REPORTS, report_body(11), token=analyst(web))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "session_taken")
    body = report_body(99, results=[{"group": 4, "codes": ["invented"]}])
    answer = web.call("POST", REPORTS, body, token=analyst(web))
    assert (answer.status_code, answer.get_json()["code"]) == (422, "not_expected")


def test_a_draft_says_on_its_pages_that_it_is_one(web: Web) -> None:
    id = made(web, 41, results=[], date=None)["id"]
    assert text_of(pdf(web, id, language="en")).count("DRAFT") > 3
