"""The overview and an office's page: a few numbers, charts that show what their tables say, notes,
and the same numbers again as of an earlier moment."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import quote

import pytest

from services.facts.recording import Counted, record
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from services.monitoring.key_figures import year_before
from tests.factories.figures import write_history
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web

# Up to here there are facts.
LAST = date(2026, 11, 26)
PERIOD = "from=2026-01-01&to=2026-11-26"
BEFORE = "from=2025-01-01&to=2025-11-26"
_PICTURE = re.compile(r'<img[^>]* src="([^"]+)"')


@pytest.fixture
def analyst(web: Web) -> Browser:
    write_history(web.database, LAST)
    return staff_browser(web.app, "analyst")


def numbers(page: str) -> dict[str, str]:
    """The few numbers on top, by name."""
    lines = re.findall(r"<div>(<dd.*?</dt>)</div>", page)
    return {
        re.findall(r"<dt>(.*?)</dt>", line)[0]: re.findall(r"<dd>(.*?)</dd>", line)[0]
        for line in lines
    }


def rows(page: str, caption: str) -> list[list[str]]:
    """Lines of a table by how its caption begins, without tags."""
    table = re.search(rf"<caption>{caption}.*?</table>", page, re.DOTALL)
    assert table is not None, caption
    # On a phone each cell has its head before it.
    bare = re.sub(r'<span class="d-md-none.*?</span>', "", table[0])
    lines = re.findall(r"<tr[^>]*>(.*?)</tr>", bare, re.DOTALL)[1:]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL) for line in lines]
    return [[unescape(re.sub("<[^>]+>", "", cell)) for cell in line] for line in cells]


def pictures(page: str) -> list[str]:
    return [unescape(address) for address in _PICTURE.findall(page)]


def whole(text: str) -> int:
    return int(text.replace(",", ""))


def test_numbers_are_what_the_api_counts_and_compared_with_a_year_before(
    web: Web, analyst: Browser
) -> None:
    page = analyst.get(f"/monitoring/?{PERIOD}").text
    token = web.token("analyst")

    def api(query: str) -> int:
        path = f"/monitoring/indicators/appointments?status=completed&{query}"
        return sum(row["value"] for row in web.call("GET", path, token=token).get_json()["rows"])

    served, before = api(PERIOD), api("from=2025-01-01&to=2025-11-26")
    assert whole(numbers(page)["Citas atendidas"]) == served > before > 0
    assert f"{round(100 * (served - before) / before)} % más que el año anterior" in page
    target = {"period": "2026", "value": 2 * served, "source": "Plan"}
    path = "/monitoring/indicators/appointments/targets"
    assert web.call("POST", path, target, token=token).status_code == 201
    assert f"50 % de la meta de 2026: {2 * served:,}" in analyst.get(f"/monitoring/?{PERIOD}").text
    assert numbers(page)["Votos aprobados"] == "0"
    assert "sin datos del año anterior" in page


def test_each_picture_shows_what_the_table_beside_it_says(analyst: Browser) -> None:
    for path in (f"/monitoring/?{PERIOD}", f"/monitoring/offices/albuquerque?{PERIOD}"):
        page = analyst.get(path).text
        trend = next(address for address in pictures(page) if "/served." in address)
        answer = analyst.get(trend)
        assert "immutable" in answer.headers["Cache-Control"], "it is what the page is about"
        assert answer.mimetype == "image/svg+xml"
        drawn = answer.text
        month = rows(page, "Citas atendidas")[0]
        assert f">{month[1]}<" in drawn, path
        assert f">{month[2]}<" in drawn, path


def by_key(web: Web, query: str, key: str) -> dict[str | None, dict[str, int]]:
    """What the API counts, for each value of a dimension by status."""
    counted: dict[str | None, dict[str, int]] = {}
    path = f"/monitoring/indicators/{query}&{PERIOD}"
    for row in web.call("GET", path, token=web.token("analyst")).get_json()["rows"]:
        counted.setdefault(row[key], {})[row["status"]] = row["value"]
    return counted


def test_the_ranking_begins_with_whoever_served_most_and_leads_to_each(
    web: Web, analyst: Browser
) -> None:
    page = analyst.get(f"/monitoring/?{PERIOD}").text
    counted = by_key(web, "appointments?by=consulate&status=completed", "consulate")
    served = sorted((by["completed"] for by in counted.values()), reverse=True)
    listed = rows(page, "Citas atendidas por oficina")
    assert [whole(row[1]) for row in listed] == served
    drawn = analyst.get(next(each for each in pictures(page) if "/offices." in each)).text
    assert f"{listed[0][0]} atiende {served[0]:,} de {sum(served):,} citas" in page
    for name, value, *_ in listed:
        assert name in drawn
        assert f">{value}<" in drawn


def test_it_is_told_at_which_office_how_many_enrolled_beside_the_year_before(
    web: Web, analyst: Browser
) -> None:
    """Those who asked without an office have a line as well, so that lines add up to the number."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        for _ in range(3):
            subject = Counted("enrollment", new_id(), date(2026, 3, 1))
            record(session, subject, "active", now=datetime.now(UTC), program_code="rfc")
    page = analyst.get(f"/monitoring/?{PERIOD}").text
    counted = by_key(web, "enrollments?by=consulate&status=active", "consulate")
    listed = rows(page, "Inscripciones aprobadas por oficina")
    assert [whole(row[1]) for row in listed] == sorted(
        (by["active"] for by in counted.values()), reverse=True
    )
    assert listed[-1][:4] == ["Sin oficina", "3", "0", "–"]
    total = whole(numbers(page)["Inscripciones aprobadas"])
    assert sum(whole(row[1]) for row in listed) == total
    before = analyst.get(f"/monitoring/?{BEFORE}").text
    assert sum(whole(row[2]) for row in listed) == whole(numbers(before)["Inscripciones aprobadas"])
    assert f"{listed[0][0]}: {listed[0][1]} de {total:,} inscripciones aprobadas" in page
    drawn = analyst.get(next(each for each in pictures(page) if "/offices-enrolled." in each)).text
    assert f">{listed[0][1]}<" in drawn
    assert rows(analyst.get(f"/monitoring/offices?{PERIOD}").text, "Inscripciones aprob") == listed
    link = re.search(rf'<a href="([^"]+)">{listed[0][0]}</a>', page)
    assert link is not None
    here = analyst.get(unescape(link[1])).text
    assert numbers(here)["Inscripciones aprobadas"] == listed[0][1]


