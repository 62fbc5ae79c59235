"""Pages fit a phone with text twice as large, targets fit a finger, the menu shows the place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import text

from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Subject
from services.kernel.clock import database_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from services.remittances.rates import store_rate
from tests.api.calls import steady_web
from tests.api.test_counts_are_typed_twice import made as made_count
from tests.factories import reports
from tests.factories.enrollments import make_applicant
from tests.factories.staff import Browser as Signed
from tests.factories.staff import citizen_browser, cookie_name, staff_browser
from tests.factories.web import Web, morning_at_office, person, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

ANYONE = (
    *("/", "/login", "/cobrar", "/citas/nueva", "/citas/oficina?service=PAS10&place=90012"),
    *("/citas/buscar", "/aviso-de-privacidad"),
)
CITIZEN = ("/enviar", "/mis-tramites", "/mis-datos", "/mis-datos/consultas", "/rfc")
SLOT = "/citas/persona?consulate=losangeles&service=PAS10&start="
HERE = {"birth_date-day": "12", "birth_date-month": "5", "birth_date-year": "1990"}
NAMES = {"given_names": "Guadalupe Monserrat", "first_surname": "Tzompantzi Hernández"}

# Links within a sentence are as large as its letters, and what is hidden can't be pressed.
_SMALL = """() => [...document.querySelectorAll(
    "button:not([aria-hidden]), a.btn, a.link-button, a.back, summary, select, textarea," +
    "input:not([type=hidden])")]
  .filter(e => e.offsetParent && !e.classList.contains("skip"))
  .map(e => { const target = e.closest(".choice") || e, box = target.getBoundingClientRect();
    return [(e.name || e.textContent || e.id).trim(), box.width, box.height]; })
  .filter(([, width, height]) => width < 43.5 || height < 43.5)"""

# What sticks out to the right, but for what scrolls within its own box.
_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".table-wrap"))
  .map(e => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 30)}`).slice(-4)"""

# Tables of which a phone shows a part only, but for grids of times and of two dimensions.
_CUT = """() => [...document.querySelectorAll(".table-wrap")]
  .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
  .map(e => [e.getAttribute("aria-label"), e.scrollWidth])"""

# Words that are wider than the button they stand on, but for those that only a reader speaks.
_CRAMPED = """() => [...document.querySelectorAll(".btn")]
  .filter(e => e.offsetParent)
  .flatMap(e => [e, ...e.querySelectorAll("*:not(.visually-hidden)")].flatMap(p =>
    [...p.childNodes].filter(n => n.nodeType === 3 && n.textContent.trim()).map(n => {
      const words = document.createRange(); words.selectNodeContents(n);
      return [n.textContent.trim(), words.getBoundingClientRect().width,
              e.getBoundingClientRect().width]; })))
  .filter(([, words, button]) => words > button - 2)"""


@dataclass(frozen=True)
class Place:
    """A page, and who opens it: nobody in particular, a citizen, or somebody of staff."""

    path: str
    who: Signed | None = None
    staff: bool = False


@dataclass(frozen=True)
class Measured:
    """What is too wide or too small on a page, and what it is called; ``cut``: tables."""

    place: Place
    wide: list[str]
    small: list[object]
    cramped: list[object]
    cut: list[object]


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("large")) as running:
        yield running


