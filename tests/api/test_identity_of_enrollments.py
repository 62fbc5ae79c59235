"""Somebody asked for an RFC in another's name: at a window the right person gets their own."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from integrations.simulator.names import Person, make_curp
from services.enrollments.progress import AgencyStatus, begin_submission, record_progress
from services.enrollments.rules import Status
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.outbox.models import OutboxItem
from tests.factories.web import Web

GLORIA = Person("Gloria", "Hernández", "García", date(1956, 4, 27))
OWN, ANOTHERS = make_curp(GLORIA, "M"), make_curp(GLORIA, "M", "VZ")
RFC = {"kind": "enrollment", "service": "rfc"}
CONSENT = ["transfer_to_agency"]


def named(curp: str | None = OWN, **changes: Any) -> dict[str, Any]:
    """Gloria, or somebody who says so."""
    names = {
        "given_names": GLORIA.given_names,
        "first_surname": GLORIA.first_surname,
        "second_surname": GLORIA.second_surname,
        "birth_date": GLORIA.birth_date.isoformat(),
    }
    return {**names, **({"curp": curp} if curp else {}), **changes}


class Enrolling:
    """Eve asked for an RFC in Gloria's name; Gloria stands at a window in Los Ángeles."""

    def __init__(self, web: Web, curp: str = OWN, **request: Any) -> None:
        self.web = web
        self.eve, self.mine = (web.token("citizen", subject=who) for who in ("eve", "gloria"))
        self.officer = web.token("officer", "losangeles")
        self.squatted = self.ask(self.eve, curp, **request).get_json()
        refused = self.ask(self.mine).get_json()
        assert refused["code"] == "identity_check_pending"
        self.folio = refused["folio"]

    def ask(self, token: str, curp: str = OWN, **changes: Any) -> Any:
        body = {"program": "rfc", "applicant": named(curp), "consents": CONSENT, **changes}
        return self.web.call("POST", "/enrollments", body, token=token)

    def check(self, token: str = "", **changes: Any) -> Any:
        body = {
            "person": named(), "document": "Acta y credencial", "identity_checked": True,
            "folio": self.folio, **changes,
        }  # fmt: skip
        return self.web.call("POST", "/identity-checks", body, token=token or self.officer)

    def act(self, check: str, step: str, **body: Any) -> Any:
        return self.web.call("POST", f"/identity-checks/{check}/{step}", body, token=self.officer)

    def listed(self, token: str) -> list[dict[str, Any]]:
        return list(self.web.call("GET", "/enrollments", token=token).get_json()["items"])

    def send(self, *words: AgencyStatus) -> None:
        """Eve's request goes to the agency, which says this of it."""
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            now, vault = system_clock(), self.web.app.extensions["consular.vault"]
            begin_submission(session, self.squatted["id"], now=now, vault=vault)
            for word in words:
                record_progress(session, self.squatted["id"], word, now=now, vault=vault)

    def put(self) -> set[str]:
        """Topics of the outbox about Eve's request."""
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            mine = select(OutboxItem.topic).where(OutboxItem.ref == self.squatted["id"])
            return set(session.scalars(mine))


@pytest.fixture
def enrolling(web: Web) -> Enrolling:
    return Enrolling(web)


