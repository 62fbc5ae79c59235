"""An announcement is on every page at once, in both languages, until it is withdrawn."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from consular import announcements
from consular.auth import ANYONE, STAFF
from consular.input.announcements import AnnouncementForm
from services.kernel.audit import OFFICE_ROLES, Role
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web
from tests.pages.test_citizens_forms import citizen
from tests.servers import ROOT

ES, EN = "El sistema de citas no responde.", "The appointment system does not respond."
POSTED = {"kind": "outage", "text_es": ES, "text_en": EN}
BANNER = re.compile(r'<section[^>]*aria-label="Avisos importantes">(.*?)</section>', re.DOTALL)
PAGES = ("/", "/login", "/aviso-de-privacidad", "/citas/buscar", "/not-there")


@pytest.fixture
def admin(web: Web) -> Browser:
    return staff_browser(web.app, "admin")


def post(browser: Browser, **changes: str) -> Any:
    return browser.send("/announcements/new", **{**POSTED, **changes})


def test_it_is_on_every_page_in_the_readers_language_and_gone_once_withdrawn(
    web: Web, admin: Browser
) -> None:
    page = post(admin).text
    assert "Falla del servicio" in page
    assert "Demo Admin" in page, "who posted it"
    for path in PAGES:
        shown = BANNER.search(web.client.get(path).text)
        assert shown, path
        assert ES in shown[1]
        assert 'role="status"' in shown[1]
    assert EN in web.client.get("/?lang=en").text
    assert ES in staff_browser(web.app, "officer", "losangeles").get("/desk/").text
    items = web.call("GET", "/announcements").get_json()["items"]
    assert [(item["kind"], item["text_en"], item["consulate"]) for item in items] == [
        ("outage", EN, None)
    ]
    [address] = re.findall(r'action="(/announcements/[^"]+/withdraw)"', page)
    page = admin.send(address).text
    assert "Lo quitó Demo Admin" in page
    for path in PAGES:
        assert not BANNER.search(web.client.get(path).text)
    assert "Ese aviso ya se quitó" in admin.send(address).text
    with web.database.transaction(NETWORK_SCOPE) as session:
        actions = session.scalars(
            text("SELECT action FROM audit_entries WHERE subject_kind = 'announcement' ORDER BY at")
        ).all()
    assert actions == ["announcement.post", "announcement.withdraw"]


def test_a_warning_of_fraud_is_on_every_page_of_everybody_in_both_languages_until_taken_down(
    web: Web, admin: Browser
) -> None:
    """Every page that has an address of its own, as it is for each role that may open it."""
    words = {
        "es": ("Cuidado con el fraude", "Nadie cobra por apartar una cita."),
        "en": ("Beware of fraud", "Nobody charges for holding an appointment."),
    }
    page = post(admin, kind="fraud", text_es=words["es"][1], text_en=words["en"][1]).text
    everybody = _everybody(web)
    pages = Counter[Role | None]()
    for role, client in everybody.items():
        for address in _addresses(web, role):
            for language, (kind, said) in words.items():
                client.set_cookie("lang", language)
                answer = client.get(address)
                if answer.data.lstrip().startswith(b"<!doctype"):
                    # The waiting room's screen has the words alone, in both languages at once.
                    shown = said if address == "/desk/board" else f"<strong>{kind}.</strong> {said}"
                    assert shown in answer.text, (role, address)
                    pages[role] += 1
    assert min(pages[role] for role in everybody) >= 10, pages
    assert sum(pages.values()) > 400, pages
    [address] = re.findall(r'action="(/announcements/[^"]+/withdraw)"', page)
    admin.send(address)
    for role, client in everybody.items():
        for address in _addresses(web, role):
            if not address.startswith("/announcements"):
                assert words["en"][1].encode() not in client.get(address).data, (role, address)


def _everybody(web: Web) -> dict[Role | None, Any]:
    """A browser of whoever isn't signed in, of a citizen, and of each role of staff."""
    staff = {
        role: staff_browser(web.app, role, "losangeles" if role in OFFICE_ROLES else None).client
        for role in sorted(STAFF)
    }
    return {None: web.client, Role.CITIZEN: citizen(web).client, **staff}