@pytest.fixture(scope="module")
def places(web: Web) -> list[Place]:
    """Every kind of page, also the later steps of each journey and what has an id."""
    opened = web.session(closes="11:00")["id"]
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    first, *_others, last = (slot["start"] for slot in web.free())
    booked = web.book(first, token=token, attendees=[person(1)]).get_json()["id"]
    count = made_count(web)
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = session.scalar(text("SELECT account_id FROM appointments"))
        now = database_clock(session)
        store_rate(
            session, series="SF43718", base="USD", quote="MXN", value=Decimal("18.4321"),
            valid_on=(now - timedelta(days=1)).date(), now=now,
        )  # fmt: skip
        reported = Report(Kind.JOB_PARKED, Subject.JOB, new_id(), {"topic": "rates.fetch"})
        incident = report(session, reported, now=now)
    assert account is not None
    session = f"/monitoring/sessions/{reports.made(web)['id']}"
    web.travel(morning_at_office())
    citizen = citizen_browser(web.app, account)
    desk = staff_browser(web.app, "supervisor", "losangeles")
    admin, treasury = staff_browser(web.app, "admin"), staff_browser(web.app, "treasury")
    desk.post(f"/desk/appointments/{booked}/check-in", identity_checked="true")
    desk.post(f"/desk/appointments/{booked}/call", desk="A")
    staff = [
        *((desk, path) for path in _of_the_desk(desk, booked, opened)),
        *((desk, path) for path in ("/counts/", f"/counts/{count}")),
        *((treasury, path) for path in ("/incidents/", f"/incidents/{incident}")),
        *(
            (treasury, f"/treasury/{page}")
            for page in ("", "day", "suspense", "unknown", "disputes")
        ),
        *(
            (admin, path)
            for path in ("/admin/", "/admin/staff/new", f"/admin/staff/{desk.account}")
        ),
        *(
            (staff_browser(web.app, "analyst"), path)
            for path in (
                "/monitoring/",
                "/monitoring/figures",
                "/monitoring/sessions",
                session,
                f"{session}/numbers/4/1",
                *(f"{session}/steps/{step}" for step in ("attendance", "group-4", "agreements")),
                f"{session}/agreements/new",
            )
        ),
        (staff_browser(web.app, "agent"), "/telephone/"),
        (desk, "/desk/book"),
    ]
    return [
        *(Place(path) for path in ANYONE),
        *(Place(path, citizen) for path in CITIZEN),
        *(Place(path, citizen) for path in _of_a_booking(citizen, booked, first, last)),
        *(Place(path, citizen) for path in _of_a_transfer(citizen)),
        Place(_enrollment(citizen), citizen),
        *(Place(path, who, staff=True) for who, path in staff),
    ]


def _of_a_booking(citizen: Signed, booked: str, held: str, start: str) -> list[str]:
    slot = {"consulate": "losangeles", "service": "PAS10", "start": start}
    named = {**person(1), **NAMES, **HERE, "email": "ana@demo.invalid"}
    named.pop("birth_date")
    named["second_surname"] = named["second_surname"] or ""
    check = citizen.post("/citas/persona", **slot, **named).location
    wrong = citizen.post("/citas/persona", **slot, given_names="").location
    return [
        f"/citas/horarios?consulate=losangeles&service=PAS10&from={start[:10]}",
        "/citas/horarios?consulate=chicago&service=PAS10",
        f"{SLOT}{quote(start)}", wrong, check, f"/citas/{booked}", f"/citas/{booked}?nueva=1",
    ]  # fmt: skip


def _of_a_transfer(citizen: Signed) -> list[str]:
    price = {"send_amount": "300", "funding": "bank_account", "payout": "account"}
    quoted = citizen.post("/enviar", **price).location
    match = re.search(r"quote=([0-9a-f-]{36})", quoted)
    assert match, quoted
    to = {**NAMES, "clabe": "002010077777777771", "purpose": "family", "quote": match[1]}
    check = citizen.post("/enviar/destinatario", **to).location
    draft = check.partition("d=")[2]
    sent = citizen.post("/enviar/revisar", d=draft).location
    recipient = f"/enviar/destinatario?quote={match[1]}"
    again = citizen.post("/enviar/destinatario", **to).location
    return [quoted, recipient, again, sent, sent.partition("?")[0]]


def _applicant() -> dict[str, str]:
    """Somebody's answers to the form of an RFC."""
    applicant = make_applicant()
    born = applicant.birth_date
    return {
        "given_names": applicant.given_names, "first_surname": applicant.first_surname,
        "second_surname": applicant.second_surname or "", "curp": applicant.curp or "",
        "email": applicant.email or "", "consents": "transfer_to_agency",
        "birth_date-day": str(born.day), "birth_date-month": str(born.month),
        "birth_date-year": str(born.year),
    }  # fmt: skip


def _enrollment(citizen: Signed) -> str:
    address_of_it = citizen.post("/rfc", **_applicant()).location
    assert address_of_it.startswith("/inscripciones/"), address_of_it
    return address_of_it


