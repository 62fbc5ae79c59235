"""A citizen reads who used their data in plain words, and nothing of our inner workings."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

import consular
import services
from consular.access_words import OTHER, WHAT
from services.appointments.rules import Step
from services.enrollments.rules import Status
from services.kernel import audit
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.remittances.rules import TRANSITIONS
from tests.factories.staff import citizen_browser
from tests.factories.web import Web

# Entries that name nobody's account; and a status to which only "remittance.cancel" leads.
_OF_NOBODY = {
    "announcement.post",
    "dataset.publish",
    "announcement.withdraw",
    "agency.lifted",
    "agency.paused",
    "duration.set",
    "maximum.set",
    "office.describe",
    "board.link",
    "board.revoke",
    "commission.amend",
    "commission.edit",
    "commission.make",
    "commission.prepare",
    "commission.return",
    "commission.sign",
    "group_indicator.added",
    "ledger.export",
    "session.open",
    "session.close",
    "appointments.list",
    "remittance.cancelling",
    "remittance.read_blocked",
}


def test_every_action_of_the_code_has_words() -> None:
    written = {f"appointment.{step}" for step in Step} | {f"enrollment.{s}" for s in Status}
    written |= {f"remittance.{s}" for after in TRANSITIONS.values() for s in after}
    for package in (consular, services):
        for source in Path(str(package.__path__[0])).rglob("*.py"):
            written |= set(re.findall(r'action="([a-z_.]+)"', source.read_text(encoding="utf-8")))
    assert written - _OF_NOBODY - set(WHAT) == set()


def test_a_citizen_reads_words_and_no_incident_of_ours(web: Web) -> None:
    web.session()
    token = web.token("citizen", subject="ana")
    booked = web.book(web.free()[0]["start"], token=token).get_json()
    officer = web.token("officer", "losangeles")
    web.call("GET", f"/appointments/{booked['id']}", token=officer)
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = session.scalar(text("SELECT account_id FROM appointments"))
        for action in ("remittance.contradiction.paid", "remittance.incident", "desk.inner_word"):
            audit.record(
                session,
                audit.Subject("remittance", UUID(int=1), account),
                action=action,
                now=system_clock(),
                actor=audit.SYSTEM,
            )
    answer = web.call("GET", "/me/accesses", token=token).get_json()["items"]
    assert [entry["action"] for entry in answer][:2] == [OTHER, "appointment.read"]
    assert answer[1]["what"] == "Vieron tu cita"
    assert "contradiction" not in str(answer)
    assert "incident" not in str(answer)
    page = citizen_browser(web.app, account).get("/mis-datos/consultas")
    assert page.status_code == 200
    assert "Vieron tu cita" in page.text
    assert "Personal del consulado, Los Ángeles" in page.text
    for untold in ("appointment.read", "contradiction", "inner_word", "incident"):
        assert untold not in page.text


def test_an_english_reader_reads_english(web: Web) -> None:
    token = web.token("citizen", subject="ana")
    web.call("GET", "/me", token=token)
    answer = web.call(
        "GET", "/me/accesses", token=token, headers={"Accept-Language": "en"}
    ).get_json()["items"]
    assert all(entry["what"].isascii() for entry in answer)
