"""Who couldn't be told is on a list at the desk, on the appointment's page, and learns it there."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from services.messages.delivering import Notice, note_outcome, prepare
from services.messages.rules import State, addresses
from tests.factories.staff import citizen_browser, staff_browser
from tests.factories.web import Web, person


def _lose_confirmation(web: Web, appointment: UUID) -> UUID:
    """The confirmation bounces, and no telephone was given; returns whose appointment it is."""
    now, vault = (web.app.extensions[f"consular.{name}"] for name in ("clock", "vault"))
    with web.database.transaction(NETWORK_SCOPE) as session:
        account: UUID = session.execute(text("SELECT account_id FROM appointments")).scalar_one()
        notice = Notice(
            item=uuid4(),
            topic="appointments.confirmation",
            ref=appointment,
            kind="appointment_confirmation",
            language="es",
            consulate="losangeles",
            account=account,
            addresses=addresses("rebota@demo.invalid", None),
        )
        outgoing = prepare(session, notice, now=now(), vault=vault)
        assert outgoing is not None
        note_outcome(session, outgoing.id, State.BOUNCED, reason=None, now=now())
        assert prepare(session, notice, now=now(), vault=vault) is None
    return account


def test_the_office_and_the_person_learn_it_until_staff_told_them(web: Web) -> None:
    web.session()
    answer = web.book(web.free()[0]["start"], token=web.token("citizen"), attendees=[person(3)])
    appointment = UUID(answer.get_json()["id"])
    account = _lose_confirmation(web, appointment)
    officer = staff_browser(web.app, "officer", "losangeles")

    page = officer.get(f"/desk/appointments/{appointment}").text
    assert "No le llegó el aviso" in page
    assert "rebotó" in page
    owners = citizen_browser(web.app, account).get(f"/citas/{appointment}").text
    assert "No te llegó nuestro aviso" in owners
    [copied, lost] = web.call("GET", "/me/data", token=web.token("citizen")).get_json()["messages"]
    assert {(copied["channel"], copied["address"]), (lost["channel"], lost["address"])} == {
        ("desk", None),
        ("email", "rebota@demo.invalid"),
    }

    assert (
        "Demo Aaad" not in staff_browser(web.app, "officer", "chicago").get("/desk/messages").text
    )
    listed = officer.get("/desk/messages").text
    assert "Demo Aaad" in listed
    assert "Cita confirmada" in listed
    match = re.search(r'action="(/desk/messages/[^"]+/told)"', listed)
    assert match is not None
    assert "Demo Aaad" not in officer.send(match[1]).text


def test_whose_place_was_canceled_without_an_address_is_listed(web: Web) -> None:
    """The message is about a person of the appointment: the list leads to the appointment."""
    web.session(desks=[{"name": name, "services": ["PAS10"]} for name in "AB"])
    token = web.token("citizen")
    family = [person(3), person(4)]
    booked = web.book(web.free()[0]["start"], token=token, attendees=family).get_json()
    web.call("POST", f"/appointments/{booked['id']}/attendees/2/cancel", {}, token=token)
    now, vault = (web.app.extensions[f"consular.{name}"] for name in ("clock", "vault"))
    with web.database.transaction(NETWORK_SCOPE) as session:
        item = session.execute(
            text("SELECT id, ref FROM outbox WHERE topic = 'appointments.attendee_cancelled'")
        ).one()
        notice = Notice(
            item=item.id,
            topic="appointments.attendee_cancelled",
            ref=item.ref,
            kind="attendee_cancelled",
            language="es",
            consulate="losangeles",
            account=None,
            addresses=addresses(None, None),
        )
        assert prepare(session, notice, now=now(), vault=vault) is None
    listed = staff_browser(web.app, "officer", "losangeles").get("/desk/messages").text
    assert f"/desk/appointments/{booked['id']}" in listed
    assert "Una persona ya no va a la cita" in listed
