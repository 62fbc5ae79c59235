"""An officer's day on the pages: from the door to the last document, for their office only."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from sqlalchemy import event, text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.chance import without_chance
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.web import BORN, Web, morning_at_office, person, weeks_later, working_day

CURP = "DEXA900512MDFMXN02"
# As the address of a turn ends.
KEY = "abcDEF-_12345678"
# Each costs the web's processor about a millisecond, and every desk opens the agenda all day long.
MOST_STATEMENTS = 12


def session_form(**changes: str) -> dict[str, str]:
    """What a supervisor types to open one desk for an hour."""
    day = working_day().isoformat()
    times = {"date": day, "opens": "09:00", "closes": "10:00", "slot_minutes": "15"}
    return {**times, "desks": "A", "service_1_PAS10": "1", **changes}


@pytest.fixture(autouse=True)
def on_the_day(web: Web) -> None:
    """The desk works on the appointments' own day: no step is taken before it."""
    web.travel(morning_at_office())


@pytest.fixture
def officer(web: Web) -> Browser:
    return staff_browser(web.app, "officer", "losangeles")


def booked(web: Web, number: int = 0, **changes: Any) -> dict[str, Any]:
    """Somebody's appointment at the first free time."""
    if not web.free():
        web.session()
    token = web.token("citizen", subject=f"person-{number}")
    changes.setdefault("attendees", [person(number)])
    answer = web.book(web.free()[0]["start"], token=token, **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def address(appointment: dict[str, Any], step: str = "") -> str:
    return f"/desk/appointments/{appointment['id']}{step and '/' + step}"


def agenda_of(appointment: dict[str, Any], more: str = "") -> str:
    return f"/desk/?day={appointment['start'][:10]}{more}"


def status_of(web: Web, appointment: dict[str, Any]) -> str:
    token = web.token("officer", "losangeles")
    return str(
        web.call("GET", f"/appointments/{appointment['id']}", token=token).get_json()["status"]
    )


def entries(web: Web, appointment: dict[str, Any], action: str) -> int:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return int(
            session.execute(
                text(
                    "SELECT count(*) FROM audit_entries WHERE subject_id = :id AND action = :action"
                ),
                {"id": appointment["id"], "action": action},
            ).scalar_one()
        )


def test_a_day_at_the_desk(web: Web, officer: Browser) -> None:
    coming = booked(web)
    here = agenda_of(coming, "&desk=A")
    page = officer.get(here)
    assert page.status_code == 200, page.text
    assert "Ana Demo Aaaa Prueba" in page.text
    for step, fields, status in (
        ("check-in", {"identity_checked": "true"}, "checked_in"),
        ("call", {"desk": "A"}, "called"),
    ):
        answer = officer.post(address(coming, step), back=here, **fields)
        assert (answer.status_code, answer.location) == (303, here)
        assert status_of(web, coming) == status
    form = unescape(officer.get(address(coming, f"complete?back={quote(here)}")).text)
    assert f'name="back" value="{here}"' in form
    assert 'name="fee_amount"' in form
    answer = officer.post(
        address(coming, "complete"),
        document_number="G12345678",
        fee_amount="209.00",
        fee_currency="USD",
        back=here,
    )
    assert (answer.status_code, answer.location) == (303, here)
    assert status_of(web, coming) == "completed"
    page = officer.get(address(coming))
    assert "G12345678" not in page.text
    assert "Termina en 678" in page.text
    assert "209.00" in page.text


def test_what_is_missing_is_told_and_the_person_may_come_back(web: Web, officer: Browser) -> None:
    coming = booked(web)
    officer.post(address(coming, "check-in"), identity_checked="true")
    refused = officer.send(address(coming, "not-served"), reason=" ", bring="Acta\nDos fotos")
    assert "Falta este dato." in refused.text
    assert "Acta\nDos fotos</textarea>" in refused.text
    answer = officer.post(
        address(coming, "not-served"), reason="Falta el acta", bring="Acta\n\nDos fotos"
    )
    assert answer.status_code == 303
    page = officer.get(address(coming))
    assert "Falta el acta" in page.text
    assert "Acta\nDos fotos" in page.text


def test_who_comes_back_on_another_day_is_found_and_checked_in(web: Web, officer: Browser) -> None:
    coming = booked(web, attendees=[person(first_surname="Núñez")])
    officer.post(address(coming, "check-in"), identity_checked="true")
    officer.post(address(coming, "not-served"), reason="Falta el acta", bring="Acta")
    page = officer.get(address(coming)).text
    assert "Vuelve con este folio hasta el" in page
    assert "/no-show" not in page
    # The agenda of another day than the appointment's.
    web.travel(morning_at_office(1))
    officer = staff_browser(web.app, "officer", "losangeles")
    assert "Núñez" not in officer.get("/desk/").text
    for typed in (coming["folio"], "nunez"):
        results = officer.get(f"/desk/?q={typed}").text
        assert "Volvió, identidad revisada" in results, typed
        assert "Puede volver hasta el" in results, typed
    stranger = staff_browser(web.app, "officer", "chicago")
    assert "Núñez" not in stranger.get("/desk/?q=nunez").text
    answer = officer.post(address(coming, "check-in"), identity_checked="true")
    assert answer.location.startswith("/desk/?day=")
    for agenda in ("/desk/?desk=A", answer.location):
        page = officer.get(agenda).text
        assert "Vuelven con pase" in page
        assert "Núñez" in page
    assert "Llamar a la ventanilla A" in officer.get("/desk/?desk=A").text
    officer.post(address(coming, "call"), desk="A")
    assert status_of(web, coming) == "called"


def test_nobody_is_called_absent_before_their_time(web: Web, officer: Browser) -> None:
    coming = booked(web)
    assert "/no-show" not in officer.get(agenda_of(coming)).text
    assert "/no-show" not in officer.get(address(coming)).text
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE appointments SET starts_at = now() - interval '1 minute'"))
    page = officer.get(agenda_of(coming)).text
    assert "Sí, no se presentó" in page
    assert officer.post(address(coming, "no-show")).status_code == 303
    assert status_of(web, coming) == "no_show"


def test_a_window_that_is_not_open_calls_nobody(web: Web, officer: Browser) -> None:
    coming = booked(web)
    officer.post(address(coming, "check-in"), identity_checked="true")
    answer = officer.send(address(coming, "call"), desk="ZZZ")
    assert "Elige una de las ventanillas de ese día." in answer.text


def test_a_step_out_of_turn_is_refused_in_words(web: Web, officer: Browser) -> None:
    coming = booked(web)
    answer = officer.send(address(coming, "call"), desk="A")
    assert "Ese paso no corresponde" in answer.text
    assert status_of(web, coming) == "booked"


def test_the_fee_is_asked_for_and_what_was_typed_is_kept(web: Web, officer: Browser) -> None:
    coming = booked(web)
    officer.post(address(coming, "check-in"), identity_checked="true")
    for amount in ("", "doscientos"):
        answer = officer.send(
            address(coming, "complete"),
            document_number="G999",
            fee_amount=amount,
            fee_currency="USD",
        )
        assert 'href="#f-fee_amount"' in answer.text
        assert 'value="G999"' in answer.text
    assert status_of(web, coming) == "checked_in"


def test_a_cancelled_place_is_free_again_for_nobody_at_once(web: Web, officer: Browser) -> None:
    before = booked(web)
    free = len(web.free())
    assert officer.post(address(before, "cancel")).status_code == 303
    assert status_of(web, before) == "cancelled"
    assert len(web.free()) == free


def test_people_are_found_by_folio_or_by_surname_whatever_its_accents(
    web: Web, officer: Browser
) -> None:
    first = booked(web, 1, attendees=[person(1, first_surname="Núñez", given_names="Úrsula")])
    second = booked(web, 2, attendees=[person(2, first_surname="Ortega", given_names="Luis")])
    for typed in ("nunez", "NÚÑ", "Nu"):
        page = officer.get(agenda_of(first, f"&q={typed}")).text
        assert "Úrsula" in page, typed
        assert "Luis" not in page, typed
    folio = f"{second['folio'][:4]}-{second['folio'][4:8]}-{second['folio'][8:].lower()}"
    page = officer.get(f"/desk/?q={folio}").text  # no day: the folio brings its own
    assert "Luis" in page
    assert "Úrsula" not in page
    assert "No hay citas" in officer.get(agenda_of(first, "&q=Zzz")).text


def test_filters_narrow_the_agenda_and_stay_in_the_address(web: Web, officer: Browser) -> None:
    coming = booked(web, 1)
    other = booked(web, 2, service="MAT", attendees=[person(2, given_names="Luis")])
    officer.post(address(other, "check-in"), identity_checked="true")
    assert "Luis" not in officer.get(agenda_of(coming, "&service=PAS10")).text
    page = unescape(officer.get(agenda_of(coming, "&status=checked_in&desk=A")).text)
    assert "Luis" in page
    assert "Ana" not in without_chance(page)
    assert "status=checked_in&desk=A" in page
    assert officer.get("/desk/?day=2026-02-31&status=odd").status_code == 200


def test_opening_an_appointment_is_audited_and_reading_the_agenda_is_not(
    web: Web, officer: Browser
) -> None:
    coming = booked(web)
    officer.get(agenda_of(coming))
    assert entries(web, coming, "appointment.read") == 0
    page = officer.get(address(coming))
    assert "ana@demo.invalid" in page.text
    assert entries(web, coming, "appointment.read") == 1
    assert "ana@demo.invalid" not in officer.get(agenda_of(coming)).text


def test_the_agenda_asks_the_database_as_often_for_two_people_as_for_one(
    web: Web, officer: Browser
) -> None:
    coming = booked(web, 1)
    officer.get(agenda_of(coming))
    one = statements(web, officer, agenda_of(coming))
    booked(web, 2)
    assert statements(web, officer, agenda_of(coming)) == one
    assert one <= MOST_STATEMENTS


def statements(web: Web, browser: Browser, page: str) -> int:
    """How many statements a page takes."""
    seen: list[str] = []
    engine = web.database.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        browser.get(page)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_another_office_finds_nothing(web: Web, officer: Browser) -> None:
    coming = booked(web)
    stranger = staff_browser(web.app, "officer", "chicago")
    absent = "/desk/appointments/00000000-0000-7000-8000-000000000000"
    for refused in (stranger.get(address(coming)), stranger.get(absent)):
        assert refused.status_code == 404
        assert "No lo encontramos" in refused.text
        assert refused.mimetype == "text/html"
    answer = stranger.post(address(coming, "check-in"), identity_checked="true")
    assert answer.status_code == 404
    assert "Ana Demo" not in stranger.get(f"/desk/?q={coming['folio']}").text
    assert "Ana Demo" not in stranger.get(agenda_of(coming)).text
    assert status_of(web, coming) == "booked"


def test_citizens_and_other_staff_have_no_desk(web: Web) -> None:
    coming = booked(web)
    with web.database.transaction(NETWORK_SCOPE) as session:
        account: UUID = session.execute(text("SELECT account_id FROM appointments")).scalar_one()
    for browser in (
        citizen_browser(web.app, account),
        staff_browser(web.app, "analyst"),
        staff_browser(web.app, "agent"),
    ):
        assert browser.get("/desk/").status_code == 403
        assert browser.get(address(coming)).status_code == 403
        assert browser.post(address(coming, "check-in")).status_code == 403
    assert web.client.get("/desk/").location == "/login/personal?next=/desk/"


def test_a_form_without_its_token_is_refused(web: Web, officer: Browser) -> None:
    coming = booked(web)
    bare = officer.client.post(address(coming, "check-in"), data={"identity_checked": "true"})
    assert bare.status_code == 403
    assert status_of(web, coming) == "booked"


def test_going_back_never_leads_to_another_site(web: Web, officer: Browser) -> None:
    for number, elsewhere in enumerate(
        ("https://evil.invalid/", "//evil.invalid", "/\\evil.invalid")
    ):
        coming = booked(web, number)
        answer = officer.post(address(coming, "check-in"), identity_checked="true", back=elsewhere)
        assert answer.location == f"/desk/?day={coming['start'][:10]}"


def test_the_pages_speak_english_too(web: Web, officer: Browser) -> None:
    coming = booked(web)
    officer.client.set_cookie("lang", "en")
    page = officer.get(agenda_of(coming)).text
    assert '<html lang="en"' in page
    assert "Citas del día" not in page
    assert "Fecha de nacimiento" not in officer.get(address(coming)).text


def test_a_supervisor_opens_a_session_and_sees_its_places(web: Web) -> None:
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    day = working_day().isoformat()
    fields = {
        "date": day,
        "opens": "09:00",
        "closes": "10:00",
        "slot_minutes": "15",
        "groups": "2",
        "desks": "A",
        "service_1_PAS10": "1",
        "service_1_MAT": "1",
        "desks_2": "B",
        "service_2_MAT": "1",
    }
    answer = supervisor.post("/desk/sessions", **fields)
    assert answer.status_code == 303, answer.text
    assert len(web.free("MAT")) == 4
    booked(web)
    page = supervisor.get(answer.location).text
    assert "B: MAT" in page
    places = re.findall(r"<td[^>]*><span[^>]*>(\w+):</span> (\d+)</td>", page)
    assert places == [("Libres", "7"), ("Ocupados", "1")]
    assert supervisor.get("/desk/").text.count("/desk/sessions") == 1


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"date": ""}, "date", "Falta este dato."),
        ({"date": "2020-01-06"}, "date", "Elige un día que esté por venir."),
        ({"opens": "nueve"}, "opens", "Escribe la hora, como 09:00."),
        ({"closes": "08:00"}, "closes", "Cierra más tarde"),
        ({"slot_minutes": "quince"}, "slot_minutes", "De 5 a 240 minutos."),
        ({"desks": "", "service_1_PAS10": ""}, "desks", "Escribe cómo se llama al menos una"),
        ({"desks": ""}, "desks", "Escribe cómo se llaman, con nombres cortos"),
        ({"desks": "A, B", "service_1_PAS10": ""}, "desks", "Marca al menos un trámite"),
        ({"service_1_NADA": "1"}, "desks", "Elige un servicio del catálogo."),
        ({"desks": "A, A"}, "desks", "Dos ventanillas no pueden llamarse igual."),
    ],
)
def test_a_session_that_cannot_be_is_refused_beside_its_field(
    web: Web, changes: dict[str, str], field: str, words: str
) -> None:
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    fields = session_form(**changes)
    page = unescape(supervisor.send("/desk/sessions", **fields).text)
    entry = f'<a href="#f-{field}">[^<]+: {words[0].lower()}{re.escape(words[1:])}'
    assert re.search(entry, page)
    assert fields["desks"] in page
    assert web.free() == []


