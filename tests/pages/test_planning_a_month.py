"""A supervisor opens hours that repeat, changes one day or all of them, and gives a day up: each
time what would happen is shown first, and nothing has happened by then."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text

from consular.pages.desk.capacity_forms import SKILLS as OF_WINDOWS
from consular.pages.desk.capacity_forms import form_field_errors, rule_in_words, series_values
from consular.pages.portal.needs import SKILLS as ASKED_FOR
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, next_closed_day, person, weeks_later, working_day

DAYS = ("MO", "TU", "WE", "TH", "FR")
WEEKDAY = DAYS[working_day().weekday()]
FORM = {
    f"weekday_{WEEKDAY}": "1",
    "every": "week", "first_day": "2026-11-02", "opens": "09:00", "closes": "10:00",
    "slot_minutes": "15", "groups": "1", "desks": "A, B", "service_1_PAS10": "1",
}  # fmt: skip


def supervisor(web: Web) -> Browser:
    return staff_browser(web.app, "supervisor", "losangeles")


def book(web: Web, number: int, start: str, **changes: Any) -> dict[str, Any]:
    token = web.token("citizen", subject=f"p{number}")
    answer = web.book(start, token=token, attendees=[person(number)], **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def draft_of(address: str) -> str:
    match = re.search(r"[?&]d=([0-9a-f-]+)", address)
    assert match, address
    return match[1]


def preview(browser: Browser, form_address: str, **fields: str) -> tuple[str, str]:
    """The page of what would happen, in words, and the draft that it shows."""
    answer = browser.post(form_address, **fields)
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.location)
    assert page.status_code == 200, (answer.location, page.location)
    return words_of(page.text), draft_of(answer.location)


def words_of(page: str) -> str:
    main = page.partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def open_series(browser: Browser, **changes: str) -> str:
    """The address of a new series."""
    _page, draft = preview(browser, "/desk/series/new", **{**FORM, **changes})
    answer = browser.post("/desk/series/new/check", d=draft)
    assert answer.status_code == 303
    return str(answer.location).partition("?")[0]


def session_on(web: Web, day: str) -> dict[str, Any]:
    token = web.token("supervisor", "losangeles")
    answer = web.call("GET", f"/sessions?from={day}&to={day}", token=token)
    return dict(answer.get_json()["items"][0])


def test_a_series_is_previewed_with_what_is_closed_and_what_clashes_then_opened(web: Web) -> None:
    clash = web.session(opens="09:30", closes="11:00")
    browser = supervisor(web)
    said, draft = preview(
        browser, "/desk/series/new", **{**FORM, **{f"weekday_{d}": "1" for d in DAYS}}
    )
    assert next_closed_day().name_es in said
    assert "la ventanilla A atiende en otro horario" in said
    number = re.search(r"Abriría (\d+) días", said)
    assert number
    assert f"/desk/sessions/{clash['id']}" in browser.get(f"/desk/series/new/check?d={draft}").text
    assert len(web.free()) == 6
    answer = browser.post("/desk/series/new/check", d=draft)
    page = words_of(browser.get(answer.location).text)
    assert f"Días abiertos: {number[1]}" in page
    assert "Cada semana: lunes, martes, miércoles, jueves, viernes" in page
    assert len(web.free()) == 6
    listed = words_of(browser.get("/desk/series").text)
    assert "Cada semana: lunes" in listed
    history = words_of(browser.get("/desk/opening-history").text)
    assert "Demo Supervisor Abrió un horario que se repite" in history


def test_one_day_then_the_following_then_all_and_the_day_edited_apart_stays(web: Web) -> None:
    browser = supervisor(web)
    series = open_series(browser)
    day = working_day().isoformat()
    start = web.free()[-1]["start"]
    first, second = book(web, 1, start), book(web, 2, start, contact=None)
    assert (first["status"], second["status"]) == ("booked", "booked")
    address = f"/desk/sessions/{session_on(web, day)['id']}/change"
    form = {**FORM, "desks": "A", "scope": "day", "reason": "Falta personal"}
    said, draft = preview(browser, address, **form)
    assert "1 cita se queda sin lugar" in said
    assert "Sin manera de avisarles: 1." in said
    assert [slot["free"] for slot in web.free()] == [2, 2, 2]
    browser.post(f"{address}/check", d=draft)
    assert [slot["free"] for slot in web.free()] == [1, 1, 1]
    for scope, later in zip(("following", "all"), weeks_later(2), strict=True):
        there = f"/desk/sessions/{session_on(web, later.isoformat())['id']}/change"
        changed = {**FORM, "scope": scope, "closes": "09:30" if scope == "all" else "09:45"}
        said, draft = preview(browser, there, **changed)
        assert "Cambian" in said
        browser.post(f"{there}/check", d=draft)
        assert session_on(web, later.isoformat())["closes"] == changed["closes"]
        assert session_on(web, day)["closes"] == "10:00"
    assert len(web.free()) == 3
    page = words_of(browser.get(series).text)
    assert page.count("Cambiado aparte") == 1
    history = words_of(
        browser.get(f"/desk/opening-history?about={session_on(web, day)['id']}").text
    )
    assert "Falta personal" in history
    assert "A: PAS10; B: PAS10 → A: PAS10" in history


BOTH = {"service_1_MAT": "1"}
# What a supervisor changes in the whole series, one after another, and who has no place by then.
CHANGES: tuple[tuple[str, dict[str, str], set[str]], ...] = (
    ("a service more", BOTH, set()),
    ("a desk more", {**BOTH, "desks": "A, B, C"}, set()),
    ("longer", {**BOTH, "desks": "A, B, C", "closes": "10:30"}, set()),
    ("two desks less", {**BOTH, "desks": "A", "closes": "10:30"}, {"second"}),
    ("a desk back", {**BOTH, "closes": "10:30"}, set()),
    ("shorter", {**BOTH, "closes": "09:45"}, {"last"}),
    ("as long as before", BOTH, set()),
    ("a service less", {}, {"other"}),
    ("the service back", BOTH, set()),
)


def test_a_whole_series_is_changed_both_ways_and_no_booking_is_lost(web: Web) -> None:
    """Each booking keeps its time, length and service; it has a place or is known to have none, is
    told of either once, and the day that was changed apart stays as it is."""
    browser = supervisor(web)
    series = open_series(browser)
    apart, day = working_day().isoformat(), weeks_later(1)[0].isoformat()
    there = f"/desk/sessions/{session_on(web, apart)['id']}/change"
    _said, draft = preview(browser, there, **{**FORM, "scope": "day", "closes": "09:30"})
    browser.post(f"{there}/check", d=draft)
    untouched = session_on(web, apart)
    starts = _free(web, day, "PAS10")
    booked = {
        "first": book(web, 1, starts[0][0]), "second": book(web, 2, starts[0][0]),
        "last": book(web, 3, starts[-1][0]),
    }  # fmt: skip
    told = 0
    for name, changes, without in CHANGES:
        before = _orphans(web)
        said, draft = preview(browser, f"{series}/change", **{**FORM, **changes})
        assert ("1 cita se queda sin lugar" in said) is (len(without) > len(before)), (name, said)
        assert _orphans(web) == before, name
        browser.post(f"{series}/change/check", d=draft)
        orphans = _orphans(web)
        assert orphans == {booked[each]["id"] for each in without}, name
        told += len(before ^ orphans)
        assert _told(web) == told, name
        assert [_promise(_own(web, n, each)) for n, each in enumerate(booked.values(), 1)] == [
            _promise(each) for each in booked.values()
        ], name
        desks, closes = changes.get("desks", FORM["desks"]), changes.get("closes", FORM["closes"])
        hour, minute = map(int, closes.split(":"))
        places = ((hour - 9) * 4 + minute // 15) * len(desks.split(","))
        supported = len(booked) - len(orphans)
        assert sum(n for _start, n in _free(web, day, "PAS10")) == places - supported, name
        assert bool(_free(web, day, "MAT")) is ("service_1_MAT" in changes), name
        assert session_on(web, apart) == untouched, name
        if "other" not in booked:
            booked["other"] = book(web, 4, _free(web, day, "MAT")[1][0], service="MAT")
    assert words_of(browser.get(series).text).count("Cambiado aparte") == 1
    history = words_of(browser.get("/desk/opening-history").text)
    assert history.count("Cambió un horario que se repite") == len(CHANGES)


def _free(web: Web, day: str, service: str) -> list[tuple[str, int]]:
    path = f"/consulates/losangeles/availability?service={service}&from={day}&to={day}"
    slots = web.call("GET", path).get_json()["slots"]
    return [(slot["start"], slot["free"]) for slot in slots]


def _orphans(web: Web) -> set[str]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT id::text FROM appointments WHERE orphaned_at IS NOT NULL")
        return set(session.scalars(query))


def _told(web: Web) -> int:
    query = text(
        "SELECT count(*) FROM outbox"
        " WHERE topic IN ('appointments.orphaned', 'appointments.supported')"
    )
    with web.database.transaction(NETWORK_SCOPE) as session:
        return int(session.scalars(query).one())


def _own(web: Web, number: int, appointment: dict[str, Any]) -> dict[str, Any]:
    token = web.token("citizen", subject=f"p{number}")
    return dict(web.call("GET", f"/appointments/{appointment['id']}", token=token).get_json())


def _promise(appointment: dict[str, Any]) -> list[Any]:
    return [appointment[name] for name in ("folio", "status", "start", "end", "services")]


def test_who_opened_and_closed_a_single_day_and_why_is_in_the_history(web: Web) -> None:
    browser = supervisor(web)
    form = {**FORM, "date": working_day().isoformat(), "reason": "Feria consular"}
    browser.send("/desk/sessions", **form)
    history = words_of(browser.get("/desk/opening-history").text)
    assert "Demo Supervisor Abrió un día" in history
    assert "Feria consular" in history
    opened = session_on(web, working_day().isoformat())["id"]
    page = browser.send(f"/desk/sessions/{opened}/close", reason="Falta personal").text
    assert "Ya no toma citas" in page
    # Over the API too, where a reason is no must either.
    token = web.token("supervisor", "losangeles")
    other = web.session(date=weeks_later(1)[0].isoformat(), reason="Semana larga")["id"]
    stop = {"status": "closed", "reason": "Se acabó el papel"}
    assert web.call("PATCH", f"/sessions/{other}", stop, token=token).status_code == 200
    history = words_of(browser.get("/desk/opening-history").text)
    said = ["Se acabó el papel", "Semana larga", "Falta personal", "Feria consular"]
    assert [history.index(each) for each in said] == sorted(history.index(each) for each in said)
    for about, reasons in ((opened, said[2:]), (other, said[:2])):
        own = words_of(browser.get(f"/desk/opening-history?about={about}").text)
        assert [each in own for each in said] == [each in reasons for each in said]


def test_whatever_a_window_can_be_asked_for_an_office_can_say_of_its_windows() -> None:
    """The citizen's search and the form of opening hours list the same languages and needs."""
    assert list(OF_WINDOWS) == list(ASKED_FOR)


