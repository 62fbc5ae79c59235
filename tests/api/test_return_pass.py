"""Who couldn't be served comes back with the same folio, and nobody's place or count is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.appointments.closing import close_days
from services.appointments.rules import RETURN_DAYS
from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, morning_at_office, person, working_day

HERE = {"identity_checked": True}
MISSING = {"reason": "Falta el acta", "bring": ["Acta de nacimiento", "Una copia"]}


class Visit:
    """One appointment, its owner and the officer who sees them."""

    def __init__(self, web: Web) -> None:
        web.session()
        web.travel(morning_at_office())
        self.web = web
        self.owner = web.token("citizen", subject="ana")
        self.officer = web.token("officer", "losangeles")
        self.first, self.second, *_rest = (slot["start"] for slot in web.free())
        booked = web.book(self.first, token=self.owner).get_json()
        self.path = f"/appointments/{booked['id']}"
        self.folio = booked["folio"]

    def step(self, name: str, body: Any = None, *, token: str = "") -> Any:
        return self.web.call("POST", f"{self.path}/{name}", body or {}, token=token or self.officer)

    def send_away(self) -> dict[str, Any]:
        assert self.step("check-in", HERE).status_code == 200
        answer = self.step("not-served", MISSING)
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    def counts(self) -> dict[str, int]:
        """What the facts add up to, by status."""
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            rows = session.execute(
                text(
                    "SELECT status, sum(quantity)::int FROM facts GROUP BY status"
                    " HAVING sum(quantity) <> 0"
                )
            )
            return {status: total for status, total in rows}

    def write(self, statement: str, **values: Any) -> None:
        """Let time pass, so to speak."""
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            session.execute(text(statement), values)

    def close_days(self) -> None:
        database, clock = (
            self.web.app.extensions[f"consular.{name}"] for name in ("database", "clock")
        )
        with database.transaction(NETWORK_SCOPE) as session:
            close_days(session, now=clock())


@pytest.fixture
def visit(web: Web) -> Visit:
    return Visit(web)


def test_a_pass_says_until_when_and_what_to_bring(visit: Visit) -> None:
    answer = visit.send_away()
    assert answer["status"] == "not_served"
    assert answer["return_pass"] == {
        "folio": visit.folio,
        "valid_until": (working_day() + timedelta(days=RETURN_DAYS)).isoformat(),
        "bring": MISSING["bring"],
    }
    assert answer["outcome"]["reason"] == "Falta el acta"
    assert answer["outcome"]["return_pass"] == answer["return_pass"]
    seen = visit.web.call("GET", visit.path, token=visit.owner).get_json()
    assert seen == answer
    assert visit.counts() == {"not_served": 1}


def test_the_person_is_served_later_without_another_booking(visit: Visit) -> None:
    free = visit.web.free()
    visit.send_away()
    back = visit.step("check-in", HERE)
    assert back.status_code == 200, back.text
    back = back.get_json()
    assert (back["status"], back["folio"]) == ("checked_in", visit.folio)
    assert (back["return_pass"], back["desk"]) == (None, None)
    assert visit.counts() == {"checked_in": 1}
    # The appointment's own time was weeks ago, but they are in the room.
    visit.write("UPDATE appointments SET ends_at = now() - interval '20 days'")
    visit.close_days()
    assert visit.step("call", {"desk": "A"}).get_json()["status"] == "called"
    assert visit.step("complete").get_json()["status"] == "completed"
    assert visit.counts() == {"completed": 1}
    assert visit.web.free() == free
    assert visit.web.book(visit.second, token=visit.owner).status_code == 201


def test_a_pass_may_be_given_again(visit: Visit) -> None:
    visit.send_away()
    assert visit.send_away()["return_pass"]["folio"] == visit.folio
    assert visit.step("check-in", HERE).status_code == 200
    assert visit.counts() == {"checked_in": 1}


def test_an_expired_pass_brings_nobody_back_and_keeps_nobody_from_booking(visit: Visit) -> None:
    visit.send_away()
    over = datetime.now(UTC).date() - timedelta(days=3)
    visit.write("UPDATE return_passes SET valid_until = :day", day=over)
    late = visit.step("check-in", HERE)
    assert (late.status_code, late.get_json()["code"]) == (409, "wrong_state")
    seen = visit.web.call("GET", visit.path, token=visit.owner).get_json()
    assert (seen["status"], seen["return_pass"]) == ("not_served", None)
    visit.close_days()
    assert visit.web.book(visit.second, token=visit.owner).status_code == 201
    assert visit.counts() == {"not_served": 1, "booked": 1}


def test_a_good_pass_outlives_the_closing_of_days(visit: Visit) -> None:
    visit.send_away()
    visit.close_days()
    assert visit.step("check-in", HERE).status_code == 200


def test_whoever_rather_books_again_may_and_then_holds_one_of_the_two(visit: Visit) -> None:
    free = visit.web.free()
    visit.send_away()
    assert visit.web.free() == free
    assert visit.step("cancel", token=visit.owner).get_json()["code"] == "wrong_state"
    other = visit.web.book(visit.second, token=visit.owner)
    assert other.status_code == 201, other.text
    both = visit.step("check-in", HERE)
    assert (both.status_code, both.get_json()["code"]) == (409, "already_booked")
    assert visit.counts() == {"not_served": 1, "booked": 1}
    path = f"/appointments/{other.get_json()['id']}/cancel"
    assert visit.web.call("POST", path, {}, token=visit.owner).status_code == 200
    assert visit.step("check-in", HERE).status_code == 200
    again = visit.web.book(visit.second, token=visit.owner)
    assert (again.status_code, again.get_json()["code"]) == (409, "already_booked")


def test_a_call_names_a_window_of_that_day(visit: Visit) -> None:
    visit.step("check-in", HERE)
    answer = visit.step("call", {"desk": "ZZZ"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "desk_not_open")
    assert list(answer.get_json()["errors"]) == ["desk"]
    assert visit.step("call", {"desk": "A"}).status_code == 200


def test_staff_of_one_office_find_nothing_of_another(visit: Visit) -> None:
    def listed(more: str) -> list[Any]:
        answer = visit.web.call("GET", f"/appointments{more}", token=visit.officer)
        return list(answer.get_json()["items"])

    assert len(listed("")) == len(listed("?consulate=losangeles")) == 1
    assert listed("?consulate=chicago") == []


def test_what_cannot_be_booked_is_told_by_its_field(visit: Visit) -> None:
    unknown = visit.web.book(visit.second, token=visit.owner, service="NADA")
    assert (unknown.status_code, unknown.get_json()["code"]) == (422, "service_not_offered")
    assert list(unknown.get_json()["errors"]) == ["service"]
    bundle = visit.web.book(
        visit.second,
        token=visit.owner,
        service=None,
        services=["MAT", "INE"],
        attendees=[person(5)],
    )
    assert (bundle.status_code, bundle.get_json()["code"]) == (409, "slot_not_offered")