def test_an_officer_plans_nothing(web: Web, officer: Browser) -> None:
    assert officer.get("/desk/sessions").status_code == 403
    assert officer.post("/desk/sessions").status_code == 403


def test_people_are_found_by_any_of_their_names_in_any_order(web: Web, officer: Browser) -> None:
    names = {"given_names": "Rosa Guadalupe", "second_surname": "Alvarado D’Amico"}
    appointment = booked(web, 1, attendees=[person(1, first_surname="O Relling", **names)])
    booked(web, 2, attendees=[person(2, first_surname="Łukasz", given_names="Luis")])
    for typed in (
        "orelling", "o relling", "Relling", "rosa", "guadalupe", "O Relling Alvarado", "damico",
        "d'amico", "alvarado rosa", "rosaguada", "Rell Alv", "osa", "varado", "elli lupe",
    ):  # fmt: skip
        page = officer.get(agenda_of(appointment, f"&q={quote(typed)}")).text
        assert "Rosa Guadalupe" in page, typed
        assert "Luis" not in page, typed
    assert "Luis" in officer.get(agenda_of(appointment, "&q=luka")).text


@pytest.mark.parametrize("typed", ["%", "_", "%%", "\\", ".*", "'", "[", "rosa%luis", "roza"])
def test_signs_that_databases_know_find_nobody(web: Web, officer: Browser, typed: str) -> None:
    appointment = booked(web, 1, attendees=[person(1, given_names="Rosa")])
    page = officer.get(agenda_of(appointment, f"&q={quote(typed)}")).text
    assert "No hay citas" in page
    assert "Rosa" not in page


