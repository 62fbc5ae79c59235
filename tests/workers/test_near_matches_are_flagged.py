"""Somebody who books as a variant of themselves isn't refused: the desk is told to look twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text

from services.kernel.settings import Settings
from tests.factories.staff import staff_browser
from tests.factories.web import Web, running_web
from workers.runtime import JobContext

PERSON = {
    "given_names": "María José",
    "first_surname": "de la Cruz",
    "second_surname": "Hernández",
    "birth_date": "1990-05-12",
}
NAMES, DATE = "mismo día de nacimiento y nombres parecidos", "un número distinto en la fecha"


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    with running_web(settings) as running:
        running.session(desks=[{"name": name, "services": ["PAS10", "MAT"]} for name in "ABC"])
        yield running


def book(web: Web, who: str, service: str = "PAS10", **changes: Any) -> str:
    answer = web.book(
        web.free()[0]["start"], token=web.token("citizen", subject=who), service=service,
        attendees=[{**PERSON, **changes}], contact={"email": f"{who}@demo.invalid"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def page(web: Web, appointment: str) -> str:
    officer = staff_browser(web.app, "officer", "losangeles")
    return unescape(officer.get(f"/desk/appointments/{appointment}").text)


def run(pump: Callable[[], int]) -> None:
    while pump():
        pass


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"second_surname": None}, NAMES),
        ({"first_surname": "Hernández", "second_surname": "de la Cruz"}, NAMES),
        ({"first_surname": "Cruz"}, NAMES),
        ({"first_surname": "Delacruz", "second_surname": None}, NAMES),
        ({"given_names": "María"}, NAMES),
        ({"birth_date": "1990-05-13"}, DATE),
        ({"birth_date": "1980-05-12", "first_surname": "Cruz"}, DATE),
    ],
    ids=["no second", "swapped", "no particles", "one word", "one given", "digit", "two at once"],
)
def test_a_variant_is_flagged_on_both_sides(
    web: Web, job: JobContext, pump: Callable[[], int], changes: dict[str, Any], words: str
) -> None:
    first, second = book(web, "ana"), book(web, "eve", **changes)
    run(pump)
    for appointment in (first, second):
        shown = page(web, appointment)
        assert words in shown
        assert ({NAMES, DATE} - {words}).pop() not in shown


@pytest.mark.parametrize(
    ("one", "other"),
    [("O Relling", "Orelling"), ("de la Cruz", "Delacruz"), ("Mc Gregor", "McGregor")],
)
def test_a_surname_written_apart_or_as_one_word_is_flagged_also_with_a_digit_changed(
    web: Web, job: JobContext, pump: Callable[[], int], one: str, other: str
) -> None:
    names = {"second_surname": "Alvarado"}
    first = book(web, "ana", first_surname=one, **names)
    near = book(web, "eve", first_surname=other, **names)
    digit = book(web, "zoe", first_surname=other, birth_date="1990-05-13", **names)
    run(pump)
    assert NAMES in page(web, near)
    assert DATE in page(web, digit)
    assert NAMES in page(web, first)


def test_the_agenda_tells_it_and_another_persons_details_are_not_shown(
    web: Web, job: JobContext, pump: Callable[[], int]
) -> None:
    web.session(consulate="chicago", desks=[{"name": "A", "services": ["PAS10"]}])
    first = book(web, "ana")
    there = web.book(
        web.free(consulate="chicago")[0]["start"], consulate="chicago",
        token=web.token("citizen", subject="eve"), contact={"email": "eve@demo.invalid"},
        attendees=[{**PERSON, "second_surname": None}],
    )  # fmt: skip
    run(pump)
    shown = page(web, first)
    assert NAMES in shown
    assert there.get_json()["folio"] not in shown.replace("-", "")
    assert "eve@demo.invalid" not in shown
    day = web.free()[0]["start"][:10]
    agenda = staff_browser(web.app, "officer", "losangeles").get(f"/desk/?day={day}")
    assert NAMES in unescape(agenda.text)


def test_another_person_another_service_and_an_ended_appointment_are_not_flagged(
    web: Web, job: JobContext, pump: Callable[[], int]
) -> None:
    ended = book(web, "zoe", first_surname="Cruz")
    token = web.token("citizen", subject="zoe")
    web.call("POST", f"/appointments/{ended}/cancel", {}, token=token)
    run(pump)
    twin = book(web, "twin", given_names="Rosa")
    first = book(web, "ana")
    other = book(web, "eve", service="MAT", second_surname=None)
    run(pump)
    for appointment in (first, twin, other):
        assert "Mira bien el documento" not in page(web, appointment)
    with job.transaction() as session:
        kept = text("SELECT count(*) FROM resemblance_keys WHERE appointment_id = :ended")
        assert session.scalar(kept, {"ended": ended}) == 0