def test_a_form_without_a_change_says_so_and_a_series_can_end(web: Web) -> None:
    browser = supervisor(web)
    form = {
        **FORM, "reserve_walk_ins": "1", "release_walk_ins": "24",
        "max_service_1": "PAS10", "max_1": "5",
    }  # fmt: skip
    series = open_series(browser, **form)
    address = f"{series}/change"
    page = browser.get(address).text
    assert 'name="reserve_walk_ins" type="text" value="1"' in page
    said = words_of(browser.get(series).text)
    assert "Personas sin cita: 1 en cada turno, hasta 24 horas antes de abrir" in said
    assert "A lo más 5 al día: Pasaporte ordinario 10 años" in said
    answer = browser.post(address, **form)
    back = browser.get(answer.location)
    assert back.status_code == 303
    assert "Di qué cambia." in words_of(browser.get(back.location).text)
    last = working_day().isoformat()
    said, draft = preview(browser, address, **form, until=last)
    assert "Ninguna cita pierde su lugar" in said
    browser.post(f"{address}/check", d=draft)
    assert session_on(web, last)["status"] == "open"
    after = working_day() + timedelta(days=7)
    assert session_on(web, after.isoformat())["status"] == "cancelled"


def test_a_session_is_cancelled_after_its_impact_was_seen_and_confirmed(web: Web) -> None:
    opened = web.session()
    start = web.free()[0]["start"]
    booked = book(web, 1, start, contact=None)
    browser = supervisor(web)
    address = f"/desk/sessions/{opened['id']}"
    assert "Dejar de tomar citas" in browser.get(address).text
    empty = browser.send(f"{address}/cancel").text
    assert re.findall(r'"#f-(\w+)"', empty) == ["bookings", "reason"]
    fields = {"reason": "Redada", "bookings": "cancel"}
    said, draft = preview(browser, f"{address}/cancel", **fields)
    assert "1 cita se cancela" in said
    assert "Pasaporte" in said
    unsure = browser.send(f"{address}/cancel/check", d=draft, confirm="2").text
    assert '<a href="#f-confirm">' in unsure
    assert len(web.free()) == 3
    done = browser.send(f"{address}/cancel/check", d=draft, confirm="1").text
    said = words_of(done)
    assert "Canceladas 0 de 1. Faltan 1." in said
    assert booked["folio"][:4] in said
    assert web.free() == []
    history = words_of(browser.get("/desk/opening-history").text)
    assert "Decidió no abrir un día" in history
    assert "Redada" in history


