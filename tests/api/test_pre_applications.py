"""What the desk would ask is written down before coming, sealed, and verified there."""

from __future__ import annotations

from datetime import date
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from integrations.simulator.names import Person, make_curp
from services.appointments.pre_application_forms import FORMS
from services.consulates.loading import read_rows
from services.kernel.db import NETWORK_SCOPE
from services.kernel.questionnaires import Field, Kind
from tests.factories.staff import citizen_browser, staff_browser
from tests.factories.web import Web, morning_at_office, person

BORN = date(1990, 5, 12)
DATA = {
    "had_passport": True,
    "previous_passport": "G12345678",
    "passport_lost": False,
    "marital_status": "single",
    "birth_town": "Puebla, Puebla",
    "address": "100 Main St, Los Angeles, CA 90012",
}


@pytest.fixture
def booked(web: Web) -> dict[str, Any]:
    """A household of two, of Ana's account, at Los Angeles."""
    web.session()
    token = web.token("citizen", subject="ana")
    answer = web.book(web.free()[0]["start"], token=token, attendees=[person(1), person(2)])
    assert answer.status_code == 201, answer.text
    return {"id": answer.get_json()["id"], "token": token}


def _path(booked: dict[str, Any], attendee: int = 1) -> str:
    return f"/appointments/{booked['id']}/pre-application?attendee={attendee}"


def _write(web: Web, booked: dict[str, Any], data: dict[str, Any], attendee: int = 1) -> Any:
    return web.call("PUT", _path(booked, attendee), {"data": data}, token=booked["token"])


def test_each_person_writes_their_own_and_the_office_reads_it(
    web: Web, booked: dict[str, Any]
) -> None:
    assert web.call("GET", _path(booked), token=booked["token"]).get_json()["data"] == {}
    written = _write(web, booked, DATA)
    assert written.status_code == 200, written.text
    assert written.get_json()["data"] == DATA
    other = web.call("GET", _path(booked, 2), token=booked["token"]).get_json()
    assert (other["attendee"], other["data"]) == (2, {})
    office = web.call("GET", _path(booked), token=web.token("officer", "losangeles"))
    assert office.get_json()["data"] == DATA
    for stranger in (web.token("citizen", subject="eve"), web.token("officer", "boston")):
        assert web.call("GET", _path(booked), token=stranger).status_code == 404
    with web.database.transaction(NETWORK_SCOPE) as session:
        kept = session.execute(text("SELECT answers_sealed FROM pre_applications")).scalar_one()
    assert b"G12345678" not in kept


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"marital_status": "complicated"}, "data.marital_status"),
        ({"address": None}, "data.address"),
        ({"had_passport": False}, "data.previous_passport"),
        ({"religion": "none"}, "data.religion"),
    ],
)
def test_what_is_missing_wrong_or_not_asked_is_named(
    web: Web, booked: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    answer = _write(web, booked, {**DATA, **changes})
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]


def test_a_third_person_and_a_service_that_asks_nothing_are_404(
    web: Web, booked: dict[str, Any]
) -> None:
    assert _write(web, booked, DATA, attendee=3).status_code == 404


# One answer of each kind that a field of `pre_application_fields.csv` may have.
ANSWERS = {
    Kind.TEXT: "Puebla, Puebla", Kind.YES_NO: True, Kind.DATE: "2026-03-02",
    Kind.BIRTH_DATE: "2019-02-03", Kind.CURP: make_curp(Person("Eva", "Demo", "Sol", BORN), "M"),
}  # fmt: skip


def _all_answers(fields: tuple[Field, ...]) -> dict[str, Any]:
    """Everything that is asked where each yes or no is a yes."""
    return {
        field.name: field.choices[0].value if field.kind is Kind.CHOICE else ANSWERS[field.kind]
        for field in fields
    }


def test_no_service_is_left_undecided(web: Web) -> None:
    """Each of the catalog says what can be written before, or why nothing; of those that are booked
    and whose requirements are known only the programs' own say nothing."""
    rows = read_rows("services.appointments", "pre_applications.csv", dict)
    services = web.call("GET", "/services").get_json()["items"]
    assert sorted(row["service_code"] for row in rows) == sorted(each["code"] for each in services)
    assert all(row["source"] for row in rows)
    silent = {
        each["code"]
        for each in services
        if each["bookable"] and each["requirements"] and not FORMS[each["code"]]
    }
    assert silent == {"RFC", "IMSS"}


def test_each_service_is_written_before_and_read_at_the_desk(web: Web) -> None:
    """Whatever it asks: kept as it was answered, and shown to the officer in words."""
    web.travel(morning_at_office(-1))
    codes = [code for code, form in FORMS.items() if form]
    hours = {"opens": "08:00", "closes": "15:00", "slot_minutes": 15}
    web.session(desks=[{"name": "A", "services": codes}], **hours)
    officer = staff_browser(web.app, "officer", "losangeles")
    for number, (code, slot) in enumerate(zip(codes, web.free(), strict=False)):
        token = web.token("citizen", subject=f"p{number}")
        booked = web.book(
            slot["start"], token=token, service=code, attendees=[person(number)], contact=None
        )
        assert booked.status_code == 201, booked.text
        mine, answers = {"id": booked.get_json()["id"], "token": token}, _all_answers(FORMS[code])
        written = _write(web, mine, answers)
        assert written.status_code == 200, (code, written.text)
        assert written.get_json()["data"] == answers
        shown = unescape(officer.get(f"/desk/appointments/{mine['id']}").text)
        for field in FORMS[code]:
            assert field.label.es in shown, (code, field.name)


def test_it_is_filled_in_on_a_page_verified_at_the_desk_and_changed_until_the_start(
    web: Web, booked: dict[str, Any]
) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        account: UUID = session.execute(text("SELECT account_id FROM appointments")).scalar_one()
    page = f"/citas/{booked['id']}/antes-de-venir/1"
    form = {f"data-{name}": str(value) for name, value in DATA.items()}
    form |= {"data-had_passport": "yes", "data-passport_lost": "no"}
    citizen = citizen_browser(web.app, account)
    refused = citizen.send(page, **{**form, "data-address": ""}).text
    assert 'href="#f-data-address"' in refused
    assert "G12345678" in refused
    saved = citizen.send(page, **form).text
    assert "Ya lo escribiste" in saved
    assert citizen.get(f"/citas/{booked['id']}/cita.pdf").status_code == 200
    web.travel(morning_at_office())
    officer = staff_browser(web.app, "officer", "losangeles")
    shown = unescape(officer.get(f"/desk/appointments/{booked['id']}").text)
    assert "G12345678" in shown
    verify = f"/desk/appointments/{booked['id']}/verify-pre-application"
    assert "Comprobado con sus documentos" in officer.send(verify, attendee="1").text
    token = web.token("citizen", subject="ana")
    assert web.call("GET", _path(booked), token=token).get_json()["verified_at"]
    accesses = web.call("GET", "/me/accesses", token=token).get_json()["items"]
    assert "appointment.verify_pre_application" in {each["action"] for each in accesses}
    desk = web.token("officer", "losangeles")
    checked = web.call(
        "POST", f"/appointments/{booked['id']}/check-in", {"identity_checked": True}, token=desk
    )
    assert checked.status_code == 200, checked.text
    late = _write(web, {**booked, "token": token}, DATA)
    assert (late.status_code, late.get_json()["code"]) == (409, "wrong_state")