def test_a_session_form_sent_twice_opens_one(web: Web) -> None:
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    fields = session_form()
    assert "sorteo" not in supervisor.get("/desk/sessions").text
    assert supervisor.post("/desk/sessions", **fields).status_code == 303
    again = supervisor.send("/desk/sessions", **fields)
    assert '<a href="#f-desks">' in again.text
    assert [slot["free"] for slot in web.free()] == [1, 1, 1, 1]


def test_a_supervisor_closes_a_session_and_sees_who_is_booked(web: Web, officer: Browser) -> None:
    opened = web.session()
    coming = booked(web)
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    address = f"/desk/sessions/{opened['id']}"
    assert f'href="{address}"' in supervisor.get("/desk/sessions").text
    page = supervisor.get(address).text
    assert "Sí, dejar de tomar citas" in page
    assert coming["folio"][:4] in page
    assert officer.get(address).status_code == officer.post(f"{address}/close").status_code == 403
    stranger = staff_browser(web.app, "supervisor", "chicago")
    assert stranger.get(address).status_code == stranger.post(f"{address}/close").status_code == 404
    answer = supervisor.post(f"{address}/close")
    assert answer.status_code == 303
    page = supervisor.get(answer.location).text
    assert "Ya no toma citas" in page
    assert "Sí, dejar de tomar citas" not in page
    assert coming["folio"][:4] in page
    assert web.free() == []
    assert ">No toma más citas<" in supervisor.get("/desk/sessions").text


