"""Nobody learns by trying whether a person has an appointment, or when they were born."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from consular.pages.forms import form_errors
from services.citizens.limits import Rate
from services.identity.errors import IdentityCheckPending
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import FolioKind, new_folio
from tests.factories.counting import counting
from tests.factories.enrollments import make_applicant
from tests.factories.remittances import make_clabe, prepare_reference
from tests.factories.web import Web, person

DESKS = [{"name": name, "services": ["PAS10", "MAT"]} for name in "AB"]


@pytest.fixture
def victim(web: Web) -> dict[str, Any]:
    """Booked at the first of four times, each with two places."""
    web.session(desks=DESKS)
    start = web.free()[0]["start"]
    answer = web.book(start, token=web.token("citizen", subject="victim"), attendees=[person(1)])
    assert answer.status_code == 201
    return dict(answer.get_json())


def answer_of(web: Web, start: str, *people: dict[str, Any], who: str = "eve") -> tuple[int, str]:
    token = web.token("citizen", subject=who)
    answer = web.book(start, token=token, attendees=list(people), contact={})
    return answer.status_code, answer.get_json().get("code", "booked")


def test_a_sold_out_time_says_the_same_whoever_is_named(web: Web, victim: dict[str, Any]) -> None:
    start = victim["start"]
    assert answer_of(web, start, person(2), who="other") == (201, "booked")
    wrong = answer_of(web, start, person(1, birth_date="1990-05-13"))
    assert answer_of(web, start, person(1)) == wrong == (409, "slot_taken")
    ten = [person(1, birth_date=f"1990-05-{day}") for day in range(10, 20)]
    assert answer_of(web, start, *ten) == (409, "slot_taken")


def test_a_party_too_large_hears_the_same_whoever_is_in_it(
    web: Web, victim: dict[str, Any]
) -> None:
    """One place is left, hence the time isn't sold out; ten people don't fit."""
    start = web.free()[-1]["start"]
    assert answer_of(web, start, person(2), who="other") == (201, "booked")
    guesses = [person(1, birth_date=f"1990-05-{day}") for day in range(10, 20)]
    others = [person(1, birth_date=f"1990-06-{day}") for day in range(10, 20)]
    assert answer_of(web, start, *guesses) == answer_of(web, start, *others) == (409, "slot_taken")


def test_guesses_at_people_are_few_and_then_every_booking_waits(
    web: Web, victim: dict[str, Any]
) -> None:
    """If only hits were refused, the refusal would be the answer."""
    web.app.config["GUESSES_PER_ACCOUNT"] = Rate(3, timedelta(days=1))
    start = web.free()[1]["start"]
    answers = [answer_of(web, start, person(1)) for _ in range(4)]
    assert answers == [(409, "identity_check_pending")] * 3 + [(429, "too_many_requests")]
    assert answer_of(web, start, person(7)) == (429, "too_many_requests")
    assert answer_of(web, start, person(7), who="somebody else") == (201, "booked")


def test_an_address_has_a_budget_of_guesses_too(web: Web, victim: dict[str, Any]) -> None:
    web.app.config["GUESSES_PER_ADDRESS"] = Rate(3, timedelta(days=1))
    start = web.free()[1]["start"]
    answers = [answer_of(web, start, person(1), who=f"eve-{number}") for number in range(4)]
    assert answers == [(409, "identity_check_pending")] * 3 + [(429, "too_many_requests")]


def test_one_budget_holds_for_appointments_and_enrollments(
    web: Web, victim: dict[str, Any]
) -> None:
    web.app.config["GUESSES_PER_ACCOUNT"] = Rate(2, timedelta(days=1))
    applicant = make_applicant()
    sent = {**asdict(applicant), "birth_date": applicant.birth_date.isoformat()}
    body = {"program": "rfc", "applicant": sent, "consents": ["transfer_to_agency"]}
    mine = web.call("POST", "/enrollments", body, token=web.token("citizen", subject="owner"))
    assert mine.status_code == 202, mine.text
    eve = web.token("citizen", subject="eve")
    start = web.free()[1]["start"]
    assert answer_of(web, start, person(1)) == (409, "identity_check_pending")
    clash = web.call("POST", "/enrollments", body, token=eve)
    assert (clash.status_code, clash.get_json()["code"]) == (409, "identity_check_pending")
    spent = web.call("POST", "/enrollments", body, token=eve)
    assert (spent.status_code, spent.get_json()["code"]) == (429, "too_many_requests")
    assert int(spent.headers["Retry-After"]) > 0
    assert answer_of(web, start, person(7)) == (429, "too_many_requests")


def test_one_folio_is_looked_up_only_so_often_from_anywhere(web: Web) -> None:
    web.app.config["LOOKUPS"] = 2
    answers = [
        web.client.get("/verify/C7K3M9QXW42T", environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
        for number in range(3)
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    body = {"folio": "R7K3-M9QX-W42T", "first_surname": "Demo"}
    tries = [
        web.client.post(
            "/api/v1/remittances/lookup", json=body, environ_base={"REMOTE_ADDR": f"192.0.2.{n}"}
        )
        for n in range(3)
    ]
    assert [answer.status_code for answer in tries] == [404, 404, 429]
    assert int(tries[-1].headers["Retry-After"]) > 0


def test_a_wrong_surname_and_a_wrong_folio_answer_alike_and_take_the_same_steps(web: Web) -> None:
    ana = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=system_clock())
    recipient = {"given_names": "Rosa", "first_surname": "Demo", "clabe": make_clabe()}
    order = {"quote": web.quote("100.00", ana).get_json()["id"], "recipient": recipient}
    key = {"Idempotency-Key": "k"}
    folio = web.call("POST", "/remittances", order, token=ana, headers=key).get_json()["folio"]
    asked: list[tuple[int, dict[str, Any], int]] = []
    for wanted in ((folio, "Otra"), (new_folio(FolioKind.REMITTANCE), "Demo"), ("R", "Demo")):
        body = dict(zip(("folio", "first_surname"), wanted, strict=True))
        with counting(web.app.extensions["consular.database"]) as statements:
            answer = web.call("POST", "/remittances/lookup", body)
        problem = answer.get_json()
        del problem["request_id"]
        asked.append((answer.status_code, problem, len(statements)))
    assert asked[0] == asked[1] == asked[2]
    assert asked[0][0] == 404


def test_requests_for_enrollments_are_few_for_each_that_is_taken_in_answers_a_guess(
    web: Web,
) -> None:
    web.app.config["ENROLLMENTS_PER_ACCOUNT"] = Rate(2, timedelta(days=1))
    eve = web.token("citizen", subject="eve")
    answers = []
    for _ in range(3):
        applicant = make_applicant()
        sent = {**asdict(applicant), "birth_date": applicant.birth_date.isoformat()}
        body = {"program": "rfc", "applicant": sent, "consents": ["transfer_to_agency"]}
        answers.append(web.call("POST", "/enrollments", body, token=eve).status_code)
    assert answers == [202, 202, 429]


def test_a_page_shows_the_folio_to_take_to_a_window(web: Web, victim: dict[str, Any]) -> None:
    start, eve = web.free()[1]["start"], web.token("citizen", subject="eve")
    refusal = web.book(start, token=eve, attendees=[person(1)]).get_json()
    assert len(refusal["folio"]) == 12
    assert refusal["folio"][0] == "V"
    again = web.book(start, token=eve, attendees=[person(1)]).get_json()
    assert again["folio"] == refusal["folio"]
    with web.app.test_request_context():
        shown = form_errors(IdentityCheckPending(folio=refusal["folio"]))["form"]
    assert "folio de revisión" in shown[0]
