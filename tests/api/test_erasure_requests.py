"""One's data are erased by API or page alike; an office asks, and somebody else decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from consular.blocked import read_blocked
from services.kernel.audit import Actor, Role
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import NotFound
from services.kernel.ids import FolioKind, new_folio
from services.privacy.erasing import erase
from services.privacy.requesting import request_own_erasure
from services.remittances.advancing import claim_next
from services.remittances.payout import PayoutAnswer, settle_payout
from services.remittances.rules import Answer
from tests.factories.remittances import NOW, make_remittance, prepare_reference
from tests.factories.staff import citizen_browser, staff_browser
from tests.factories.web import BORN, Web, person

KIND = {"kind": "cancellation"}
ADDRESS = "/mis-datos/suprimir"


def _carry_out(web: Web) -> None:
    """As the workers do."""
    vault = web.app.extensions["consular.vault"]
    now = web.app.extensions["consular.clock"]()
    with web.database.transaction(NETWORK_SCOPE) as session:
        waiting = session.scalars(text("SELECT ref FROM outbox WHERE topic = 'privacy.erase'"))
        for request in waiting.all():
            erase(session, request, now=now, vault=vault)


def _asked(web: Web, token: str) -> dict[str, Any]:
    answer = web.call("POST", "/me/arco-requests", KIND, token=token)
    assert answer.status_code == 202, answer.text
    return dict(answer.get_json())


def test_a_citizen_asks_and_is_erased(web: Web) -> None:
    token = web.token("citizen", subject="ana")
    erasure = _asked(web, token)
    assert (erasure["status"], erasure["obstacles"]) == ("approved", [])
    assert _asked(web, token)["folio"] == erasure["folio"]
    _carry_out(web)
    listed = web.call("GET", "/me/arco-requests", token=token).get_json()["items"]
    assert [item["status"] for item in listed] == ["done"]
    names = web.call("GET", "/me", token=token).get_json()
    assert [names[name] for name in ("given_names", "birth_date", "email")] == [None] * 3
    actions = web.call("GET", "/me/accesses", token=token).get_json()["items"]
    assert {"erasure.request", "erasure.done"} <= {entry["action"] for entry in actions}


def test_what_stands_in_the_way_is_told_and_may_end(web: Web) -> None:
    token = web.token("citizen", subject="ana")
    web.session()
    booked = web.book(web.free()[0]["start"], token=token).get_json()
    assert _asked(web, token)["obstacles"] == ["live_appointment"]
    _carry_out(web)
    assert web.call("GET", "/me", token=token).get_json()["given_names"]
    web.call("POST", f"/appointments/{booked['id']}/cancel", {}, token=token)
    _carry_out(web)
    assert web.call("GET", "/me", token=token).get_json()["given_names"] is None


def test_the_page_does_the_same_and_the_folio_tells_how_it_went(web: Web) -> None:
    ana = UUID(web.call("GET", "/me", token=web.token("citizen")).get_json()["id"])
    browser = citizen_browser(web.app, ana)
    assert "No se puede deshacer" in browser.get(ADDRESS).text
    refused = browser.send(ADDRESS)
    assert "Confirmación" in refused.text
    page = browser.send(ADDRESS, confirm="yes")
    assert "Recibimos tu solicitud" in page.text
    address = page.request.path
    assert browser.get(ADDRESS).location == address
    _carry_out(web)
    assert browser.get("/mis-datos").status_code in (302, 303)
    assert "Tus datos se suprimieron" in web.client.get(address).text
    unknown = new_folio(FolioKind.ERASURE)
    assert web.client.get(f"/supresion/{unknown}").status_code == 404


def test_an_office_asks_and_compliance_decides(web: Web) -> None:
    officer = staff_browser(web.app, "officer", "losangeles")
    boss = staff_browser(web.app, "compliance")
    form = {
        "document": "Pasaporte", "identity_checked": "true", "given_names": "Ana",
        "first_surname": "Demo", **BORN,
    }  # fmt: skip
    checks = [officer.send("/desk/identity", **form).request.path for _ in range(2)]
    for check in checks:
        assert "Se pidió suprimir sus datos" in officer.send(f"{check}/erase").text
    assert officer.get("/supresiones/").status_code == 403
    waiting = boss.get("/supresiones/").text
    with web.database.transaction(NETWORK_SCOPE) as session:
        first, second = session.scalars(
            text("SELECT id FROM erasure_requests ORDER BY requested_at")
        ).all()
    assert str(first) in waiting
    assert str(second) in waiting
    boss.send(f"/supresiones/{second}/negar", refusal="identity_not_proven")
    assert "No hay nada por decidir" in boss.send(f"/supresiones/{first}/aprobar").text
    _carry_out(web)
    with web.database.transaction(NETWORK_SCOPE) as session:
        statuses = session.scalars(
            text("SELECT status FROM erasure_requests ORDER BY requested_at")
        ).all()
        assert statuses == ["done", "refused"]
        names = session.scalars(text("SELECT DISTINCT given_names FROM people")).all()
        assert names == [""]


@pytest.mark.parametrize("kind", ["access", "", None])
def test_another_right_is_refused_with_its_field(web: Web, kind: str | None) -> None:
    answer = web.call("POST", "/me/arco-requests", {"kind": kind}, token=web.token("citizen"))
    assert answer.status_code == 422


def test_the_desk_sees_that_whoever_came_was_erased(web: Web) -> None:
    token = web.token("citizen", subject="ana")
    web.session()
    start = web.free()[0]["start"]
    booked = web.book(start, token=token, attendees=[person(1)]).get_json()
    web.call("POST", f"/appointments/{booked['id']}/cancel", {}, token=token)
    _asked(web, token)
    _carry_out(web)
    desk = staff_browser(web.app, "officer", "losangeles")
    page = desk.get(f"/desk/appointments/{booked['id']}")
    assert page.status_code == 200
    assert "Datos suprimidos" in page.text
    assert "Demo" not in page.text.partition("<main")[2]


def test_what_the_law_keeps_is_read_by_folio_alone(web: Web) -> None:
    token = web.token("citizen", subject="ana")
    mine = UUID(web.call("GET", "/me", token=token).get_json()["id"])
    vault, actor = web.app.extensions["consular.vault"], Actor(Role.CITIZEN, mine)
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session)
        remittance = make_remittance(session, actor, now=NOW, vault=vault)
        claim_next(session, remittance.id, now=NOW, vault=vault)
        settle_payout(session, remittance.id, PayoutAnswer(Answer.PAID), now=NOW)
        folio = remittance.folio
    with pytest.raises(NotFound):
        read_blocked(web.settings, folio)
    web.travel(NOW + timedelta(days=40))
    with web.database.transaction(NETWORK_SCOPE) as session:
        request_own_erasure(session, now=NOW, actor=actor)
    _carry_out(web)
    assert read_blocked(web.settings, folio)["recipient"]["given_names"] == "Hermelinda"