def test_a_folio_is_found_however_it_was_scanned_and_a_slip_is_told(
    web: Web, officer: Browser
) -> None:
    appointment = booked(web, 1, attendees=[person(1, given_names="Rosa")])
    folio = appointment["folio"]
    groups = (folio[:4], folio[4:8], folio[8:])
    wrong = f"{folio[:-1]}{'0' if folio[-1] != '0' else '1'}"
    for typed in (
        "–".join(groups), "/".join(groups).lower(), f"Folio: {folio}", f"\u200b{folio}\u00a0",
        f"https://citas.example/verify/{'-'.join(groups)}", folio.replace("0", "O"),
        f"https://citas.example/turno/{folio}/{KEY}", f"/turno/{'-'.join(groups)}/{KEY}?lang=en",
    ):  # fmt: skip
        page = officer.get(f"/desk/?q={quote(wrong)}").text
        assert "Rosa" not in page
        assert "Revisa el folio" in page
        page = officer.get(f"/desk/?q={quote(typed)}").text
        assert "Rosa" in page, typed
        assert "error-summary" not in page


def test_a_folio_is_found_as_people_say_it_also_after_a_bad_one(web: Web, officer: Browser) -> None:
    coming = booked(web)
    folio = coming["folio"]
    groups = "-".join(folio[at : at + 4] for at in (0, 4, 8))
    wrong = folio[:-1] + ("0" if folio[-1] != "0" else "1")
    for typed in (
        folio.lower(),
        groups.replace("-", " "),
        groups.replace("-", "."),
        f"Folio: {groups}",
        folio.replace("0", "O").replace("1", "I"),
        f"https://consular.example/verify/{folio}",
    ):
        refused = officer.get(f"/desk/?q={wrong}")
        assert refused.status_code == 200
        assert "Ana Demo" not in refused.text
        assert "Ana Demo" in officer.get(f"/desk/?q={quote(typed)}").text, typed


