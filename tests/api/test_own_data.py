"""Nothing is hidden from the person whose data it is: one answer holds all of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.remittances.models import Charge, Remittance
from tests.factories.enrollments import make_applicant
from tests.factories.remittances import pay_for, prepare_reference
from tests.factories.web import Web, person


def _copy(web: Web, token: str) -> dict[str, Any]:
    answer = web.call("GET", "/me/data", token=token)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def test_a_citizen_gets_everything_and_only_their_own(web: Web) -> None:
    web.session()
    ana = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    eve = web.token("citizen", subject="eve", name="Eva|Otra|Prueba")
    first, second = (slot["start"] for slot in web.free()[:2])
    child = person(7, birth_date="2015-01-02")
    booked = web.book(first, token=ana, attendees=[child]).get_json()
    web.book(second, token=eve, attendees=[person(8)])
    applicant = make_applicant()
    sent = {**asdict(applicant), "birth_date": applicant.birth_date.isoformat()}
    body = {"program": "rfc", "applicant": sent, "consents": ["transfer_to_agency"]}
    enrolled = web.call("POST", "/enrollments", body, token=ana).get_json()
    officer = web.token("officer", "losangeles")
    web.call("GET", f"/appointments/{booked['id']}", token=officer)

    copy = _copy(web, ana)
    assert copy["profile"]["given_names"] == "Ana"
    assert [a["folio"] for a in copy["appointments"]] == [booked["folio"]]
    assert [e["folio"] for e in copy["enrollments"]] == [enrolled["folio"]]
    assert copy["remittances"] == []
    named = {(p["given_names"], p["first_surname"]): p for p in copy["people"]}
    assert (child["given_names"], child["first_surname"]) in named
    applied = named[(applicant.given_names, applicant.first_surname)]
    assert (applied["curp"], applied["email"]) == (applicant.curp, applicant.email)
    assert "appointment.read" in [entry["action"] for entry in copy["accesses"]]
    assert "Otra" not in str(copy)
    assert person(8)["first_surname"] not in str(copy)


def test_every_page_of_it_is_there(web: Web) -> None:
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    officer = web.token("officer", "losangeles")
    web.session()
    booked = web.book(web.free()[0]["start"], token=token).get_json()
    for _ in range(120):
        web.call("GET", f"/appointments/{booked['id']}", token=officer)
    entries = _copy(web, token)["accesses"]
    assert [entry["action"] for entry in entries].count("appointment.read") == 120


def test_nobody_else_asks_for_it(web: Web) -> None:
    assert web.call("GET", "/me/data").status_code == 401
    officer = web.token("officer", "losangeles")
    assert web.call("GET", "/me/data", token=officer).status_code == 403


def test_the_copy_says_how_a_transfer_was_paid_for_and_that_names_were_compared(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=system_clock())
    ana = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    price = {
        "send": {"amount": "20.00", "currency": "USD"},
        "funding": "us_card",
        "payout": "branch",
    }
    quote = web.call("POST", "/quotes", price, token=ana).get_json()["id"]
    order = {"quote": quote, "recipient": {"given_names": "Rosa", "first_surname": "Ibarra"}}
    sent = web.call(
        "POST", "/remittances", order, token=ana, headers={"Idempotency-Key": quote}
    ).get_json()
    hit = text(
        "INSERT INTO screening_hits (id, remittance_id, party, list_name, reference, name,"
        " found_at, decision, reason, decided_at) VALUES (gen_random_uuid(), :id, 'sender', 'demo',"
        " '7', 'ANA LISTADA', now(), 'released', 'otra persona', now())"
    )
    with web.database.transaction(NETWORK_SCOPE) as session:
        row = session.get_one(Remittance, UUID(sent["id"]))
        pay_for(session, row, now=system_clock())
        session.get_one(Charge, row.id).provider_reference = "ch_123"
        session.execute(hit, {"id": row.id})
    [copied] = _copy(web, ana)["remittances"]
    charge = copied["charge"]
    assert (charge["funding"], charge["state"]) == ("us_card", "paid")
    assert charge["amount"] == {"amount": "22.99", "currency": "USD"}
    assert charge["paid_at"]
    assert charge["provider_reference"] == "ch_123"
    [compared] = copied["screening"]
    assert (compared["party"], compared["list_name"]) == ("sender", "demo")
    assert compared["decision"] == "released"
    # Who is on the list is somebody else.
    assert "LISTADA" not in str(copied)
    shown = web.call("GET", f"/remittances/{sent['id']}", token=ana).get_json()
    assert "screening" not in shown
