"""An analyst goes from the overview to an office and back in time, and writes a session's report
page by page, with the keyboard alone and no script; another signs it. Its numbers are those of the
database, and stay when a figure changes: the change shows apart."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from urllib.parse import quote
from zoneinfo import ZoneInfo

import psycopg
import pytest
from playwright.sync_api import Browser, Page

from services.facts.recording import Counted, record
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from tests.api.calls import steady_web
from tests.factories.figures import write_history
from tests.factories.keyboard import choose, follow, reach, staff_page
from tests.factories.reports import text_of
from tests.factories.web import Web, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

BUTTON = "main form .btn-primary"
SRE = "Secretaría de Relaciones Exteriores"
# What the report and the overview are about; the facts reach to its last day.
FIRST, LAST = date(2026, 11, 1), date(2027, 1, 31)
OFFICE = "/monitoring/offices/albuquerque"
# Group 4's lines that have a number here: the place of each, and the facts that it counts.
LINES = {
    2: ("Personas atendidas en citas", "appointment", "completed"),
    3: ("Citas a las que nadie llegó", "appointment", "no_show"),
    4: ("Búsquedas de cita sin lugar", "unmet_search", "no_place"),
    6: ("Inscripciones aprobadas", "enrollment", "active"),
    8: ("Envíos de dinero pagados", "remittance", "paid"),
}


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("session")) as running:
        write_history(running.database, LAST, offices=3)
        yield running


def _count(web: Web) -> dict[int, str]:
    """Each of the lines, added up from the facts themselves."""
    with psycopg.connect(web.settings.worker_database_url) as connection:
        sums = connection.execute(
            "SELECT kind || ' ' || status, sum(quantity) FROM facts"
            " WHERE day BETWEEN %s AND %s GROUP BY 1",
            [FIRST, LAST],
        ).fetchall()
    counted: Mapping[str, int] = dict(sums)
    return {place: f"{counted[f'{kind} {status}']:,}" for place, (_, kind, status) in LINES.items()}


def _assert_printed(report: bytes, numbers: Mapping[int, str]) -> None:
    text = text_of(report)
    for place, (name, *_) in LINES.items():
        row = rf"4\.{place} {name} (?:(?!\d\.\d ).)*?(?<![\d,]){numbers[place]}(?![\d,])"
        assert re.search(row, text), (name, numbers[place], text)


def _says(page: Page, words: str) -> None:
    page.wait_for_load_state()
    assert words in page.inner_text("main"), page.inner_text("main")


def _answer(page: Page, question: str, **fields: str) -> None:
    """Fill in a page, its fields from top to bottom, and go on."""
    _says(page, question)
    for name, text in fields.items():
        reach(page, f"#f-{name}")
        page.fill(f"#f-{name}", text) if "-" in text[4:5] else page.keyboard.type(text)
    follow(page, BUTTON)


def _go_on(page: Page, question: str) -> None:
    _says(page, question)
    follow(page, "main .actions a.btn-primary")


def _numbers(page: Page) -> str:
    page.wait_for_load_state()
    return page.inner_text("#numbers")


def _look_back(page: Page, web: Web, address: str) -> None:
    """From the overview to one office, and the same question again as of before a change."""
    page.goto(f"{address}/monitoring/?from={FIRST}&to={LAST}", wait_until="networkidle")
    page.route("**/charts/**", lambda chart: chart.abort())
    follow(page, "main p a[href^='/monitoring/?'][href*='as_of=']")
    follow(page, f"main table a[href^='{OFFICE}?']")
    _says(page, "Consulado de México en Albuquerque")
    then, old = _numbers(page), page.url
    write_history(web.database, LAST, every=300, offices=1)
    follow(page, f"main p a[href^='{OFFICE}?']:not([href*='as_of='])")
    assert _numbers(page) != then
    page.goto(old)
    assert _numbers(page) == then


def test_an_earlier_moment_shows_the_same_office_again_on_a_phone(
    browser: Browser, web: Web
) -> None:
    with served(web) as address:
        page = staff_page(browser, web, "analyst", address, 360, scripts=False)
        _look_back(page, web, address)
        page.context.close()


def test_charts_are_drawn_and_little_is_sent_and_paper_has_charts_and_tables(
    browser: Browser, web: Web
) -> None:
    with served(web) as address:
        page = staff_page(browser, web, "analyst", address, 360, scripts=False)
        sizes: list[int] = []
        page.on("response", lambda got: sizes.append(int(got.headers.get("content-length", 0))))
        page.goto(f"{address}/monitoring/?from={FIRST}&to={LAST}", wait_until="networkidle")
        drawn = "Array.from(document.images, image => image.complete && image.naturalWidth > 100)"
        assert page.evaluate(drawn) == [True] * page.locator("main img").count()
        assert 30_000 < sum(sizes) < 100_000, "with its charts"
        page.emulate_media(media="print")
        for hidden in ("form.filters", ".site-nav", "a[download]", "[data-print]"):
            assert not page.locator(hidden).first.is_visible(), hidden
        for shown in ("h1", "#numbers", "main img", "main table", "#unmet caption"):
            assert page.locator(shown).first.is_visible(), shown
        page.context.close()


def test_figures_and_days_are_the_same_on_every_clock(browser: Browser, web: Web) -> None:
    """Early, at noon and late of a day at offices on three clocks, read on each of them."""
    zones = {"tokio": "Asia/Tokyo", "madrid": "Europe/Madrid", "losangeles": "America/Los_Angeles"}
    day = date(2026, 11, 26)
    with web.database.transaction(NETWORK_SCOPE) as session:
        for office, zone in zones.items():
            for at in (time(0, 10), time(12), time(23, 50)):
                then = datetime.combine(day, at, ZoneInfo(zone))
                subject = Counted("enrollment", new_id(), day, office)
                record(session, subject, "active", now=then, program_code="rfc")
    asked = f"from={day}&to={day}&as_of={quote(_settled(web))}"
    read = []
    with served(web) as address:
        headers = {"Authorization": f"Bearer {web.token('analyst')}"}
        api = f"{address}/api/v1/monitoring/indicators/enrollments?by=consulate,day&{asked}"
        for zone in zones.values():
            page = staff_page(browser, web, "analyst", address, 1280, zone=zone)
            page.route("**/charts/**", lambda chart: chart.abort())
            page.goto(f"{address}/monitoring/?{asked}")
            shown = page.inner_text("main")
            page.goto(f"{address}/monitoring/figures?{asked}")
            read.append(
                (shown, page.inner_text("main"), page.request.get(api, headers=headers).json())
            )
            page.context.close()
    assert read[0] == read[1] == read[2]
    counted = {(row["consulate"], row["day"]): row["value"] for row in read[0][2]["rows"]}
    assert {key: counted.get(key) for key in ((o, str(day)) for o in zones)} == {
        (office, str(day)): 3 for office in zones
    }
    assert "26 nov 2026 al 26 nov 2026" in read[0][0]


def _settled(web: Web) -> str:
    path = "/monitoring/indicators/enrollments"
    return str(web.call("GET", path, token=web.token("analyst")).get_json()["as_of"])


def test_an_analyst_writes_it_another_signs_it_and_a_later_change_shows_apart(
    browser: Browser, web: Web
) -> None:
    with served(web) as address:
        page = staff_page(browser, web, "analyst", address, 1280, scripts=False)
        _look_back(page, web, address)
        follow(page, ".site-nav a[href='/monitoring/sessions']")
        _says(page, "Sesiones de la Comisión")
        reach(page, "#f-number")
        page.keyboard.press("Control+A")
        page.keyboard.type("11")
        follow(page, BUTTON)
        _answer(page, "¿Qué día fue la sesión?", held_on="2026-12-10")
        _answer(page, "¿Dónde fue?", place="Sede de la Cancillería")
        _answer(page, "¿De qué días informa?", **{"from": str(FIRST), "to": str(LAST)})
        _answer(page, "¿Qué dependencias asistieron?", came=SRE)
        _answer(page, "¿Cuál fue el orden del día?", items="Resultados de los grupos")
        _go_on(page, "No hay acuerdos abiertos")
        for group in range(1, 7):
            _answer(page, f"¿Qué informa el Grupo {group}?")
        _says(page, "¿Qué acordó esta sesión?")
        follow(page, "main .actions a.btn-outline-primary")
        _answer(
            page, "Agregar un acuerdo", agreed="Publicar el informe", responsible=SRE,
            due="2027-01-15",
        )  # fmt: skip
        _go_on(page, "11/1 Publicar el informe")
        _says(page, "¿Qué tablas van al final?")
        choose(page, "[name='c-services-by-office']")
        follow(page, BUTTON)
        _says(page, "4 textos no tienen inglés todavía")
        follow(page, BUTTON)
        _says(page, "Prepararlo para firma")
        session = page.url
        follow(page, "form[action$='/prepare'] .btn")
        _says(page, "Falta que otra persona de análisis lo firme")
        page.context.close()
        other = staff_page(browser, web, "analyst", address, 1280, scripts=False, who="other")
        other.goto(session)
        follow(other, "form[action$='/sign'] .btn")
        _says(other, "Versión 1, firmada")
        signed = other.request.get(f"{session}/report.pdf?language=es&version=1").body()
        before = _count(web)
        _assert_printed(signed, before)
        write_history(web.database, LAST, every=300, offices=1)
        after = _count(web)
        assert after != before
        follow(other, "main a[href$='/numbers/4/6']")
        _says(other, f"{before[6]} inscripciones — igual que en el informe")
        _says(other, f"{after[6]} inscripciones")
        follow(other, "main a[href*='/changes?']")
        _says(other, "Albuquerque")
        assert other.request.get(f"{session}/report.pdf?language=es&version=1").body() == signed
        other.goto(session)
        follow(other, "main a[href^='/verify/report/']")
        _says(other, hashlib.sha256(signed).hexdigest())
        other.context.close()