def test_pages_of_two_appointments_of_one_name_have_titles_of_their_own(
    web: Web, officer: Browser
) -> None:
    """Side by side in a browser they are told apart by their titles alone."""
    both = [booked(web), booked(web, 1, service="MAT", attendees=[person()])]
    pages = [officer.get(address(each, step)).text for each in both for step in ("", "complete")]
    titles = {page.partition("<title>")[2].partition("</title>")[0] for page in pages}
    assert len(titles) == len(pages), titles


def test_people_are_called_by_the_time_of_their_appointment_and_the_page_says_so(
    web: Web, officer: Browser
) -> None:
    """Not by when they came, and not by when a window called them and took it back."""
    first, second = booked(web, 0), booked(web, 1)
    for coming in (second, first):
        officer.post(address(coming, "check-in"), identity_checked="true")
    officer.post(address(first, "call"), desk="A")
    officer.post(address(first, "back-to-waiting"))
    assert {status_of(web, each) for each in (first, second)} == {"checked_in"}
    page = officer.get(agenda_of(first)).text
    assert "Se llama por la hora de la cita, no por la de llegada." in page
    assert page.index("Demo Aaaa") < page.index("Demo Aaab")


def test_an_officer_moves_an_appointment_within_the_office(web: Web) -> None:
    web.session()
    first, *_between, last = (slot["start"] for slot in web.free())
    booked = web.book(first, token=web.token("citizen", subject="ana")).get_json()
    officer = staff_browser(web.app, "officer", "losangeles")
    at = f"/desk/appointments/{booked['id']}"
    assert f'href="{at}/times"' in officer.get(at).text
    times = officer.get(f"{at}/times").text
    assert "9:45" in times
    assert 'name="consulate"' not in times
    done = officer.post(f"{at}/times/confirm", start=last)
    assert done.headers["Location"].startswith(at)
    page = officer.get(done.headers["Location"]).text
    assert "9:45" in page
    stranger = staff_browser(web.app, "officer", "chicago")
    assert stranger.get(f"{at}/times").status_code == 404