def test_the_funnel_says_of_each_program_how_far_its_requests_came(
    web: Web, analyst: Browser
) -> None:
    page = analyst.get(f"/monitoring/?{PERIOD}").text
    counted = by_key(web, "enrollments?by=program", "program")
    imss, rfc = counted["imss"], counted["rfc"]
    steps = {
        row[0]: [whole(cell) for cell in row[1:]] for row in rows(page, "Inscripciones por pr")
    }
    # Those of IMSS were sent, some of them answered with a no; those of the RFC all approved.
    asked, approved = imss["rejected"] + imss["sent_to_agency"], rfc["active"]
    assert sorted(steps.values()) == sorted(
        [[asked, asked, imss["rejected"], 0], [approved, approved, approved, approved]]
    )
    share = round(100 * approved / (asked + approved))
    assert f"Se aprobó el {share} % de las inscripciones" in page
    drawn = analyst.get(next(each for each in pictures(page) if "/enrollments." in each)).text
    assert f">{approved:,} ({share} %)<" in drawn


def test_demand_that_found_no_place_is_told_by_service_and_at_the_office_by_month(
    web: Web, analyst: Browser
) -> None:
    page = analyst.get(f"/monitoring/?{PERIOD}").text
    counted = by_key(web, "unmet_searches?by=program", "program")
    sums = sorted((by["no_place"] for by in counted.values()), reverse=True)
    listed = rows(page, "Búsquedas sin lugar, por trámite")
    assert [whole(row[1]) for row in listed] == sums
    assert whole(numbers(page)["Búsquedas sin lugar"]) == sum(sums)
    assert f": {sums[0]:,} de {sum(sums):,} búsquedas sin lugar" in page
    office = analyst.get(f"/monitoring/offices/albuquerque?{PERIOD}").text
    here = by_key(web, "unmet_searches?by=program&consulate=albuquerque", "program")
    months = rows(office, "Búsquedas sin lugar: ")
    # Twelve of them, the first before the period.
    assert sum(whole(row[1]) for row in months[:11]) == sum(by["no_place"] for by in here.values())