def test_what_is_wrong_with_a_series_is_said_beside_its_field(web: Web) -> None:
    browser = supervisor(web)
    wrong = {
        "first_day": "2026-12-01", "until": "2026-11-01", "opens": "9", "breaks": "13 a las 14",
        "desks": "A, A", "groups": "2", "desks_2": "C", "slot_minutes": "x", "place_name": "Fresno",
        "reserve_walk_ins": "dos", "max_service_1": "MAT", "max_1": "",
    }  # fmt: skip
    page = browser.send("/desk/series/new", **wrong).text
    links = re.findall(r'<a href="#f-([\w-]+)">', page)
    assert links == [
        "weekdays", "until", "opens", "closes", "breaks", "slot_minutes", "desks", "desks_2",
        "place_address", "place_zone", "reserve_walk_ins", "max_1",
    ]  # fmt: skip
    for name in links:
        assert len(re.findall(rf'id="f-{name}"', page)) == 1, name
        assert f'id="error-{name}"' in page
    assert 'value="13 a las 14"' in page
    more = browser.send("/desk/series/new", **{**FORM, "more": "1"}).text
    assert 'name="desks_2"' in more
    assert 'value="A, B"' in more
    refused = browser.post("/desk/series/new", **{**FORM, "closes": "09:10"})
    back = browser.get(browser.get(refused.location).location)
    assert "turnos más cortos" in unescape(back.text)
    assert len(web.free()) == 0


