"""Each indicator's page: its record, figures by what was chosen, targets, what others published."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html import unescape
from urllib.parse import urlencode

import psycopg
import pytest

from services.facts.recording import Counted, record
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from services.monitoring.indicators import INDICATORS
from services.monitoring.periods import days_of
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web

PAGE = "/monitoring/indicators/enrollments"
TARGET = {"period": "2028-Q1", "value": "4", "source": "Programa de trabajo 2028"}


@pytest.fixture
def analyst(web: Web) -> Browser:
    return staff_browser(web.app, "analyst")


def enroll(
    web: Web,
    day: date,
    status: str = "active",
    program: str = "rfc",
    office: str = "losangeles",
) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        counted = Counted("enrollment", new_id(), day, office)
        record(session, counted, status, now=datetime.now(UTC), program_code=program)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2028", date(2028, 1, 1), date(2028, 12, 31)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2027-Q4", date(2027, 10, 1), date(2027, 12, 31)),
    ],
)
def test_a_period_has_its_first_and_its_last_day(period: str, first: date, last: date) -> None:
    assert days_of(period) == (first, last)


@pytest.mark.parametrize("period", ["2028-Q5", "2028-13", "28", "2025-11/12", "2028-1"])
def test_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(ValueError, match="no year"):
        days_of(period)


def test_the_page_says_what_it_counts_by_whose_day_and_what_others_published(
    web: Web, analyst: Browser
) -> None:
    enroll(web, date(2025, 10, 31))
    page = unescape(analyst.get(f"{PAGE}?by=program&by=country").text)
    assert "A través de este sistema" in page
    assert "Publicado por la dependencia" in page
    assert "Estados Unidos" in page
    assert "Cada inscripción cuenta en el día en que se pidió" in page
    row = page.partition("IMSS-PTI, 2025-10<")[2].partition("</tr>")[0]
    ours, theirs = re.findall(r"</span>([^<]+)</td>", row)[:2]
    assert (ours, theirs) == ("1", "15,375 personas"), "one was counted here by then"
    rivals = unescape(analyst.get("/monitoring/indicators/registrations").text)
    for voters in ("223,961", "223,743", "258,461"):
        assert f"{voters} personas" in rivals


def test_any_breakdown_is_compared_with_as_many_days_before(web: Web, analyst: Browser) -> None:
    for day, program in (
        (date(2028, 2, 29), "rfc"), (date(2028, 3, 31), "rfc"), (date(2028, 3, 1), "rfc"),
        (date(2028, 2, 1), "imss"),
    ):  # fmt: skip
        enroll(web, day, program=program)
    plain = analyst.get(f"{PAGE}?by=program&from=2028-03-01&to=2028-03-31").text
    assert "Comparar con los mismos días de antes" in plain
    assert "Periodo anterior" not in plain
    page = analyst.get(f"{PAGE}?by=program&from=2028-03-01&to=2028-03-31&compare=previous").text
    table = page.partition("<caption>A través de este sistema</caption>")[2].partition("</table>")[
        0
    ]
    # On a phone each cell has its head before it.
    bare = re.sub(r'<span class="d-md-none.*?</span>', "", table)
    lines = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in bare.split("<tr")]
    assert lines[1][2:] == ["Inscripciones", "Periodo anterior", "Diferencia"]
    # From 30 January on there are as many days before as March has.
    assert [line[2:] for line in lines[2:]] == [["0", "1", "-1"], ["2", "1", "+1"], ["2", "2", "0"]]
    again = re.search(r'href="([^"]*as_of=[^"]*)"', page)
    assert again is not None
    assert "Periodo anterior" in analyst.get(unescape(again[1])).text
    refused = analyst.get(f"{PAGE}?by=program&compare=previous").text
    assert 'href="#f-compare"' in refused
    assert "Para comparar, di desde y hasta cuándo" in refused


def test_one_office_is_chosen_on_the_page_and_everything_follows(
    web: Web, analyst: Browser
) -> None:
    march, april = date(2028, 3, 15), date(2028, 4, 1)
    for day, office in (
        (march, "losangeles"), (april, "losangeles"), (april, "losangeles"), (april, "chicago"),
    ):  # fmt: skip
        enroll(web, day, office=office)
    days = "from=2028-04-01&to=2028-04-30&compare=previous"
    assert _totals(analyst.get(f"{PAGE}?{days}").text) == ["3", "1", "+2"]
    page = analyst.get(f"{PAGE}?consulate=losangeles&by=program&{days}").text
    [select] = re.findall(r'<select[^>]*name="consulate".*?</select>', page, re.DOTALL)
    assert select.count('value="chicago"') == 1
    assert re.findall(r'value="([^"]*)" selected', select) == ["losangeles"]
    # The form sends it once.
    assert page.count('name="consulate"') == 1
    assert "Solo: Oficina: " in page
    assert _totals(page) == ["2", "1", "+1"]
    # The chosen office is in each address that leads on, and in the files.
    for href in re.findall(r'href="([^"]*as_of=[^"]*)"', page):
        assert "consulate=losangeles" in href
    [csv] = re.findall(r'href="([^"]*export\.csv[^"]*)"', page)
    lines = analyst.get(unescape(csv)).text.splitlines()
    assert [line for line in lines if "chicago" in line] == []
    assert re.search(r"\b2\b.*\b1\b", lines[-1])
    [again] = re.findall(r'<a class="no-print" href="([^"]*as_of=[^"]*)">La misma', page)
    assert _totals(analyst.get(unescape(again)).text) == ["2", "1", "+1"]
    everywhere = analyst.get(f"{PAGE}?consulate=&{days}").text
    assert _totals(everywhere) == ["3", "1", "+2"]
    assert analyst.get(f"{PAGE}?consulate=nowhere").status_code == 404
    without = next(code for code, each in INDICATORS.items() if not each.has_offices)
    page = analyst.get(f"/monitoring/indicators/{without}").text
    assert "Ficha del indicador" in page
    assert 'name="consulate"' not in page


def _totals(page: str) -> list[str]:
    """The sums under the table of figures, without the heads that a phone shows."""
    foot = page.partition("<tfoot>")[2].partition("</tfoot>")[0]
    cells = re.findall(
        r"<td[^>]*>(.*?)</td>", re.sub(r'<span class="d-md-none.*?</span>', "", foot)
    )
    return [cell for cell in cells if cell]


def test_a_published_figure_that_changes_shows_its_revision_and_stays_as_it_was_then(
    web: Web, analyst: Browser
) -> None:
    def api(as_of: str | None = None) -> tuple[str, tuple[object, ...]]:
        path = "/monitoring/indicators/enrollments?" + urlencode({"as_of": as_of} if as_of else {})
        answer = web.call("GET", path, token=web.token("analyst")).get_json()
        [figure] = [
            each
            for each in answer["published"]
            if (each["programme"], each["period"]) == ("IMSS-PTI", "2025-10")
        ]
        said = figure["value"], figure["value_before"], figure["revised_at"] is not None
        return answer["as_of"], said

    then, said = api()
    assert said == (15_375, None, False)
    with psycopg.connect(web.settings.database_owner_url) as owner:
        owner.execute(
            "UPDATE published_series SET value = 15380"
            " WHERE programme = 'IMSS-PTI' AND period = '2025-10'"
        )
    assert api()[1] == (15_380, 15_375, True)
    assert api(then)[1] == (15_375, None, False)
    for page in (PAGE, "/monitoring/figures"):
        now, old = (
            analyst.get(f"{page}{cut}").text for cut in ("", f"?{urlencode({'as_of': then})}")
        )
        assert re.search(
            r"15,380 personas.*Revisada el .*; antes decía 15,375\.", now, re.DOTALL
        ), page
        assert "15,375 personas" in old, page
        assert "15,380" not in old, page
        assert "Revisada el" not in old, page
    with (
        psycopg.connect(web.settings.database_owner_url) as owner,
        pytest.raises(psycopg.errors.RestrictViolation),
    ):
        owner.execute("UPDATE published_revisions SET value = 1")


def test_what_one_is_and_why_rival_figures_differ_can_be_read(analyst: Browser) -> None:
    for code, subject in (
        ("enrollments", "Solicitudes: una persona"),
        ("people", "Personas: cada"),
    ):
        record = unescape(analyst.get(f"/monitoring/indicators/{code}").text)
        assert "Personas o solicitudes" in record
        assert subject in record.partition('id="record"')[2]
    rivals = unescape(analyst.get("/monitoring/indicators/registrations").text)
    for voters in ("258,461", "223,743", "223,961"):
        row = rivals.partition(f"{voters} personas</td>")[2].partition("</tr>")[0]
        why, source = re.findall(r"<td[^>]*>(.*?)</td>", row)
        assert len(why) > 20, voters
        assert len(re.sub(r"<[^>]+>", "", source)) > 5, voters
    assert "34,500 boletas" in rivals


def test_a_breakdown_that_it_lacks_is_refused_with_those_that_it_has(analyst: Browser) -> None:
    page = unescape(analyst.get(f"{PAGE}?by=mode").text)
    assert "Este indicador no tiene mode. Se desglosa por program, consulate" in page
    assert "Corte:" not in page


def test_a_target_says_how_far_it_is_and_its_changes_are_kept(web: Web, analyst: Browser) -> None:
    """DASH-03: the last day of the period counts, a leap day too; the day after doesn't."""
    for day in (date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 1)):
        enroll(web, day)
    enroll(web, date(2028, 3, 1), status="received")
    address = f"{PAGE}/targets"
    assert "Demo Analyst" in analyst.send(address, **TARGET).text
    cells = re.findall(r"</span>([^<]+)</td>", analyst.get(PAGE).text)
    assert cells[cells.index("Todos") :][:5] == ["Todos", "Toda la red", "4", "2", "50 %"]
    changed = {**TARGET, "value": "2"}
    assert "Escribe por qué cambia la cifra." in analyst.send(address, **changed).text
    page = analyst.send(address, **changed, reason="Se acordó en la sesión 12").text
    assert "Por qué cambió: Se acordó en la sesión 12" in page
    assert "2028-Q1, Todos, Toda la red: 4 inscripciones" in page
    assert "100 %" in analyst.get(PAGE).text
    auditor = staff_browser(web.app, "auditor")
    assert "Fijar la meta" not in auditor.get(address).text
    assert auditor.post(address, **changed).status_code == 403


def test_the_list_leads_to_each(analyst: Browser) -> None:
    page = analyst.get("/monitoring/indicators/").text
    for code in ("appointments", "unmet_searches", "registrations"):
        address = f"/monitoring/indicators/{code}"
        assert address in page
        assert analyst.get(address).status_code == 200
    assert analyst.get("/monitoring/indicators/unknown").status_code == 404
