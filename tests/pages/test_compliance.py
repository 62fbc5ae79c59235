"""Compliance sees who sent the rule's sum on one day, and each that is shown is audited."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from services.kernel.clock import database_clock
from services.kernel.db import NETWORK_SCOPE
from services.remittances.cancelling import cancel
from tests.factories.remittances import make_remittance, make_sender, prepare_reference
from tests.factories.staff import staff_browser
from tests.factories.web import Web

REPORTS = "/compliance/reports"


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


@pytest.mark.parametrize("role", ["treasury", "admin", "analyst"])
def test_nobody_else_sees_them(web: Web, role: str) -> None:
    assert staff_browser(web.app, role).get(REPORTS).status_code == 403
