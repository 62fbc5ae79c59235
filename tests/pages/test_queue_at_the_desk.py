"""The queue: who is next, by the rule on the page; and what officers do with somebody in it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.appointments.queueing import list_queue
from services.appointments.rules import Waiting, queue_place
from services.kernel.db import NETWORK_SCOPE
from tests.factories.counting import counting
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, morning_at_office, person, working_day

WINDOWS = [{"name": name, "services": ["PAS10", "MAT"]} for name in "ABC"]
OTHER = {"name": "Z", "services": ["RFC"]}
TICKET_STATEMENTS = 30


@pytest.fixture
def officer(web: Web) -> Browser:
    web.session(desks=[*WINDOWS, OTHER])
    web.travel(morning_at_office())
    return staff_browser(web.app, "officer", "losangeles")


def booked(web: Web, number: int, place: int = 0, **changes: Any) -> dict[str, Any]:
    """Somebody's appointment, ``place`` quarters of an hour after nine."""
    token = web.token("citizen", subject=f"person-{number}")
    changes.setdefault("attendees", [person(number)])
    start = morning_at_office() + timedelta(hours=2, minutes=15 * place)
    answer = web.book(start.isoformat(), token=token, **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def step(officer: Browser, appointment: dict[str, Any], name: str, **fields: str) -> Any:
    address = f"/desk/appointments/{appointment['id']}/{name}"
    answer = officer.post(address, **{"n": "1", "back": "/desk/", **fields})
    assert answer.status_code == 303, answer.text
    return answer


def arrive(officer: Browser, *appointments: dict[str, Any]) -> None:
    for appointment in appointments:
        step(officer, appointment, "check-in", identity_checked="true")


def queue(web: Web) -> list[Any]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list_queue(session, consulate="losangeles", day=working_day())


def waiting(web: Web) -> list[str]:
    return [str(each.appointment_id) for each in queue(web) if each.place]


def shown(web: Web, appointment: dict[str, Any]) -> dict[str, Any]:
    token = web.token("officer", "losangeles")
    return dict(web.call("GET", f"/appointments/{appointment['id']}", token=token).get_json())


def call_next(officer: Browser, desk: str = "A") -> str:
    answer = officer.post("/desk/next", desk=desk, back="/desk/")
    match = re.search(r"at=([0-9a-f-]{36})", answer.location)
    return match[1] if match else answer.location


def test_people_are_called_by_their_time_and_keep_it(web: Web, officer: Browser) -> None:
    first, second, third = (booked(web, n, n) for n in range(3))
    arrive(officer, third, second, first)
    assert waiting(web) == [first["id"], second["id"], third["id"]]
    step(officer, first, "park", park="yes")
    assert waiting(web) == [second["id"], third["id"]]
    step(officer, third, "priority", priority="yes")
    assert call_next(officer) == third["id"]
    step(officer, first, "park", park="no")
    assert call_next(officer, "B") == first["id"]
    # Passed on from a window, the person waits again in the place of their time.
    step(officer, first, "transfer", for_desk="C")
    assert waiting(web) == [first["id"], second["id"]]
    assert call_next(officer, "B") == second["id"]
    assert call_next(officer, "C") == first["id"]
    page = unescape(officer.send("/desk/next", desk="C", back="/desk/").text)
    assert "Nadie espera a esta ventanilla" in page


def test_a_window_calls_only_for_what_it_serves(web: Web, officer: Browser) -> None:
    coming = booked(web, 1)
    arrive(officer, coming)
    assert "/desk/next?d=" in call_next(officer, "Z")
    step(officer, coming, "transfer", service="RFC")
    assert "/desk/next?d=" in call_next(officer, "A")
    assert call_next(officer, "Z") == coming["id"]


def test_the_rule_and_the_statement_put_people_in_one_order(web: Web, officer: Browser) -> None:
    people = [booked(web, n, n % 3) for n in range(6)]
    arrive(officer, *reversed(people))
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(
            text(
                "UPDATE visits SET priority = random() < 0.3,"
                " arrived_at = arrived_at + round(random() * 3) * interval '1 minute'"
            )
        )
    waiting = queue(web)
    by_rule = sorted(
        waiting, key=lambda e: queue_place(Waiting(e.due_at, e.arrived_at, e.folio, e.priority))
    )
    assert waiting == by_rule
    assert [each.place for each in waiting] == [1, 2, 3, 4, 5, 6]


def test_two_officers_never_call_one_person(web: Web, officer: Browser) -> None:
    people = [booked(web, n, n // 3) for n in range(9)]
    arrive(officer, *people)
    token = web.token("officer", "losangeles")
    with ThreadPoolExecutor(2) as pool:
        for each in people[:5]:
            path = f"/appointments/{each['id']}/call"
            answers = list(
                pool.map(lambda d, p=path: web.call("POST", p, {"desk": d}, token=token), "AB")
            )
            assert sorted(a.status_code for a in answers) == [200, 409]
            desk = next(a.get_json()["desk"] for a in answers if a.status_code == 200)
            lost = next(a.get_json() for a in answers if a.status_code == 409)
            assert lost["code"] == "already_called"
            assert f"ventanilla {desk}" in lost["detail"]
        called = [id for _ in range(2) for id in pool.map(lambda d: call_next(officer, d), "AB")]
    assert sorted(called) == sorted(each["id"] for each in people[5:])


HERE = (("check-in", {"identity_checked": "true"}),)
CALLED = (*HERE, ("call", {"desk": "A"}))


@pytest.mark.parametrize(
    ("earlier", "name", "fields"),
    [
        ((), *HERE[0]),
        ((), "no-show", {}),
        (HERE, "no-show", {}),
        (HERE, "call", {"desk": "A"}),
        (HERE, "not-served", {"reason": "Falta el acta", "bring": "Acta"}),
        (HERE, "wrong-person", {}),
        (HERE, "park", {"park": "yes"}),
        (HERE, "priority", {"priority": "yes"}),
        (HERE, "transfer", {"service": "RFC", "for_desk": "Z"}),
        (CALLED, "back-to-waiting", {}),
        (CALLED, "park", {"park": "yes"}),
        (CALLED, "priority", {"priority": "yes"}),
        (CALLED, "transfer", {"for_desk": "C"}),
        (CALLED, "take-over", {"desk": "B"}),
        (CALLED, "at-desk", {}),
    ],
)
def test_a_step_is_undone_within_a_minute(
    web: Web, earlier: tuple[tuple[str, dict[str, str]], ...], name: str, fields: dict[str, str]
) -> None:
    """The newest one, whatever kind it is: what was done before it stays as it is."""
    web.session(desks=[*WINDOWS, OTHER])
    coming = booked(web, 1)
    web.travel(datetime.fromisoformat(coming["start"]))
    officer = staff_browser(web.app, "officer", "losangeles")
    for done, how in earlier:
        step(officer, coming, done, **how)
    before, chosen = state(web, coming), f"/desk/?at={coming['id']}&n=1"
    step(officer, coming, name, **fields)
    assert state(web, coming) != before
    assert f"{coming['id']}/undo" in officer.get(chosen).text
    step(officer, coming, "undo")
    assert state(web, coming) == before
    assert f"{coming['id']}/undo" not in officer.get(chosen).text
    # Once: what was before that step isn't undone by it.
    again = officer.send(f"/desk/appointments/{coming['id']}/undo", back="/desk/", n="1")
    assert "Ya no se puede deshacer" in unescape(again.text)
    step(officer, coming, name, **fields)
    web.travel(datetime.fromisoformat(coming["start"]) + timedelta(seconds=61))
    late = staff_browser(web.app, "officer", "losangeles")
    page = late.send(f"/desk/appointments/{coming['id']}/undo", back="/desk/", n="1").text
    assert "Ya no se puede deshacer" in unescape(page)


def test_the_end_of_a_visit_is_undone_unless_money_was_taken(web: Web, officer: Browser) -> None:
    coming, paid = booked(web, 1), booked(web, 2)
    arrive(officer, coming, paid)
    before, token = state(web, coming), web.token("officer", "losangeles")
    path = f"/appointments/{coming['id']}/complete"
    assert web.call("POST", path, {}, token=token).status_code == 200
    step(officer, coming, "undo")
    assert state(web, coming) == before
    step(officer, paid, "complete", fee_amount="209", fee_currency="USD", reason="Otra tarifa")
    page = officer.send(f"/desk/appointments/{paid['id']}/undo", back="/desk/", n="1").text
    assert "Ya se cobró y hay un recibo" in unescape(page)
    assert shown(web, paid)["status"] == "completed"


def state(web: Web, appointment: dict[str, Any]) -> dict[str, Any]:
    """All that a step writes and undoing it puts back."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        rows: dict[str, Any] = {
            name: sorted(map(str, session.execute(text(sql), {"id": UUID(appointment["id"])})))
            for name, sql in {
                "people": "SELECT n, status, desk, outcome FROM attendees"
                " WHERE appointment_id = :id",
                "whole": "SELECT status, desk, outcome, document_sealed FROM appointments"
                " WHERE id = :id",
                "claims": "SELECT person_key, service_code, n FROM claims"
                " WHERE appointment_id = :id",
                "visits": "SELECT n, day, due_at, arrived_at, priority, services, for_desk,"
                " parked_at, called_at, called_by, at_desk_at FROM visits"
                " WHERE appointment_id = :id",
                "passes": "SELECT n FROM return_passes WHERE appointment_id = :id"
                " AND valid_until IS NOT NULL",
                "facts": "SELECT status, sum(quantity), sum(people) FROM facts"
                " WHERE subject_id = :id GROUP BY 1"
                " HAVING sum(quantity) <> 0 OR sum(people) <> 0",
            }.items()
        }
    return rows


def test_a_late_no_show_is_called_again_in_the_old_place(web: Web, officer: Browser) -> None:
    late, other = booked(web, 1), booked(web, 2, 1)
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE appointments SET starts_at = starts_at - interval '3 hours'"))
    arrive(officer, other)
    step(officer, late, "no-show")
    arrive(officer, late)
    assert waiting(web) == [late["id"], other["id"]]
    assert call_next(officer) == late["id"]


def test_another_window_goes_on_with_somebody(web: Web, officer: Browser) -> None:
    coming = booked(web, 1)
    arrive(officer, coming)
    step(officer, coming, "call", desk="A")
    assert called_by(web) == officer.account
    other = staff_browser(web.app, "officer", "losangeles", who="other")
    step(other, coming, "take-over", desk="B")
    assert (shown(web, coming)["status"], shown(web, coming)["desk"]) == ("called", "B")
    assert called_by(web) == other.account != officer.account


def called_by(web: Web) -> UUID:
    """Who has the only one that was called."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        officer: UUID = session.scalars(text("SELECT called_by FROM visits")).one()
    return officer


def test_a_ticket_without_appointment_waits_after_those_of_its_time(
    web: Web, officer: Browser
) -> None:
    now, later = booked(web, 1), booked(web, 2, 1)
    web.travel(morning_at_office() + timedelta(hours=2, minutes=5))
    officer = staff_browser(web.app, "officer", "losangeles")
    free = [slot["free"] for slot in web.free()]
    answer = officer.post("/desk/tickets", service="MAT", desk="A")
    assert answer.status_code == 303, answer.text
    page = unescape(officer.get(answer.location).text)
    assert "Sin nombre" in page
    assert re.search(r"Sin cita <strong>1</strong>", page)
    arrive(officer, later, now)
    order = waiting(web)
    assert (order[0], order[-1], len(order)) == (now["id"], later["id"], 3)
    assert [slot["free"] for slot in web.free()] == free
    assert call_next(officer) == now["id"]
    assert call_next(officer) == order[1]


def test_a_ticket_that_lacks_its_service_keeps_the_window(officer: Browser) -> None:
    page = officer.send("/desk/tickets", desk="A", given_names="Luz").text
    assert "Falta este dato" in page
    assert 'name="desk" value="A"' in page
    assert 'value="Luz"' in page


def test_a_ticket_is_one_form_and_few_statements(web: Web, officer: Browser) -> None:
    """Ten seconds, counted in what they are made of: a form that asks for the service alone, three
    requests, and what the database is asked meanwhile, however many wait already."""
    arrive(officer, booked(web, 1), booked(web, 2, 1))
    agenda = officer.get("/desk/?desk=A").text
    link = re.search(r'href="([^"]+)" accesskey="t"', agenda)
    assert link is not None
    with counting(web.app.extensions["consular.database"]) as asked:
        form = officer.get(unescape(link[1])).text
        assert form.partition("<main")[2].count("<form") == 1
        ours = dict(re.findall(r'name="(csrf_token|form_key|desk)" value="([^"]*)"', form))
        given = officer.client.post("/desk/tickets", data={**ours, "service": "PAS10"})
        page = unescape(officer.get(given.location).text)
    assert "Sin nombre" in page
    assert "Sin cita <strong>1</strong>" in page
    assert len(waiting(web)) == 3
    assert len(asked) <= TICKET_STATEMENTS, "\n".join(asked)


def test_the_screen_shows_the_end_of_a_folio_and_a_window_and_no_name(
    web: Web, officer: Browser
) -> None:
    called, waits = booked(web, 1), booked(web, 2, 1)
    arrive(officer, called, waits)
    step(officer, called, "call", desk="B")
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    assert officer.get("/desk/boards").status_code == 403
    link = supervisor.post("/desk/boards", name="Sala").location
    for page in (officer.get("/desk/board"), web.client.get(link)):
        assert page.headers["Refresh"] == "5"
        assert f"<td>{called['folio'][-4:]}</td><td>B</td>" in page.text
        assert waits["folio"][-4:] in page.text
        assert "Demo" not in page.text
        assert called["folio"] not in page.text
        assert "<script" not in page.text
    revoke = re.search(r"/desk/boards/[0-9a-f-]+/revoke", supervisor.get("/desk/boards").text)
    assert revoke is not None
    assert supervisor.post(revoke[0]).status_code == 303
    assert web.client.get(link).status_code == 404
    assert web.client.get("/board/nothing").status_code == 404


def test_another_office_changes_nothing(web: Web, officer: Browser) -> None:
    coming = booked(web, 1)
    arrive(officer, coming)
    stranger = staff_browser(web.app, "officer", "chicago")
    for name, fields in (
        ("undo", {}),
        ("park", {"park": "yes"}),
        ("priority", {"priority": "yes"}),
        ("transfer", {"for_desk": "B"}),
        ("take-over", {"desk": "B"}),
        ("wrong-person", {}),
    ):
        answer = stranger.post(f"/desk/appointments/{coming['id']}/{name}", n="1", **fields)
        assert answer.status_code == 404, name
    assert waiting(web) == [coming["id"]]


def test_the_wrong_person_goes_and_who_is_meant_is_still_expected(
    web: Web, officer: Browser
) -> None:
    coming = booked(web, 1)
    arrive(officer, coming)
    chosen = f"/desk/?at={coming['id']}&n=1"
    assert "No es esta persona" in officer.get(chosen).text
    step(officer, coming, "wrong-person")
    token = web.token("officer", "losangeles")
    shown = web.call("GET", f"/appointments/{coming['id']}", token=token).get_json()
    assert shown["status"] == "booked"
    assert waiting(web) == []
    assert "Llegó, identidad revisada" in officer.get(chosen).text
    arrive(officer, coming)
    assert waiting(web) == [coming["id"]]


def test_several_services_are_one_visit_and_one_after_another(web: Web, officer: Browser) -> None:
    coming = booked(web, 1, service=None, services=["PAS10", "MAT"])
    arrive(officer, coming)
    [visit] = queue(web)
    assert visit.services == ["PAS10", "MAT"]
    assert call_next(officer, "A") == coming["id"]
    page = officer.get(f"/desk/appointments/{coming['id']}").text
    assert re.search("Pasaporte ordinario 10 años, Cert", page)
    # Served for the first, they go on to another window for the second, in their own place.
    step(officer, coming, "transfer", service="MAT", for_desk="B")
    [visit] = queue(web)
    assert (visit.services, visit.for_desk, visit.place) == (["MAT"], "B", 1)
    assert call_next(officer, "B") == coming["id"]


def test_the_history_tells_a_move_from_a_booking(web: Web, officer: Browser) -> None:
    """An arrival that is undone brings back the status, and moves nobody."""
    appointment = booked(web, 1, place=1)
    web.travel(morning_at_office() + timedelta(minutes=10))
    arrive(officer, appointment)
    web.travel(morning_at_office() + timedelta(minutes=10, seconds=20))
    step(officer, appointment, "undo")
    web.travel(morning_at_office() + timedelta(minutes=20))
    owner = web.token("citizen", subject="person-1")
    moved = web.call(
        "POST",
        f"/appointments/{appointment['id']}/reschedule",
        {"start": web.free()[-1]["start"]},
        token=owner,
    )
    assert moved.status_code == 200, moved.text
    page = officer.get(f"/desk/appointments/{appointment['id']}").text
    told = re.findall(r'<span class="what">([^<]+)</span>', page.partition('class="timeline"')[2])
    assert told == [
        "Reservada",
        "En la sala de espera",
        "Reservada",
        "Cambió de día, de hora o de oficina",
    ]
