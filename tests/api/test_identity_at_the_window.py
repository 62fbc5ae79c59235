"""Somebody else holds a person's name: at a window the right person gets what is theirs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, person

CURP = "HEGG560427MVZRRL04"
B = {
    "given_names": "Gloria",
    "first_surname": "Hernández",
    "second_surname": "García",
    "birth_date": "1956-04-27",
}
DESKS = [{"name": name, "services": ["PAS10", "MAT"]} for name in "ABC"]


class Window:
    """Eve holds B's name at Chicago; B stands at a window in Los Ángeles."""

    def __init__(self, web: Web, *others: dict[str, Any]) -> None:
        self.web = web
        self.opened = web.session(consulate="chicago", desks=DESKS, daily_maximums={"PAS10": 9})
        web.session(desks=DESKS)
        self.start = web.free(consulate="chicago")[0]["start"]
        self.eve, self.mine = (web.token("citizen", subject=who) for who in ("eve", "gloria"))
        self.officer = web.token("officer", "losangeles")
        self.squatted = web.book(
            self.start, token=self.eve, consulate="chicago", attendees=[B, *others],
            contact={"email": "eve@demo.invalid"},
        ).get_json()  # fmt: skip
        refused = self.book()
        assert refused.get_json()["code"] == "identity_check_pending"
        self.folio = refused.get_json()["folio"]

    def book(self, **changes: Any) -> Any:
        start = self.web.free()[0]["start"]
        return self.web.book(start, token=self.mine, attendees=[B], contact={}, **changes)

    def check(self, token: str = "", **changes: Any) -> Any:
        body = {"person": B, "document": "Acta y credencial", "identity_checked": True, **changes}
        return self.web.call("POST", "/identity-checks", body, token=token or self.officer)

    def act(self, check: str, step: str, token: str = "", **body: Any) -> Any:
        path = f"/identity-checks/{check}/{step}"
        return self.web.call("POST", path, body, token=token or self.officer)

    def listed(self, token: str) -> list[dict[str, Any]]:
        return list(self.web.call("GET", "/appointments", token=token).get_json()["items"])

    def taken(self) -> tuple[int, int]:
        """Places counted as taken, and seats of appointments that aren't cancelled."""
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            row = session.execute(
                text(
                    "SELECT (SELECT sum(most) FROM (SELECT max(taken) AS most FROM slot_sets"
                    " GROUP BY slot_id) s), (SELECT count(*) FROM seats JOIN appointments a"
                    " ON a.id = appointment_id WHERE a.status <> 'cancelled')"
                )
            ).one()
        return int(row[0]), int(row[1])


@pytest.fixture
def window(web: Web) -> Window:
    return Window(web)


def test_the_right_person_gets_the_appointment_and_the_other_learns_nothing(
    window: Window,
) -> None:
    checked = window.check(folio=window.folio)
    assert checked.status_code == 201, checked.text
    body = checked.get_json()
    assert body["held"] == [
        {
            "kind": "appointment", "service": "PAS10", "here": False, "appointment": None,
            "enrollment": None, "folio": None, "start": None, "at_agency": False,
        }
    ]  # fmt: skip
    for secret in (window.squatted["folio"], window.squatted["id"], "chicago", "eve@"):
        assert secret not in checked.text
    done = window.act(body["id"], "take-over", service="PAS10")
    assert (done.status_code, done.get_json()["outcome"]) == (200, "taken_over"), done.text
    (mine,) = window.listed(window.mine)
    assert (mine["status"], mine["consulate"], mine["start"]) == (
        "booked", "chicago", window.start,
    )  # fmt: skip
    assert mine["folio"] == done.get_json()["given"] != window.squatted["folio"]
    assert mine["attendees"][0]["given_names"] == "Gloria"
    theirs = window.listed(window.eve)
    assert [item["status"] for item in theirs] == ["cancelled"]
    seen = window.web.call("GET", "/me/accesses", token=window.eve)
    for secret in (mine["folio"], mine["id"], window.folio, body["id"], "losangeles"):
        assert secret not in seen.text
    assert window.book().get_json()["code"] == "already_booked"
    assert window.taken() == (1, 1)
    again = window.act(body["id"], "take-over", service="PAS10")
    assert (again.status_code, again.get_json()["code"]) == (409, "nobody_else")


def test_out_of_a_party_only_the_person_is_taken(web: Web) -> None:
    window = Window(web, person(1), person(2))
    check = window.check(folio=window.folio).get_json()["id"]
    assert window.act(check, "take-over", service="PAS10").status_code == 200
    assert [a["status"] for a in window.listed(window.mine)] == ["booked"]
    theirs = {item["status"]: item for item in window.listed(window.eve)}
    assert len(theirs["booked"]["attendees"]) == 2
    assert theirs["booked"]["folio"] == window.squatted["folio"]
    assert [p["given_names"] for p in theirs["cancelled"]["attendees"]] == ["Gloria"]
    assert window.taken() == (3, 3)


def test_a_place_that_went_on_to_the_person_is_counted_once(web: Web) -> None:
    window = Window(web, person(1))
    check = window.check(folio=window.folio).get_json()["id"]
    assert window.act(check, "take-over", service="PAS10").status_code == 200
    # Edited hours and maximums count anew what is held.
    edit = {"daily_maximums": {"PAS10": 8}, "desks": [*DESKS, {**DESKS[0], "name": "D"}]}
    supervisor = web.token("supervisor", "chicago")
    edited = web.call("PATCH", f"/sessions/{window.opened['id']}", edit, token=supervisor)
    assert edited.status_code == 200, edited.text
    with web.database.transaction(NETWORK_SCOPE) as session:
        counted = session.execute(text("SELECT taken, most FROM day_maximums")).all()
        orphans = session.scalar(text("SELECT count(orphaned_at) FROM appointments"))
    assert (counted, orphans) == ([(2, 8)], 0)
    assert window.taken() == (2, 2)