def test_the_right_person_gets_a_request_of_their_own_and_the_other_learns_no_more(
    enrolling: Enrolling,
) -> None:
    checked = enrolling.check()
    assert checked.status_code == 201, checked.text
    assert checked.get_json()["held"] == [
        {
            "kind": "enrollment", "service": "rfc", "here": False, "appointment": None,
            "enrollment": None, "folio": None, "start": None, "at_agency": False,
        }
    ]  # fmt: skip
    for secret in (enrolling.squatted["folio"], enrolling.squatted["id"], "eve"):
        assert secret not in checked.text
    check = checked.get_json()["id"]
    done = enrolling.act(check, "take-over", **RFC, consents=CONSENT)
    assert (done.status_code, done.get_json()["outcome"]) == (200, "taken_over"), done.text
    (mine,) = enrolling.listed(enrolling.mine)
    assert (mine["status"], mine["consulate"]) == ("received", "losangeles")
    assert mine["folio"] == done.get_json()["given"] != enrolling.squatted["folio"]
    assert done.get_json()["own"][0]["enrollment"] == mine["id"]
    (theirs,) = enrolling.listed(enrolling.eve)
    assert (theirs["status"], theirs["reason"]) == ("withdrawn", "identity_checked")
    seen = enrolling.web.call("GET", "/me/accesses", token=enrolling.eve)
    for secret in (mine["folio"], mine["id"], enrolling.folio, check, "losangeles"):
        assert secret not in seen.text
    assert enrolling.ask(enrolling.mine).get_json()["code"] == "already_enrolled"
    assert enrolling.ask(enrolling.eve).get_json()["code"] == "identity_check_pending"
    again = enrolling.act(check, "take-over", **RFC, consents=CONSENT)
    assert (again.status_code, again.get_json()["code"]) == (409, "nobody_else")
    # It was never sent: nobody has to settle anything with the agency.
    assert "enrollments.withdrawn_at_agency" not in enrolling.put()
    assert "enrollments.withdrawn" in enrolling.put()


def test_releasing_lets_the_person_ask_themselves(enrolling: Enrolling) -> None:
    check = enrolling.check().get_json()["id"]
    done = enrolling.act(check, "release", **RFC)
    assert (done.status_code, done.get_json()["held"]) == (200, [])
    assert [item["status"] for item in enrolling.listed(enrolling.eve)] == ["withdrawn"]
    assert enrolling.ask(enrolling.mine).status_code == 202


def test_what_the_agency_has_is_settled_by_a_person_and_its_answer_shown_to_nobody(
    enrolling: Enrolling,
) -> None:
    enrolling.send()
    (held,) = enrolling.check().get_json()["held"]
    assert held["at_agency"] is True
    enrolling.folio = None  # type: ignore[assignment]
    check = enrolling.check(contact={"email": "gloria@demo.invalid"}).get_json()["id"]
    done = enrolling.act(check, "take-over", **RFC, consents=CONSENT)
    assert done.status_code == 200, done.text
    assert "enrollments.withdrawn_at_agency" in enrolling.put()
    enrolling.send(AgencyStatus(Status.ACTIVE, {"rfc": "HEGG560427AB1"}))
    shown = enrolling.web.call(
        "GET", f"/enrollments/{enrolling.squatted['id']}", token=enrolling.eve
    ).get_json()
    assert (shown["status"], shown["result"]) == ("withdrawn", None)
    copied = enrolling.web.call("GET", "/me/data", token=enrolling.eve)
    assert "HEGG560427AB1" not in copied.text


def test_one_that_was_given_already_ends_and_its_number_is_no_longer_shown(
    enrolling: Enrolling,
) -> None:
    enrolling.send(AgencyStatus(Status.ACTIVE, {"rfc": "HEGG560427AB1"}))
    check = enrolling.check().get_json()["id"]
    assert enrolling.act(check, "take-over", **RFC, consents=CONSENT).status_code == 200
    path = f"/enrollments/{enrolling.squatted['id']}"
    shown = enrolling.web.call("GET", path, token=enrolling.eve).get_json()
    assert (shown["status"], shown["result"]) == ("ended", None)
    assert "enrollments.withdrawn_at_agency" in enrolling.put()
    assert [item["status"] for item in enrolling.listed(enrolling.mine)] == ["received"]


def test_two_people_of_one_name_and_birth_date_have_one_each(web: Web) -> None:
    enrolling = Enrolling(web, ANOTHERS)
    check = enrolling.check().get_json()["id"]
    done = enrolling.act(check, "tell-apart")
    assert (done.status_code, done.get_json()["held"]) == (200, [])
    assert enrolling.ask(enrolling.mine).status_code == 202
    assert enrolling.ask(enrolling.mine).get_json()["code"] == "already_enrolled"
    assert [item["status"] for item in enrolling.listed(enrolling.eve)] == ["received"]
    third = web.token("citizen", subject="third")
    assert enrolling.ask(third, make_curp(GLORIA, "M", "DF")).get_json()["code"] == (
        "identity_check_pending"
    )