def _of_the_desk(desk: Signed, booked: str, session: str) -> list[str]:
    shown = desk.post(
        "/desk/identity", **NAMES, **HERE, document="Acta y credencial", identity_checked="true"
    ).location
    form = {**_applicant(), "document": "Acta", "identity_checked": "true", "email": ""}
    enrolled = desk.post("/desk/enrollments/new/rfc", **form).location
    return [
        "/desk/enrollments", "/desk/enrollments/new", "/desk/enrollments/new/rfc", enrolled,
        "/desk/", "/desk/calendar", "/desk/series/new", "/desk/closures", "/desk/closures/new",
        "/desk/opening-history", "/desk/sessions", f"/desk/sessions/{session}",
        f"/desk/appointments/{booked}",
        f"/desk/appointments/{booked}/complete", "/desk/identity", shown,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def address(web: Web) -> Iterator[str]:
    with served(web) as address:
        yield address


def _context(
    browser: Browser, web: Web, address: str, who: Signed | None, **options: object
) -> BrowserContext:
    context = browser.new_context(bypass_csp=True, **options)  # type: ignore[arg-type]
    if who is not None:
        cookie = who.client.get_cookie(cookie_name(web.app))
        assert cookie is not None
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
    return context


@pytest.fixture(scope="module")
def measured(browser: Browser, web: Web, address: str, places: list[Place]) -> list[Measured]:
    """Each page on a desktop and then as narrow as a phone, with everything unfolded."""
    measures = []
    for who, own in groupby(places, key=lambda place: place.who):
        context = _context(browser, web, address, who)
        page = context.new_page()
        measures += [_measure(page, address, place) for place in own]
        context.close()
    return measures


def _measure(page: Page, address: str, place: Place) -> Measured:
    small: list[object] = []
    cramped: list[object] = []
    page.set_viewport_size({"width": 1280, "height": 900})
    answer = page.goto(address + place.path)
    assert answer is not None
    assert answer.status == 200, place.path
    assert page.url.endswith(place.path), (place.path, page.url)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        small += [(place.path, width, *each) for each in page.evaluate(_SMALL)]
        cramped += [(place.path, width, *each) for each in page.evaluate(_CRAMPED)]
    cut = page.evaluate(_CUT)
    page.add_style_tag(content="html { font-size: 200% }")
    width = page.evaluate("document.documentElement.scrollWidth")
    return Measured(place, page.evaluate(_WIDE) if width > 360 else [], small, cramped, cut)


def test_pages_fit_a_phone_with_text_twice_as_large(measured: list[Measured]) -> None:
    wide = [(each.place.path, *each.wide) for each in measured if each.wide]
    assert wide == [], "\n".join(map(str, wide))


def test_a_phone_shows_each_table_whole(measured: list[Measured]) -> None:
    cut = [(each.place.path, each.cut) for each in measured if each.cut]
    assert cut == [], "\n".join(map(str, cut))


def test_words_fit_the_buttons_that_they_stand_on(measured: list[Measured]) -> None:
    cramped = [button for each in measured for button in each.cramped]
    assert cramped == [], "\n".join(map(str, cramped))


def test_what_is_pressed_is_large_enough_for_a_finger(measured: list[Measured]) -> None:
    small = [target for each in measured for target in each.small]
    assert small == [], "\n".join(map(str, small))


def test_the_current_place_in_the_menu_shows_in_forced_colours(
    browser: Browser, web: Web, address: str, places: list[Place]
) -> None:
    who = next(place.who for place in places if place.path == "/mis-tramites")
    context = _context(browser, web, address, who, forced_colors="active")
    page = context.new_page()
    page.goto(f"{address}/mis-tramites")
    widths = page.evaluate(
        """() => [...document.querySelectorAll(".site-nav a")].map(a =>
             [a.hasAttribute("aria-current"), getComputedStyle(a).borderBottomWidth])"""
    )
    assert {current for current, _width in widths} == {True, False}
    assert all((width != "0px") == current for current, width in widths)
    context.close()


def test_each_page_of_staff_has_a_title_of_its_own(places: list[Place]) -> None:
    titles = {}
    for place in places:
        if place.staff and place.who is not None:
            page = place.who.get(place.path).text
            titles[place.path] = page.partition("<title>")[2].partition("</title>")[0]
    assert len(set(titles.values())) == len(titles), titles