def test_another_offices_hours_are_not_found(web: Web) -> None:
    opened = web.session()
    other = staff_browser(web.app, "supervisor", "chicago")
    officer = staff_browser(web.app, "officer", "losangeles")
    base = f"/desk/sessions/{opened['id']}"
    for address in (f"{base}/change", f"{base}/cancel"):
        assert other.get(address).status_code == 404
        assert officer.get(address).status_code == 403
    assert other.get(f"{base}/cancel/check").status_code == 303
    assert officer.get("/desk/series/new").status_code == 403
    assert "Demo Supervisor" not in other.get(f"/desk/opening-history?about={opened['id']}").text


@pytest.mark.parametrize(
    ("every", "rule", "words"),
    [
        ("week", "FREQ=WEEKLY;BYDAY=MO,FR", "Cada semana: lunes, viernes"),
        ("three_weeks", "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,FR", "Cada 3 semanas: lunes, viernes"),
        ("last", "FREQ=MONTHLY;BYDAY=-1MO,-1FR", "El último de cada mes: lunes, viernes"),
    ],
)
def test_a_choice_of_days_is_a_rule_and_is_read_as_words_again(
    web: Web, every: str, rule: str, words: str
) -> None:
    form = {"weekday_MO": "1", "weekday_FR": "1", "every": every}
    assert series_values(form, "losangeles")["rrule"] == rule
    with web.app.test_request_context():
        assert rule_in_words(rule) == words
        for odd in ("FREQ=DAILY", "FREQ=MONTHLY;BYMONTHDAY=1", "FREQ=WEEKLY;BYDAY=MO;WKST=SU"):
            assert rule_in_words(odd) == odd
        assert "weekdays" in form_field_errors({"rrule": ["x"]}, {})