def test_one_curp_is_one_person_who_cant_be_told_apart_from_themselves(
    enrolling: Enrolling,
) -> None:
    check = enrolling.check().get_json()["id"]
    answer = enrolling.act(check, "tell-apart")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "already_enrolled")


def test_told_apart_at_one_kind_is_told_apart_at_the_other(web: Web) -> None:
    web.session()
    enrolling = Enrolling(web, ANOTHERS)
    start = web.free()[0]["start"]
    booked = web.book(start, token=enrolling.eve, attendees=[named(ANOTHERS)])
    assert booked.status_code == 201, booked.text
    check = enrolling.check().get_json()
    assert {held["kind"] for held in check["held"]} == {"appointment", "enrollment"}
    assert enrolling.act(check["id"], "tell-apart").get_json()["held"] == []
    mine = web.book(web.free()[0]["start"], token=enrolling.mine, attendees=[named()])
    assert mine.status_code == 201, mine.text


@pytest.mark.parametrize(
    ("curp", "consents", "code"),
    [(None, CONSENT, "curp_required"), (OWN, [], "consent_required")],
    ids=["no CURP", "no consent"],
)
def test_without_what_the_agency_needs_nothing_ends(
    enrolling: Enrolling, curp: str | None, consents: list[str], code: str
) -> None:
    check = enrolling.check(person=named(curp)).get_json()["id"]
    refused = enrolling.act(check, "take-over", **RFC, consents=consents)
    assert (refused.status_code, refused.get_json()["code"]) == (422, code)
    assert [item["status"] for item in enrolling.listed(enrolling.eve)] == ["received"]


def test_who_has_neither_email_nor_phone_gets_a_folio_all_the_same(enrolling: Enrolling) -> None:
    enrolling.folio = None  # type: ignore[assignment]
    check = enrolling.check().get_json()
    assert check["has_account"] is False
    done = enrolling.act(check["id"], "take-over", **RFC, consents=CONSENT).get_json()
    assert done["own"][0]["folio"] == done["given"]


def test_the_window_s_own_office_sees_which_request_it_is(web: Web) -> None:
    enrolling = Enrolling(web, consulate="losangeles")
    (held,) = enrolling.check().get_json()["held"]
    assert (held["here"], held["folio"]) == (True, enrolling.squatted["folio"])


def test_the_person_reads_who_checked_them_and_what_was_done(enrolling: Enrolling) -> None:
    check = enrolling.check().get_json()["id"]
    enrolling.act(check, "take-over", **RFC, consents=CONSENT)
    path = "/me/accesses"
    seen = enrolling.web.call("GET", path, token=enrolling.mine).get_json()["items"]
    assert {"identity.check", "identity.take_over"} <= {entry["action"] for entry in seen}
    theirs = enrolling.web.call("GET", path, token=enrolling.eve).get_json()["items"]
    (ended,) = [entry for entry in theirs if entry["action"] == "enrollment.withdrawn"]
    assert ended["consulate"] is None


def test_a_name_that_was_compared_otherwise_before_is_told_apart_too(web: Web) -> None:
    """Such a person has two keys of their name, and neither is their CURP."""
    web.session()
    both = {**named(None), "first_surname": "D\u2019Amico"}
    eve, mine = (web.token("citizen", subject=who) for who in ("eve", "gloria"))
    assert web.book(web.free()[0]["start"], token=eve, attendees=[both]).status_code == 201
    refused = web.book(web.free()[0]["start"], token=mine, attendees=[both]).get_json()
    officer = web.token("officer", "losangeles")
    body = {
        "person": both, "document": "Acta", "identity_checked": True, "folio": refused["folio"],
    }  # fmt: skip
    check = web.call("POST", "/identity-checks", body, token=officer).get_json()["id"]
    answer = web.call("POST", f"/identity-checks/{check}/tell-apart", {}, token=officer)
    assert answer.status_code == 200, answer.text
    assert web.book(web.free()[0]["start"], token=mine, attendees=[both]).status_code == 201
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalar(text("SELECT count(*) FROM homonyms")) == 2
