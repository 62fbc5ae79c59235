"""Nobody is called twice, slips down or disappears, and a wrong folio spoils nothing after it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, morning_at_office, person
from tests.pages.test_queue_at_the_desk import (
    arrive,
    booked,
    call_next,
    officer,
    queue,
    step,
    waiting,
)

__all__ = ["officer"]
ROUNDS, FULL = 6, 50


def test_two_officers_who_want_the_next_person_get_two(
    web: Web, officer: Browser, pytestconfig: pytest.Config
) -> None:
    people = [booked(web, number, number) for number in range(3)]
    arrive(officer, *people)
    other = staff_browser(web.app, "officer", "losangeles", who="other")
    with ThreadPoolExecutor(2) as pool:
        for _ in range(FULL if pytestconfig.getoption("--full") else ROUNDS):
            calls = [pool.submit(call_next, *each) for each in ((officer, "A"), (other, "B"))]
            called = {call.result() for call in calls}
            # Whoever of the two was faster, those are the first two, one at each window.
            assert called == {people[0]["id"], people[1]["id"]}
            at = {str(each.appointment_id): each.desk for each in queue(web) if each.desk}
            assert sorted(at.values()) == ["A", "B"]
            assert set(at) == called
            for each in people[:2]:
                step(officer, each, "back-to-waiting")
            assert waiting(web) == [each["id"] for each in people]


def test_a_correction_a_call_and_its_undoing_keep_the_place(web: Web, officer: Browser) -> None:
    first, second = (booked(web, number, number) for number in range(2))
    arrive(officer, second, first)
    names = {**person(0, first_surname="Demó Aaaa"), "identity_checked": True}
    corrected = {name: names[name] for name in names if name != "birth_date"}
    path = f"/appointments/{first['id']}/attendees/1/correct"
    token = web.token("officer", "losangeles")
    assert web.call("POST", path, corrected, token=token).status_code == 200
    assert waiting(web) == [first["id"], second["id"]]
    assert call_next(officer) == first["id"]
    step(officer, first, "undo")
    assert waiting(web) == [first["id"], second["id"]]
    assert call_next(officer) == first["id"]


def test_who_is_early_waits_for_their_time_and_who_is_late_keeps_it(
    web: Web, officer: Browser
) -> None:
    late, on_time, early = (booked(web, number, number) for number in range(3))
    arrive(officer, early)
    web.travel(morning_at_office() + timedelta(hours=2, minutes=15))
    officer = staff_browser(web.app, "officer", "losangeles")
    arrive(officer, on_time)
    web.travel(morning_at_office() + timedelta(hours=2, minutes=40))
    officer = staff_browser(web.app, "officer", "losangeles")
    arrive(officer, late)
    assert waiting(web) == [late["id"], on_time["id"], early["id"]]
    page = officer.get("/desk/").text
    assert "Quien llega tarde o cambia de ventanilla conserva su lugar" in page


def spellings(folio: str) -> list[str]:
    spaced = f"{folio[:4]} {folio[4:8]} {folio[8:]}"
    lookalikes = folio.replace("0", "O").replace("1", "I")
    return [folio.lower(), spaced, lookalikes, f"http://localhost/verify/{folio}"]


def test_after_a_wrong_folio_the_next_one_is_found_however_it_is_typed(
    web: Web, officer: Browser
) -> None:
    coming: dict[str, Any] = booked(web, 0)
    folio = coming["folio"]
    wrong = folio[:-1] + ("A" if folio[-1] != "A" else "B")
    for typed in spellings(folio):
        refused = officer.client.get("/desk/", query_string={"q": wrong, "desk": "A"})
        assert refused.status_code == 200
        assert "error-summary" in refused.text
        page = officer.client.get("/desk/", query_string={"q": typed, "desk": "A"}).text
        assert "Ana Demo Aaaa Prueba" in page, typed
        assert "error-summary" not in page