def test_who_gets_an_appointment_that_lost_its_place_waits_for_one(window: Window) -> None:
    supervisor, path = window.web.token("supervisor", "chicago"), window.opened["id"]
    for services in (["MAT"], ["PAS10", "MAT"]):
        edit = {"desks": [{**desk, "services": services} for desk in DESKS]}
        edited = window.web.call("PATCH", f"/sessions/{path}", edit, token=supervisor)
        assert edited.status_code == 200, edited.text
        if services == ["MAT"]:
            check = window.check(folio=window.folio).get_json()["id"]
            assert window.act(check, "take-over", service="PAS10").status_code == 200
            assert _lost(window.web) == ["booked"]
            assert window.taken()[0] == 0
    assert _lost(window.web) == []
    assert window.taken() == (1, 1)


def _lost(web: Web) -> list[str]:
    """Statuses of the appointments, not ended, that lost their places."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(
            session.scalars(
                text(
                    "SELECT status FROM appointments"
                    " WHERE orphaned_at IS NOT NULL AND status = 'booked'"
                )
            )
        )


def test_releasing_lets_the_person_book_where_they_want(window: Window) -> None:
    check = window.check(folio=window.folio).get_json()["id"]
    done = window.act(check, "release", service="PAS10")
    assert (done.status_code, done.get_json()["held"]) == (200, [])
    assert [item["status"] for item in window.listed(window.eve)] == ["cancelled"]
    assert window.book().status_code == 201


def test_two_people_of_one_name_and_birth_date_hold_one_each(window: Window) -> None:
    check = window.check(folio=window.folio).get_json()["id"]
    done = window.act(check, "tell-apart")
    assert (done.status_code, done.get_json()["held"]) == (200, [])
    assert window.book().status_code == 201
    assert window.book().get_json()["code"] == "already_booked"
    assert [item["status"] for item in window.listed(window.eve)] == ["booked"]
    third = window.web.book(
        window.web.free()[0]["start"], token=window.web.token("citizen", subject="third"),
        attendees=[B], contact={},
    )  # fmt: skip
    assert third.get_json()["code"] == "identity_check_pending"


def test_one_curp_is_one_person_who_cant_be_told_apart_from_themselves(web: Web) -> None:
    b = {**B, "curp": CURP}
    web.session(desks=DESKS)
    eve = web.token("citizen", subject="eve")
    assert web.book(web.free()[0]["start"], token=eve, attendees=[b]).status_code == 201
    body = {"person": b, "document": "CURP", "identity_checked": True}
    officer = web.token("officer", "losangeles")
    check = web.call("POST", "/identity-checks", body, token=officer).get_json()["id"]
    answer = web.call("POST", f"/identity-checks/{check}/tell-apart", {}, token=officer)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "already_booked")


def test_without_a_folio_the_contact_names_the_account(window: Window) -> None:
    body = window.check(contact={"email": "gloria@demo.invalid"}).get_json()
    assert body["has_account"] is True
    done = window.act(body["id"], "take-over", service="PAS10").get_json()
    with window.web.database.transaction(NETWORK_SCOPE) as session:
        owner = text("SELECT account_id FROM appointments WHERE folio = :folio")
        account = session.scalar(owner, {"folio": done["given"]})
        known = text("SELECT count(*) FROM identities WHERE account_id = :a AND issuer = 'email'")
        assert session.scalar(known, {"a": account}) == 1
    nobody = window.check().get_json()
    assert nobody["has_account"] is False


def test_who_can_be_known_again_by_nothing_isnt_told_apart(window: Window) -> None:
    check = window.check().get_json()["id"]
    answer = window.act(check, "tell-apart")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "account_or_curp_required")


def test_a_folio_serves_its_own_person_once_and_a_check_its_own_office(window: Window) -> None:
    other = {**B, "given_names": "Rosa"}
    assert window.check(folio=window.folio, person=other).status_code == 404
    unseen = window.check(folio=window.folio, identity_checked=False)
    assert unseen.status_code == 422
    check = window.check(folio=window.folio).get_json()["id"]
    assert window.check(folio=window.folio).status_code == 404
    chicago = window.web.token("officer", "chicago")
    for step, body in (("take-over", {"service": "PAS10"}), ("tell-apart", {})):
        assert window.act(check, step, token=chicago, **body).status_code == 404
        assert window.act(check, step, token=window.mine, **body).status_code == 403
    assert window.web.call("GET", f"/identity-checks/{check}", token=chicago).status_code == 404
    assert [item["status"] for item in window.listed(window.eve)] == ["booked"]


def test_the_person_reads_who_checked_them_and_what_was_done(window: Window) -> None:
    check = window.check(folio=window.folio).get_json()["id"]
    window.act(check, "take-over", service="PAS10")
    seen = window.web.call("GET", "/me/accesses", token=window.mine).get_json()["items"]
    assert {"identity.check", "identity.take_over"} <= {entry["action"] for entry in seen}


def test_where_the_appointment_is_at_the_window_s_own_office_it_is_shown(window: Window) -> None:
    chicago = window.web.token("officer", "chicago")
    (held,) = window.check(token=chicago).get_json()["held"]
    assert (held["here"], held["folio"]) == (True, window.squatted["folio"])
