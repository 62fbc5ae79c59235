"""Nothing is hidden from the person whose data it is: one answer holds all of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tests.factories.enrollments import make_applicant
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
