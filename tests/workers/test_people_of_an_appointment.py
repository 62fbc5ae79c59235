"""Each person of an appointment has a folio and a status of their own: one can cancel, be served or
miss it without the others, and the appointment follows them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from services.appointments.models import Appointment, Member
from services.appointments.rules import status_of_party
from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, morning_at_office, person
from tests.workers.conftest import let_it_pass, messages
from tests.workers.test_moved_appointments import THREE_DESKS
from workers.runtime import JobContext

_TAKEN = text("SELECT coalesce(sum(taken), 0) FROM slot_sets")
_COUNTED = text(
    "SELECT status, sum(quantity), sum(people) FROM facts WHERE subject_id = :id"
    " GROUP BY status HAVING sum(quantity) <> 0 OR sum(people) <> 0 ORDER BY status"
)


class Household:
    """Three people booked together, and who acts."""

    def __init__(self, web: Web) -> None:
        self.web = web
        web.session(desks=THREE_DESKS)
        self.mine = web.token("citizen", subject="ana")
        self.start = web.free()[0]["start"]
        self.people = [person(number) for number in range(3)]
        booked = web.book(self.start, token=self.mine, attendees=self.people)
        assert booked.status_code == 201, booked.text
        self.booked = booked.get_json()
        self.id = self.booked["id"]

    def to_the_day(self) -> None:
        """Its morning, with an officer at the desk."""
        self.web.travel(morning_at_office())
        self.officer = self.web.token("officer", "losangeles")
        self.mine = self.web.token("citizen", subject="ana", name="Ana")

    def one(self, n: int, step: str, body: Any = None, token: str = "") -> Any:
        path = f"/appointments/{self.id}/attendees/{n}/{step}"
        return self.web.call("POST", path, body or {}, token=token or self.officer)

    def all(self, step: str, body: Any = None, token: str = "") -> Any:
        path = f"/appointments/{self.id}/{step}"
        return self.web.call("POST", path, body or {}, token=token or self.officer)

    def now(self) -> tuple[str, list[str]]:
        """The status of the appointment and those of its people; both agree by the rule."""
        seen = self.web.call("GET", f"/appointments/{self.id}", token=self.mine).get_json()
        statuses = [each["status"] for each in seen["attendees"]]
        assert seen["status"] == status_of_party(statuses)
        return seen["status"], statuses


@pytest.fixture
def household(web: Web) -> Household:
    return Household(web)


CHECKED = {"identity_checked": True}


def test_each_has_a_number_and_a_folio_that_finds_the_booking(household: Household) -> None:
    people = household.booked["attendees"]
    assert [each["n"] for each in people] == [1, 2, 3]
    assert [each["given_names"] for each in people] == ["Ana"] * 3
    folios = {each["folio"] for each in people} | {household.booked["folio"]}
    assert len(folios) == 4
    for folio in folios:
        answer = household.web.call(
            "POST", "/appointments/find", {"folio": folio, "birth_date": "1990-05-12"}
        )
        assert (answer.status_code, answer.get_json()["status"]) == (200, "booked"), folio
    web = household.web
    other = web.token("citizen", subject="eve")
    alone = web.book(web.free()[1]["start"], token=other, attendees=[person(9)]).get_json()
    assert alone["attendees"][0]["folio"] == alone["folio"]


def test_one_cancels_and_the_others_keep_their_places(
    household: Household, job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    """Whoever booked is told who it was."""
    with job.transaction() as session:
        before = session.scalar(_TAKEN)
    while pump():
        pass
    left = household.one(2, "cancel", token=household.mine)
    assert (left.status_code, left.get_json()["status"]) == (200, "booked"), left.text
    assert household.now() == ("booked", ["booked", "cancelled", "booked"])
    again = household.one(2, "cancel", token=household.mine)
    assert (again.status_code, again.get_json()["code"]) == (409, "wrong_state")
    with job.transaction() as session:
        assert session.scalar(_TAKEN) == before
        assert list(session.execute(_COUNTED, {"id": household.id})) == [
            ("booked", 1, 2),
            ("cancelled", 0, 1),
        ]
    let_it_pass(job, pump)
    let_it_pass(job, pump)
    with job.transaction() as session:
        assert session.scalar(_TAKEN) == before - 1
    (message,) = (m for m in messages(agencies_url, "ana@demo.invalid") if "Aaab" in m["subject"])
    assert not {"Demo Aaaa", "Demo Aaac"} & set(re.findall(r"Demo \w+", message["body"]))
    # Their claim came back alone: they may book again, the others not.
    web = household.web
    for number, status in ((1, 201), (2, 409)):
        answer = web.book(web.free()[1]["start"], token=household.mine, attendees=[person(number)])
        assert answer.status_code == status, answer.text


def test_the_last_who_cancels_cancels_the_appointment(
    household: Household, job: JobContext, pump: Callable[[], int]
) -> None:
    with job.transaction() as session:
        before = session.scalar(_TAKEN)
    for n in (1, 3):
        assert household.one(n, "cancel", token=household.mine).status_code == 200
    gone = household.all("cancel", token=household.mine)
    assert (gone.status_code, household.now()) == (200, ("cancelled", ["cancelled"] * 3))
    let_it_pass(job, pump)
    with job.transaction() as session:
        assert session.scalar(_TAKEN) == before - 3
        assert list(session.execute(_COUNTED, {"id": household.id})) == [("cancelled", 1, 3)]


def test_the_rest_of_a_party_moves_without_who_cancelled(
    household: Household, job: JobContext, pump: Callable[[], int]
) -> None:
    web, later = household.web, household.web.free()[-1]["start"]
    assert household.one(1, "cancel", token=household.mine).status_code == 200
    moved = household.all("reschedule", {"start": later}, token=household.mine)
    assert (moved.status_code, moved.get_json()["start"]) == (200, later), moved.text
    let_it_pass(job, pump)
    assert [slot["free"] for slot in web.free()] == [3, 3, 3, 1]


def test_the_desk_takes_each_of_a_household_by_themselves(household: Household) -> None:
    household.to_the_day()
    assert household.one(1, "check-in", CHECKED).status_code == 200
    assert household.now() == ("checked_in", ["checked_in", "booked", "booked"])
    moving = household.all("reschedule", {"start": household.start}, token=household.mine)
    assert moving.get_json()["code"] == "wrong_state"
    assert household.one(1, "call", {"desk": "A"}).status_code == 200
    assert household.one(1, "complete", {"document_number": "N1"}).status_code == 200
    assert household.now() == ("booked", ["completed", "booked", "booked"])
    rest = household.all("check-in", CHECKED)
    assert (rest.status_code, household.now()[0]) == (200, "checked_in"), rest.text
    reason = {"reason": "Falta el acta", "bring": ["Acta"]}
    assert household.one(3, "not-served", reason).status_code == 200
    assert household.now() == ("checked_in", ["completed", "checked_in", "not_served"])
    assert household.one(2, "complete").status_code == 200
    assert household.now() == ("completed", ["completed", "completed", "not_served"])
    back = household.one(3, "check-in", CHECKED)
    assert (back.status_code, household.now()[0]) == (200, "checked_in"), back.text
    assert household.one(1, "check-in", CHECKED).get_json()["code"] == "wrong_state"
    assert household.one(4, "check-in", CHECKED).status_code == 404
    with household.web.database.transaction(NETWORK_SCOPE) as session:
        assert list(session.execute(_COUNTED, {"id": household.id})) == [
            ("checked_in", 1, 1),
            ("completed", 0, 2),
        ]
        row = session.scalars(select(Appointment)).one()
        members = session.scalars(select(Member).order_by(Member.n)).all()
        assert row.status == status_of_party(member.status for member in members)


def test_an_officer_corrects_a_spelling_and_the_place_stays_theirs(household: Household) -> None:
    """Whoever holds a place under these names already keeps theirs; the owner reads of it."""
    web, officer = household.web, household.web.token("officer", "losangeles")
    names = {"given_names": "Ana María", "first_surname": "Demo Aaab", **CHECKED}
    done = household.one(2, "correct", names, token=officer)
    assert done.status_code == 200, done.text
    assert done.get_json()["attendees"][1]["given_names"] == "Ana María"
    again, start = {"identity_checked": True}, web.free()[0]["start"]
    corrected = {**person(1), "given_names": "Ana María", "second_surname": None}
    assert web.book(start, token=household.mine, attendees=[corrected]).status_code == 409
    assert web.book(start, token=household.mine, attendees=[person(1)]).status_code == 201
    taken = household.one(2, "correct", {**person(1), "birth_date": None, **again}, token=officer)
    assert taken.status_code == 422
    names = {name: person(1)[name] for name in ("given_names", "first_surname", "second_surname")}
    taken = household.one(2, "correct", {**names, **again}, token=officer)
    assert (taken.status_code, taken.get_json()["code"]) == (409, "already_booked")
    refused = household.one(2, "correct", {**names, **again}, token=household.mine)
    assert refused.status_code == 403
    listed = web.call("GET", "/me/accesses", token=household.mine).get_json()["items"]
    assert "appointment.correct_spelling" in {entry["action"] for entry in listed}


def test_one_of_a_household_belongs_to_it_alone(household: Household) -> None:
    """Another account, and another office, see none of them; staff may not before the day."""
    web = household.web
    for stranger in (web.token("citizen", subject="eve"), web.token("officer", "chicago")):
        assert household.one(1, "cancel", token=stranger).status_code == 404
    officer = web.token("officer", "losangeles")
    early = household.one(1, "check-in", CHECKED, token=officer)
    assert (early.status_code, early.get_json()["code"]) == (409, "too_early")
