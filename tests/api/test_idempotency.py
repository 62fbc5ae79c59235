"""However often and however fast a request is repeated, it has one effect and one answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from services.appointments import booking
from services.appointments.errors import SlotTaken
from services.appointments.models import Appointment
from services.facts.models import Fact
from services.kernel.audit import Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.outbox.models import OutboxItem
from services.remittances.models import Quote
from tests.api.calls import call_of, steady_web, token_of
from tests.factories.remittances import make_clabe, prepare_reference
from tests.factories.web import Web, person
from tests.servers import Addresses

AT_ONCE = 50


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One for the whole file; every test is another citizen's."""
    with steady_web(servers, tmp_path_factory.mktemp("idempotency")) as running:
        with _database(running).transaction(NETWORK_SCOPE) as session:
            prepare_reference(session, now=system_clock())
        running.session(opens="08:00", closes="16:00")
        yield running


def _database(web: Web) -> Database:
    database: Database = web.database
    return database


def _key(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def _booking(web: Web, number: int) -> dict[str, Any]:
    return {
        "consulate": "losangeles",
        "service": "PAS10",
        "start": web.free()[0]["start"],
        "attendees": [person(number)],
    }


QUOTE = {
    "send": {"amount": "100.00", "currency": "USD"},
    "funding": "bank_account",
    "payout": "account",
}


def _all_at_once(web: Web, path: str, body: Any, token: str, keys: list[str]) -> list[Any]:
    """(status, body) of each request; all are sent in the same moment."""
    barrier = Barrier(len(keys))

    def post(key: str) -> tuple[int, Any]:
        barrier.wait(timeout=120)
        answer = web.call("POST", path, body, token=token, headers=_key(key))
        return answer.status_code, answer.get_json()

    with ThreadPoolExecutor(len(keys)) as pool:
        return list(pool.map(post, keys))


def test_fifty_posts_at_once_with_one_key_are_one_appointment(web: Web) -> None:
    token = token_of(web, Role.CITIZEN, subject="fifty")
    body = _booking(web, 50)
    before = web.free()
    answers = _all_at_once(web, "/appointments", body, token, ["fifty"] * AT_ONCE)
    assert [answer for answer in answers if answer != answers[0]] == []
    assert answers[0][0] == 201, answers[0]
    listed = web.call("GET", "/appointments", token=token).get_json()["items"]
    assert [item["id"] for item in listed] == [answers[0][1]["id"]]
    taken = sum(s["free"] for s in before) - sum(s["free"] for s in web.free())
    assert taken == 1
    with _database(web).transaction(NETWORK_SCOPE) as session:
        appointment = answers[0][1]["id"]
        for table, column in ((Fact, Fact.subject_id), (OutboxItem, OutboxItem.ref)):
            rows = select(func.count()).select_from(table).where(column == appointment)
            assert session.scalar(rows) == 1


def test_fifty_posts_at_once_with_fifty_keys_are_still_one_appointment(web: Web) -> None:
    """The person's claim holds where the key can't."""
    token = token_of(web, Role.CITIZEN, subject="keys")
    body = _booking(web, 51)
    keys = [f"key-{number}" for number in range(AT_ONCE)]
    answers = _all_at_once(web, "/appointments", body, token, keys)
    assert [status for status, _ in answers].count(201) == 1
    assert {answer["code"] for status, answer in answers if status != 201} <= {
        "already_booked", "slot_taken", "request_in_progress", "identity_check_pending",
    }  # fmt: skip
    assert len(web.call("GET", "/appointments", token=token).get_json()["items"]) == 1


def test_whoever_finds_no_place_hears_what_the_same_request_found_meanwhile(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place is freed after the first of them looked, and before it is told why not."""
    token = token_of(web, Role.CITIZEN, subject="meanwhile")
    web.session(consulate="miami", service_minutes={"PAS10": 30})
    start = web.free(consulate="miami")[0]["start"]
    attendees = [person(59)]
    body = {"consulate": "miami", "service": "PAS10", "start": start, "attendees": attendees}
    search: Any = booking._book_by_search
    answers = []

    def post() -> TestResponse:
        return web.call("POST", "/appointments", body, token=token, headers=_key("meanwhile"))

    def find_nothing_first(*asked: Any) -> Any:
        monkeypatch.setattr(booking, "_book_by_search", search)
        answers.append(post())
        raise SlotTaken()

    monkeypatch.setattr(booking, "_book_by_search", find_nothing_first)
    answers.append(post())
    assert [answer.status_code for answer in answers] == [201, 201], answers[-1].text
    assert answers[0].get_json() == answers[1].get_json()


def test_posts_at_once_with_one_key_are_one_quote(web: Web) -> None:
    token = token_of(web, Role.CITIZEN, subject="quotes")
    answers = _all_at_once(web, "/quotes", QUOTE, token, ["one"] * 10)
    assert [answer for answer in answers if answer != answers[0]] == []
    assert answers[0][0] == 201, answers[0]
    account = web.call("GET", "/me", token=token).get_json()["id"]
    with _database(web).transaction(NETWORK_SCOPE) as session:
        quotes = select(func.count()).select_from(Quote).where(Quote.account_id == account)
        assert session.scalar(quotes) == 1


def test_money_moves_once_for_many_posts_of_one_order(web: Web) -> None:
    token = token_of(web, Role.CITIZEN, subject="money")
    quote = web.call("POST", "/quotes", QUOTE, token=token).get_json()["id"]
    recipient = {"given_names": "Luz", "first_surname": "Ibarra", "clabe": make_clabe()}
    body = {"quote": quote, "recipient": recipient, "purpose": "family"}
    answers = _all_at_once(web, "/remittances", body, token, ["one"] * 20)
    assert [answer for answer in answers if answer != answers[0]] == []
    assert answers[0][0] == 202, answers[0]
    assert len(web.call("GET", "/remittances", token=token).get_json()["items"]) == 1
    again = web.call("POST", "/remittances", body, token=token, headers=_key("two"))
    assert (again.status_code, again.get_json()["code"]) == (409, "quote_used")


def test_money_doesnt_move_without_a_key(web: Web) -> None:
    call = call_of(web, "remittances.create_remittance")
    for headers in ({}, {"Idempotency-Key": ""}):
        for body in (call.body, {}):
            answer = web.call("POST", call.path, body, token=call.token, headers=headers)
            refusal = (answer.status_code, answer.get_json()["code"])
            assert refusal == (400, "idempotency_key_required")


def test_a_refused_request_leaves_its_key_free(web: Web) -> None:
    token = token_of(web, Role.CITIZEN, subject="refused")
    body = _booking(web, 52)
    closed = {**body, "start": body["start"].replace("T08", "T03").replace("T09", "T03")}
    assert closed != body
    refused = web.call("POST", "/appointments", closed, token=token, headers=_key("again"))
    assert (refused.status_code, refused.get_json()["code"]) == (409, "slot_not_offered")
    booked = web.call("POST", "/appointments", body, token=token, headers=_key("again"))
    assert booked.status_code == 201, booked.text


def test_a_key_with_another_body_or_at_another_address_is_refused(web: Web) -> None:
    token = token_of(web, Role.CITIZEN, subject="reused")
    body = _booking(web, 53)
    booked = web.call("POST", "/appointments", body, token=token, headers=_key("used"))
    assert booked.status_code == 201, booked.text
    other = web.call(
        "POST", "/appointments", {**body, "language": "en"}, token=token, headers=_key("used")
    )
    elsewhere = web.call(
        "POST", f"/appointments/{booked.get_json()['id']}/cancel", {}, token=token,
        headers=_key("used"),
    )  # fmt: skip
    for answer in (other, elsewhere):
        assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_key_reused")


def test_one_key_for_every_step_of_a_transfer_never_answers_for_another_step(web: Web) -> None:
    """A refusal (409, 422) leaves the key free; what was done answers with its own alone."""
    token = token_of(web, Role.CITIZEN, subject="steps")
    recipient = {"given_names": "Luz", "first_surname": "Ibarra", "clabe": make_clabe()}

    def order(quote: str, **of: str) -> Any:
        body = {"quote": quote, "recipient": {**recipient, **of}}
        return web.call("POST", "/remittances", body, token=token, headers=_key("step"))

    quotes = [web.call("POST", "/quotes", QUOTE, token=token).get_json()["id"] for _ in range(2)]
    for wrong in ({"clabe": "1" * 18}, {"first_surname": ""}):
        assert order(quotes[0], **wrong).status_code == 422
    body = {"quote": quotes[0], "recipient": recipient}
    first = web.call("POST", "/remittances", body, token=token, headers=_key("other"))
    assert first.status_code == 202
    assert order(quotes[0]).get_json()["code"] == "quote_used"
    sent = order(quotes[1])
    assert sent.status_code == 202, sent.text
    for path, other in (
        ("/quotes", QUOTE),
        ("/remittances", {**body, "purpose": "health"}),
        (f"/remittances/{sent.get_json()['id']}/cancel", {}),
    ):
        reused = web.call("POST", path, other, token=token, headers=_key("step"))
        assert (reused.status_code, reused.get_json()["code"]) == (422, "idempotency_key_reused")
    assert len(web.call("GET", "/remittances", token=token).get_json()["items"]) == 2


def test_two_people_may_choose_the_same_key(web: Web) -> None:
    appointments = set()
    for number in (54, 55):
        token = token_of(web, Role.CITIZEN, subject=f"same-{number}")
        answer = web.call(
            "POST", "/appointments", _booking(web, number), token=token, headers=_key("same")
        )
        assert answer.status_code == 201, answer.text
        appointments.add(answer.get_json()["id"])
    assert len(appointments) == 2


def test_a_repeated_cancellation_gets_the_answer_of_the_first(web: Web) -> None:
    token = token_of(web, Role.CITIZEN, subject="cancel")
    appointment = web.call("POST", "/appointments", _booking(web, 56), token=token).get_json()["id"]
    path = f"/appointments/{appointment}/cancel"
    first, second = (
        web.call("POST", path, {}, token=token, headers=_key("once")) for _ in range(2)
    )
    assert (first.status_code, first.get_json()) == (second.status_code, second.get_json())
    assert first.get_json()["status"] == "cancelled"
    without = web.call("POST", path, {}, token=token)
    assert (without.status_code, without.get_json()["code"]) == (409, "wrong_state")
    with _database(web).transaction(NETWORK_SCOPE) as session:
        rows = select(func.count()).select_from(Appointment).where(Appointment.id == appointment)
        assert session.scalar(rows) == 1


@pytest.mark.parametrize("spelling", ["other order and spaces", "escaped letters"])
def test_the_same_content_in_another_spelling_gets_the_first_answer(
    web: Web, spelling: str
) -> None:
    token = token_of(web, Role.CITIZEN, subject=f"spelling {spelling}")
    body = {**_booking(web, 60 + len(spelling)), "language": "es"}
    body["attendees"][0]["given_names"] = "Ñandú"
    first = web.call("POST", "/appointments", body, token=token, headers=_key("spelt"))
    assert first.status_code == 201, first.text
    other = json.dumps(dict(reversed(body.items())), indent=3, ensure_ascii=spelling[0] == "e")
    again = web.client.post(
        "/api/v1/appointments",
        data=other.encode(),
        content_type="application/json",
        headers={**_key("spelt"), "Authorization": f"Bearer {token}"},
    )
    assert (again.status_code, again.get_json()["id"]) == (201, first.get_json()["id"])
