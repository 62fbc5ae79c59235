"""What was made for a service waits at the office: its person is told once, reads it on the pages,
and whoever may collect it does, with an appointment or without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.kernel.settings import Settings
from tests.factories.staff import staff_browser
from tests.factories.web import Web, morning_at_office, person, running_web
from tests.workers.conftest import messages
from workers.runtime import JobContext

SHOWN = {"identity_checked": True, "document": "Pasaporte"}
HOLDER = {**SHOWN, "collector": "holder"}


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    with running_web(settings) as running:
        web = running
        web.session(closes="12:00")
        web.travel(morning_at_office())
        yield web


def served(web: Web, number: int = 0, **changes: Any) -> dict[str, Any]:
    """An appointment whose person got what they came for, as the API answers it."""
    booked = web.book(
        web.free()[0]["start"],
        token=web.token("citizen", subject=f"p{number}"),
        contact={"email": f"p{number}@example.com"},
        attendees=[person(number, **changes)],
    ).get_json()
    path, officer = f"/appointments/{booked['id']}", web.token("officer", "losangeles")
    web.call("POST", f"{path}/check-in", {"identity_checked": True}, token=officer)
    answer = web.call("POST", f"{path}/complete", {}, token=officer)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.get_json()
    return done


def mark(web: Web, appointment: dict[str, Any]) -> Any:
    body = {"service_rendered": appointment["services_rendered"][0]["id"]}
    return web.call("POST", "/ready-documents", body, token=web.token("officer", "losangeles"))


def collect(web: Web, id: str, body: dict[str, Any]) -> Any:
    path = f"/ready-documents/{id}/collect"
    return web.call("POST", path, body, token=web.token("officer", "losangeles"))


def test_the_person_is_told_once_and_collects_it(
    web: Web, job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    done = served(web)
    while pump():
        pass
    first, again = mark(web, done), mark(web, done)
    assert (first.status_code, again.get_json()) == (201, first.get_json())
    while pump():
        pass
    [message] = [m for m in messages(agencies_url, "p0@example.com") if "documento" in m["subject"]]
    assert "con cita o sin cita" in message["body"]
    officer = web.token("officer", "losangeles")
    [listed] = web.call("GET", "/ready-documents", token=officer).get_json()["items"]
    assert listed["appointment"] == done["id"]
    elsewhere = web.token("officer", "chicago")
    assert web.call("GET", "/ready-documents", token=elsewhere).get_json()["items"] == []
    id = listed["id"]
    assert web.call("DELETE", f"/ready-documents/{id}", token=elsewhere).status_code == 404
    answer = collect(web, id, {**HOLDER, "appointment": done["id"]})
    assert answer.get_json()["collected_with"] == done["id"]
    assert collect(web, id, HOLDER).get_json()["code"] == "wrong_state"
    mine = web.token("citizen", subject="p0")
    [rendered] = web.call("GET", f"/appointments/{done['id']}", token=mine).get_json()[
        "services_rendered"
    ]
    assert rendered["ready_at"]
    assert rendered["collected_at"]
    seen = [
        each["action"] for each in web.call("GET", "/me/accesses", token=mine).get_json()["items"]
    ]
    assert {"ready_document.ready", "ready_document.list", "ready_document.collected"} <= set(seen)


def test_a_collection_that_was_noted_by_mistake_is_taken_back(web: Web) -> None:
    done = served(web)
    path = f"/ready-documents/{mark(web, done).get_json()['id']}"
    officer, mine = web.token("officer", "losangeles"), web.token("citizen", subject="p0")
    undone = f"{path}/collect"
    assert web.call("DELETE", undone, token=officer).get_json()["code"] == "wrong_state"
    other = {**HOLDER, "collector": "authorized", "name": "Luz Demo"}
    assert collect(web, path.rpartition("/")[2], other).status_code == 200
    assert web.call("DELETE", undone, token=web.token("officer", "chicago")).status_code == 404
    desk = staff_browser(web.app, "officer", "losangeles")
    assert "No se entregó: se anotó por error" in desk.get(f"/desk{path}").text
    assert "Comprobé quién es" in desk.send(f"/desk{path}/not-collected").text
    [listed] = web.call("GET", "/ready-documents", token=officer).get_json()["items"]
    assert (listed["collected_at"], listed["collector_name"]) == (None, None)
    seen = web.call("GET", "/me/accesses", token=mine).get_json()["items"]
    assert "ready_document.not_collected" in {each["action"] for each in seen}
    assert collect(web, path.rpartition("/")[2], HOLDER).status_code == 200


def test_what_was_marked_by_mistake_is_told_to_nobody(
    web: Web, job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    while pump():
        pass
    id = mark(web, served(web, 1)).get_json()["id"]
    officer = web.token("officer", "losangeles")
    assert web.call("DELETE", f"/ready-documents/{id}", token=officer).status_code == 200
    while pump():
        pass
    told = messages(agencies_url, "p1@example.com")
    assert [each for each in told if "documento" in each["subject"]] == []
    assert collect(web, id, HOLDER).status_code == 404


def test_who_collects_it_is_held_to_plain_rules(web: Web) -> None:
    adult = mark(web, served(web, 2)).get_json()["id"]
    child = mark(web, served(web, 3, birth_date="2020-01-01")).get_json()["id"]
    for id, body, code in (
        (adult, {"collector": "parent", "name": "Luz Demo"}, "collector_not_allowed"),
        (child, {"collector": "holder"}, "collector_not_allowed"),
        (adult, {"collector": "authorized"}, "collector_name_required"),
    ):
        answer = collect(web, id, {**SHOWN, **body})
        assert (answer.status_code, answer.get_json()["code"]) == (422, code)
    other = {**SHOWN, "collector": "authorized", "name": "Luz Demo"}
    assert collect(web, adult, other).get_json()["collector_name"] == "Luz Demo"
    unchecked = {**other, "identity_checked": False}
    assert collect(web, child, unchecked).status_code == 422
    parent = {**SHOWN, "collector": "parent", "name": "Luz Demo"}
    assert collect(web, child, parent).status_code == 200


def test_a_service_that_was_taken_back_has_no_document(web: Web) -> None:
    done = served(web, 4)
    rendered = done["services_rendered"][0]["id"]
    officer = staff_browser(web.app, "officer", "losangeles")
    officer.post(f"/desk/services/{rendered}/correct", reason="Error")
    assert mark(web, done).get_json()["code"] == "wrong_state"


def test_desk_and_portal_show_it_with_its_age(web: Web) -> None:
    done = served(web, 5)
    officer = staff_browser(web.app, "officer", "losangeles")
    rendered = done["services_rendered"][0]["id"]
    page = officer.get(f"/desk/appointments/{done['id']}").text
    assert f"/desk/services/{rendered}/ready" in page
    assert officer.post(f"/desk/services/{rendered}/ready").status_code == 303
    web.travel(morning_at_office() + timedelta(days=3))
    officer = staff_browser(web.app, "officer", "losangeles")
    page = officer.get(f"/desk/appointments/{done['id']}").text
    assert "Tiene documentos por recoger" in page
    page = officer.get("/desk/ready-documents").text
    assert '<td class="d-block d-md-table-cell text-md-end">3<' in page
    at = page.split('href="/desk/ready-documents/')[1].split('"')[0]
    form = officer.get(f"/desk/ready-documents/{at}").text
    assert "La propia persona" in form
    assert "Madre, padre" not in form
    refused = officer.send(f"/desk/ready-documents/{at}/collect", collector="holder")
    assert "Revisa lo siguiente" in refused.text
    sent = {"collector": "holder", "document": "Pasaporte", "identity_checked": "true"}
    assert officer.post(f"/desk/ready-documents/{at}/collect", **sent).status_code == 303
    assert "No hay documentos esperando" in officer.get("/desk/ready-documents").text