def _addresses(web: Web, role: Role | None) -> list[str]:
    """The addresses without a value in them that this role may open; the API's have no pages."""
    found = []
    for rule in web.app.url_map.iter_rules():
        who = web.app.view_functions[rule.endpoint].__dict__["who"]
        opens = who is ANYONE if role is None else role in who
        if opens and not rule.arguments and "GET" in (rule.methods or ()):
            found.append(rule.rule)
    return [address for address in found if not address.startswith(("/api/", "/health"))]


def test_whatever_begins_a_page_shows_announcements() -> None:
    """So those with a value in their address, and those of errors, have them as well."""
    pages = {
        file.name: "announcements(" in file.read_text(encoding="utf-8")
        for file in (ROOT / "consular" / "templates").rglob("*.html")
        if "<!doctype" in file.read_text(encoding="utf-8")
    }
    assert pages == {"base.html": True, "board.html": True}


def test_one_of_an_office_is_on_its_pages_and_screens_only(web: Web) -> None:
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    post(supervisor, kind="closure", consulate="chicago")
    assert ES in supervisor.get("/desk/board").text
    assert EN in supervisor.get("/desk/board").text
    assert ES in staff_browser(web.app, "officer", "losangeles").get("/desk/").text
    assert ES not in staff_browser(web.app, "officer", "chicago").get("/desk/").text
    assert ES not in web.client.get("/").text
    assert web.call("GET", "/announcements").get_json()["items"] == []
    [item] = web.call("GET", "/announcements?consulate=losangeles").get_json()["items"]
    assert item["consulate"] == "losangeles"
    [address] = re.findall(r'action="([^"]+/withdraw)"', supervisor.get("/announcements/").text)
    other = staff_browser(web.app, "supervisor", "chicago")
    assert other.post(address).status_code == 404
    for role in ("officer", "analyst"):
        place = "losangeles" if role == "officer" else None
        assert staff_browser(web.app, role, place).get("/announcements/").status_code == 403


def test_it_begins_and_ends_by_the_posters_clock(web: Web) -> None:
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    post(supervisor, **{"from": "2099-12-07T09:00", "until": "2099-12-07T10:00"})
    begins = (
        AnnouncementForm("America/Los_Angeles")
        .load({**POSTED, "from": "2099-12-07T09:00"})
        .begins_at
    )
    for minutes, shown in ((-1, False), (0, True), (59, True), (60, False)):
        web.travel(begins + timedelta(minutes=minutes))
        with web.app.app_context(), web.app.test_request_context():
            announcements.read_again()
            assert bool(announcements.shown_now({"losangeles"})) is shown, minutes


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"text_en": ""}, "text_en"),
        ({"kind": "joke"}, "kind"),
        ({"until": "2001-01-01T00:00"}, "until"),
        ({"from": "yesterday"}, "from"),
    ],
)
def test_what_cant_be_posted_is_refused_in_words(
    admin: Browser, changes: dict[str, str], named: str
) -> None:
    page = post(admin, **changes).text
    assert f'href="#f-{named}"' in page
    assert ES in page, "nothing that was typed is lost"


def test_pages_ask_once_in_some_seconds_and_do_without_the_database(
    web: Web, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(admin)
    asked = []
    ask = announcements._ask

    def counted() -> Any:
        asked.append(1)
        return ask()

    monkeypatch.setattr(announcements, "_ask", counted)
    with web.app.app_context():
        announcements.read_again()
    for _ in range(5):
        assert ES in web.client.get("/").text
    assert len(asked) == 1
    monkeypatch.setattr(announcements, "STALE_SECONDS", 0.0)
    web.app.extensions["consular.database"].dispose()
    away = web.app.extensions["consular.database"]
    monkeypatch.setattr(away, "transaction", _refuse)
    assert ES in web.client.get("/").text, "the last that was known"


def _refuse(*_arguments: object) -> Any:
    raise OperationalError("SELECT", {}, Exception("away"))
