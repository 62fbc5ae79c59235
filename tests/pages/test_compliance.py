"""Compliance sees who sent the rule's sum on one day, and each that is shown is audited."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from services.kernel.clock import database_clock
from services.kernel.db import NETWORK_SCOPE
from services.remittances.advancing import claim_next
from services.remittances.cancelling import cancel
from services.remittances.models import Remittance
from services.remittances.rules import Status
from tests.factories.remittances import make_remittance, make_sender, prepare_reference
from tests.factories.staff import staff_browser
from tests.factories.web import Web

REPORTS = "/compliance/reports"
# As the demonstration list has it.
LISTED = "Señalada"


def test_sums_of_a_day_from_the_rules_amount_on(web: Web) -> None:
    vault = web.app.extensions["consular.vault"]
    browser = staff_browser(web.app, "compliance")
    with web.database.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session)
        prepare_reference(session, now=now)
        sender = make_sender(session, now=now, vault=vault)
        sent = [
            make_remittance(session, sender, send=send, now=now, vault=vault)
            for send in (1_000_00, 1_200_00, 300_00)
        ]
        cancel(session, sent[2].id, now=now, actor=sender)
        folios = [each.folio for each in sent]
    assert "Nadie llegó a esa suma" in browser.get(REPORTS).text
    with web.database.transaction(NETWORK_SCOPE) as session:
        least = text("UPDATE remittance_rules SET value = 2200 WHERE rule = 'record_per_day'")
        session.execute(least)
    page = browser.get(REPORTS).text
    assert "2,200.00" in page
    assert [folio[-4:] in page for folio in folios] == [True, True, False]
    with web.database.transaction(NETWORK_SCOPE) as session:
        listed = text(
            "SELECT count(*) FROM audit_entries WHERE action = 'remittance.list'"
            " AND actor_role = 'compliance' AND person_account_id = :account"
        )
        assert session.scalar(listed, {"account": sender.account_id}) == 2
    assert "Nadie llegó" in browser.get(f"{REPORTS}?from=2026-01-01&to=2026-01-31").text


def _hold(web: Web) -> UUID:
    """A remittance to somebody whose name is like a listed one."""
    vault = web.app.extensions["consular.vault"]
    with web.database.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session)
        prepare_reference(session, now=now)
        sender = make_sender(session, now=now, vault=vault)
        sent = make_remittance(session, sender, surname=LISTED, now=now, vault=vault)
        assert claim_next(session, sent.id, now=now, vault=vault) is None
        return sent.id


@pytest.mark.parametrize(
    ("decision", "words", "after"),
    [
        ("released", "Es otra persona", Status.SCREENING),
        ("refused", "Puede ser quien está en la lista", Status.REFUNDING),
    ],
)
def test_a_held_remittance_is_decided_with_a_reason(
    web: Web, decision: str, words: str, after: Status
) -> None:
    browser = staff_browser(web.app, "compliance")
    assert "Ningún envío espera una decisión" in browser.get("/compliance/").text
    held = _hold(web)
    page = browser.get("/compliance/").text
    assert f'href="/compliance/holds/{held}"' in page
    assert "demonstration" in page
    address = f"/compliance/holds/{held}"
    page = browser.get(address).text
    assert LISTED in page
    assert "12 de mayo de 1990" in page or "Nacimiento del remitente" in page
    assert 'href="#f-reason"' in browser.send(f"{address}/decide", decision=decision).text
    fields = {"decision": decision, "reason": "Otra fecha de nacimiento"}
    done = browser.send(f"{address}/decide", **fields)
    assert "Ningún envío espera una decisión" in done.text
    shown = browser.get(address).text
    assert words in shown
    assert "Otra fecha de nacimiento" in shown
    assert "Guardar la decisión" not in shown
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.get_one(Remittance, held).status == after
        read = text("SELECT count(*) FROM audit_entries WHERE action = 'remittance.read_hold'")
        assert session.scalar(read) >= 2


@pytest.mark.parametrize("role", ["treasury", "admin", "analyst"])
def test_nobody_else_sees_them(web: Web, role: str) -> None:
    browser = staff_browser(web.app, role)
    for page in (REPORTS, "/compliance/"):
        assert browser.get(page).status_code == 403


def test_an_auditor_looks_and_decides_nothing(web: Web) -> None:
    address = f"/compliance/holds/{_hold(web)}"
    browser = staff_browser(web.app, "auditor")
    assert "Guardar la decisión" not in browser.get(address).text
    assert browser.post(f"{address}/decide", decision="released", reason="x").status_code == 403