def test_who_is_not_expected_that_day_is_looked_for_on_any_day(web: Web, officer: Browser) -> None:
    """They came on another day than theirs: the page without anybody leads to all days."""
    first = booked(web, 1)
    page = officer.get(f"/desk/?day={weeks_later(1)[0]}&q=Aaab").text
    assert "Aaab Prueba" not in page
    assert 'href="/desk/book"' in page.partition("No hay citas con estos filtros")[2]
    named = {
        "given_names": "Ana",
        "first_surname": first["attendees"][0]["first_surname"],
        "second_surname": "Prueba",
    }
    found = officer.send("/desk/book", **named, **BORN, search="1").text
    assert f"/desk/appointments/{first['id']}" in found


def test_part_of_a_folio_is_enough_and_o_is_forgiven_for_0(web: Web, officer: Browser) -> None:
    first, second = booked(web, 1), booked(web, 2, attendees=[person(2, given_names="Luis")])
    for part in (second["folio"][-5:].lower(), second["folio"][4:10].replace("0", "O")):
        page = officer.get(agenda_of(first, f"&q={part}")).text
        assert "Luis" in page, part
        assert "Aaab" not in page, part


def test_a_step_comes_back_to_the_same_row_and_is_confirmed_in_words(
    web: Web, officer: Browser
) -> None:
    coming, other = booked(web, 1), booked(web, 2, attendees=[person(2, given_names="Luis")])
    here = agenda_of(coming, "&desk=A")
    answer = officer.post(address(other, "check-in"), identity_checked="true", back=here, stay="1")
    assert answer.location == f"{here}&at={other['id']}&n=1&done=1#a-{other['id']}-1"
    page = unescape(officer.get(answer.location).text)
    said = re.search(r'<p class="notice notice-success[^>]*role="status">(.*?)</p>', page)
    assert said is not None
    assert re.sub("<[^>]+>", "", said[1]) == "Luis Demo Aaac Prueba: En la sala de espera."
    assert f'<tr id="a-{other["id"]}-1" aria-current="true"' in page
    # The next step has the focus; the search has it where nobody was worked on.
    assert re.search(r"<button[^>]* autofocus>Llamar a la ventanilla A", page)
    assert re.search(r'name="q"[^>]* autofocus', officer.get(here).text)


def test_the_list_answers_304_until_something_changes(web: Web, officer: Browser) -> None:
    coming = booked(web)
    first = officer.get("/desk/agenda?desk=A")
    assert "Ana Demo Aaaa Prueba" in first.text
    assert "<html" not in first.text
    same = {"If-None-Match": first.headers["ETag"]}
    again = officer.client.get("/desk/agenda?desk=A", headers=same)
    assert (again.status_code, again.data) == (304, b"")
    officer.post(address(coming, "check-in"), identity_checked="true")
    changed = officer.client.get("/desk/agenda?desk=A", headers=same)
    assert changed.status_code == 200
    assert "is-checked_in" in changed.text
    # Asking for news of today is no look at anybody; other days and searches never ask.
    assert entries(web, coming, "appointment.list") == 0
    assert 'data-live="/desk/agenda"' in officer.get("/desk/").text
    assert "data-live" not in officer.get("/desk/?q=Ana").text
    assert "data-live" not in officer.get("/desk/?day=2027-03-01").text