def test_a_picture_is_asked_for_once_and_small(analyst: Browser) -> None:
    address = pictures(analyst.get(f"/monitoring/?{PERIOD}").text)[0]
    first = analyst.client.get(address, headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    assert len(first.data) < 10_000
    again = analyst.client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    stale = analyst.get(re.sub("v=[0-9a-f]+", "v=0", address))
    assert stale.headers["Cache-Control"] == "private, no-cache"
    png = analyst.get(address.replace(".svg", ".png") + "&alone=1")
    assert png.data.startswith(b"\x89PNG")
    assert analyst.get("/monitoring/charts/nothing.svg").status_code == 404
    assert analyst.get("/monitoring/charts/served.svg?from=nonsense").status_code == 422


def test_an_earlier_moment_gives_the_same_page_again(web: Web, analyst: Browser) -> None:
    page = analyst.get(f"/monitoring/?{PERIOD}").text
    link = re.search(r'href="(/monitoring/\?[^"]*as_of=[^"]+)"', page)
    assert link is not None
    write_history(web.database, LAST, every=200, offices=2)
    changed, again = analyst.get(f"/monitoring/?{PERIOD}").text, analyst.get(unescape(link[1])).text
    assert numbers(changed) != numbers(page) == numbers(again)
    assert rows(again, "Citas atendidas por oficina") == rows(page, "Citas atendidas por oficina")
    office = re.search(r'href="(/monitoring/offices/albuquerque\?[^"]+)"', again)
    assert office is not None
    then, now = (
        analyst.get(unescape(office[1])).text,
        analyst.get(f"/monitoring/offices/albuquerque?{PERIOD}").text,
    )
    assert numbers(then)["Citas atendidas"] == rows(page, "Citas atendidas por oficina")[0][1]
    assert numbers(now) != numbers(then)
    assert "Consultar ahora" in then


def test_an_earlier_moment_is_typed_on_the_secretarys_clocks(analyst: Browser) -> None:
    for path in (
        "/monitoring/", "/monitoring/offices/austin", "/monitoring/figures",
        "/monitoring/indicators/appointments",
    ):  # fmt: skip
        assert 'name="as_of" type="datetime-local"' in analyst.get(path).text, path
        page = unescape(analyst.get(f"{path}?as_of=2026-03-01T18:05").text)
        assert re.search(r"Corte: domingo 1 de marzo de 2026 a las 6:05\sp\.\sm\. \(hora", page), (
            path
        )
        # The question is asked again from the same form.
        assert 'name="as_of" value="2026-03-01T18:05"' in page, path
        refused = analyst.get(f"{path}?as_of=2190-01-01T00:00").text
        assert 'href="#f-as_of">Como se sabía el: ese corte aún no llega.' in refused, path
        assert 'id="f-as_of" name="as_of" type="datetime-local" value="2190-01-01T00:00"' in refused


def test_all_figures_of_an_office_are_on_a_sheet_that_its_page_leads_to(
    web: Web, analyst: Browser
) -> None:
    page = analyst.get(f"/monitoring/offices/albuquerque?{PERIOD}").text
    link = re.search(r'href="(/monitoring/offices/albuquerque/sheet\?[^"]+)"', page)
    assert link is not None
    sheet = analyst.get(unescape(link[1])).text
    statuses = {row[0]: whole(row[1]) for row in rows(sheet, "Citas por estado")}
    assert whole(numbers(page)["Citas atendidas"]) in statuses.values()
    token = web.token("analyst")
    for code, name in (("appointments", "Citas por estado"), ("people", "Personas en citas")):
        path = f"/monitoring/indicators/{code}?consulate=albuquerque&{PERIOD}"
        counted = web.call("GET", path, token=token).get_json()["rows"]
        assert whole(rows(sheet, name)[-1][1]) == sum(row["value"] for row in counted)
    assert "Sin nada en estos días:" in sheet
    assert "Credenciales para votar entregadas" in sheet
    assert "data-print" in sheet


def test_choosing_an_office_leads_to_its_page_with_the_question(analyst: Browser) -> None:
    answer = analyst.get(f"/monitoring/?{PERIOD}&consulate=albuquerque")
    assert (answer.status_code, answer.location) == (
        303,
        f"/monitoring/offices/albuquerque?{PERIOD}",
    )
    assert analyst.get("/monitoring/offices/nowhere").status_code == 404
    listed = rows(analyst.get(f"/monitoring/offices?{PERIOD}").text, "Citas atendidas por oficina")
    assert [whole(row[1]) for row in listed] == sorted((whole(r[1]) for r in listed), reverse=True)
    assert len(listed) == 6


def test_a_note_stands_on_chart_and_table_with_its_writer_and_not_before(analyst: Browser) -> None:
    before = datetime.now(UTC).isoformat()
    fields = {"what": "Tormenta", "first_day": "2026-09-27", "last_day": "2026-09-29"}
    page = analyst.send("/monitoring/notes", **fields, consulate="albuquerque")
    assert "Tormenta" in page.text
    assert "Demo Analyst" in page.text
    overview = analyst.get(f"/monitoring/?{PERIOD}").text
    assert [row[-1] for row in rows(overview, "Citas atendidas:") if "sep" in row[0]] == ["1"]
    assert rows(overview, "Citas atendidas por oficina")[0][-1] == "1"
    assert "[1] <strong>Tormenta</strong> — Albuquerque, 27 sep 2026 al 29 sep 2026" in overview
    assert ">1<" in analyst.get(pictures(overview)[0]).text
    assert "Tormenta" not in analyst.get(f"/monitoring/offices/austin?{PERIOD}").text
    assert "Tormenta" not in analyst.get(f"/monitoring/?{PERIOD}&as_of={quote(before)}").text
    shown = datetime.now(UTC).isoformat()
    remove = re.search(r'action="(/monitoring/notes/[^"]+)"', page.text)
    assert remove is not None
    analyst.send(remove[1])
    assert "Tormenta" not in analyst.get(f"/monitoring/?{PERIOD}").text
    assert "Tormenta" in analyst.get(f"/monitoring/?{PERIOD}&as_of={quote(shown)}").text
    assert analyst.post(remove[1]).status_code == 404


def test_a_note_that_cannot_be_is_refused_and_only_analysts_write(
    web: Web, analyst: Browser
) -> None:
    page = analyst.send(
        "/monitoring/notes", what="Tormenta", first_day="2026-09-29", last_day="2026-09-27"
    )
    assert "El periodo termina antes de empezar." in page.text
    assert 'value="Tormenta"' in page.text
    assert "Tormenta" not in analyst.get(f"/monitoring/?{PERIOD}").text
    auditor = staff_browser(web.app, "auditor")
    assert "Poner una nota" not in auditor.get("/monitoring/notes").text
    assert auditor.post("/monitoring/notes", what="x", first_day="2026-09-29").status_code == 403


@pytest.mark.parametrize(
    "path", ["/monitoring/", "/monitoring/offices", "/monitoring/offices/austin"]
)
def test_a_question_that_cannot_be_is_refused_in_words(web: Web, path: str) -> None:
    browser = staff_browser(web.app, "analyst")
    for query, words in (
        ("from=2026-12-02&to=2026-12-01", "El periodo termina antes de empezar."),
        ("from=1999-01-01", "Esa fecha no se puede usar."),
        ("as_of=2190-01-01T00:00:00Z", "Ese corte aún no llega."),
    ):
        page = browser.get(f"{path}?{query}")
        assert page.status_code == 200
        assert words in page.text
        assert "Corte:" not in page.text


def test_without_anything_counted_the_pages_say_so_in_both_languages(web: Web) -> None:
    browser = staff_browser(web.app, "analyst")
    assert "Ninguna oficina atendió citas en estos días." in browser.get("/monitoring/").text
    browser.client.set_cookie("lang", "en")
    assert "No office served appointments on these days." in browser.get("/monitoring/").text
    assert "This office has nothing to draw" in browser.get("/monitoring/offices/austin").text


@pytest.mark.parametrize("day", ["2024-02-29", "2026-01-31", "2025-12-31"])
def test_the_last_day_counts_whole_and_only_once(web: Web, day: str) -> None:
    """A leap day, the end of a month and of a year, each asked for from itself to itself."""
    write_history(web.database, date.fromisoformat(day), every=1000, offices=1)
    browser, last = staff_browser(web.app, "analyst"), date.fromisoformat(day)
    alone = numbers(browser.get(f"/monitoring/?from={day}&to={day}").text)["Citas atendidas"]
    year = numbers(browser.get(f"/monitoring/?from={last.year}-01-01&to={day}").text)
    before = numbers(browser.get(f"/monitoring/?to={last - timedelta(days=1)}").text)
    assert whole(alone) > 0
    assert year["Citas atendidas"] == alone
    assert before["Citas atendidas"] == "0"


def test_the_same_day_of_the_year_before() -> None:
    assert year_before(date(2028, 2, 29)) == date(2027, 2, 28)
    assert year_before(date(2026, 12, 31)) == date(2025, 12, 31)


def test_each_office_of_a_map_is_a_link_to_it(analyst: Browser) -> None:
    page = analyst.get(f"/monitoring?{PERIOD}").text
    maps = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(maps) == 2
    table = dict(re.findall(r'<a href="(/monitoring/offices/[^"]+)">([^<]+)</a>', page))
    for drawn in maps:
        links = re.findall(r'<a href="([^"]+)" aria-label="([^"]+): [\d,]+"><circle', drawn)
        assert len(links) > 3
        for address, name in links:
            assert table.get(address, name) == name, "the table beside it says the same"
        address, name = links[0]
        [title] = re.findall("<h1>(.*?)</h1>", analyst.get(unescape(address)).text)
        assert name in title


def test_the_maps_show_enrollments_too_with_their_table_beneath(web: Web, analyst: Browser) -> None:
    page = analyst.get(f"/monitoring/?{PERIOD}").text
    link = re.search(r'<a href="([^"]+)">Inscripciones aprobadas</a>', page)
    assert link is not None
    address = unescape(link[1])
    assert address == f"/monitoring/?{PERIOD}&indicator=enrollments#offices"
    page = analyst.get(address.partition("#")[0]).text
    counted = by_key(web, "enrollments?by=consulate&status=active", "consulate")
    values = {code: by["active"] for code, by in counted.items() if code}
    finding = f"En el mundo: {sum(values.values()):,} inscripciones aprobadas en {len(values)} of"
    assert finding in page
    assert "citas atendidas en" not in page
    drawn = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawn) == 2
    spots = re.findall(r'aria-label="([^":]+): ([\d,]+)"><circle', drawn[1])
    listed = rows(page, "Inscripciones aprobadas por oficina")
    assert sorted(spots) == sorted((row[0], row[1]) for row in listed if row[1] != "0")
    assert page.index("Inscripciones aprobadas por oficina") < page.index("Citas atendidas por of")
    world = analyst.get(next(each for each in pictures(page) if "/world-enrolled." in each))
    assert f"{listed[0][0]} {listed[0][1]}" in world.text
    assert '<input type="hidden" name="indicator" value="enrollments">' in page
    pinned = re.search(r'href="(/monitoring/\?[^"]*as_of=[^"]+)">La misma', page)
    assert pinned is not None
    assert "inscripciones aprobadas en" in analyst.get(unescape(pinned[1])).text
    other = analyst.get(f"/monitoring/?{PERIOD}&indicator=nothing").text
    assert "citas atendidas en" in other
