"""Treasury and compliance see what needs a person, and settle it: page, API, metric, doctor."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from consular.doctor import examine
from services.incidents.reporting import Report, report, suspend
from services.incidents.rules import Kind, Subject
from services.kernel.clock import database_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.ledger.queries import balance
from services.remittances.advancing import claim_next
from services.remittances.entries import LedgerCode
from services.remittances.models import Remittance
from services.remittances.payout import PayoutAnswer, settle_payout
from services.remittances.queries import proof
from services.remittances.rules import Answer
from services.remittances.suspense import clear_suspense
from tests.factories.remittances import make_remittance, make_sender, prepare_reference
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web


@pytest.fixture
def treasurer(web: Web) -> Browser:
    return staff_browser(web.app, "treasury")


def _report(workers: Database, kind: Kind = Kind.JOB_PARKED, **detail: object) -> UUID:
    with workers.transaction(NETWORK_SCOPE) as session:
        incident = Report(kind, Subject.JOB, new_id(), detail)
        return report(session, incident, now=database_clock(session))


def test_an_answer_that_says_nothing_of_the_sender_tells_staff_what_to_do(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    detail = {"operation": "refund", "code": "more_than_paid"}
    with workers.transaction(NETWORK_SCOPE) as session:
        incident = Report(Kind.FUNDING_CONTRADICTS, Subject.REMITTANCE, new_id(), detail)
        opened = report(session, incident, now=database_clock(session))
    step = "Suma con ella lo que ya devolvió de ese folio."
    assert step in treasurer.get(f"/incidents/{opened}").text
    # A code of the same name elsewhere means something else.
    job = _report(workers, code="more_than_paid")
    assert step not in treasurer.get(f"/incidents/{job}").text


def _paid_after_refund(web: Web, workers: Database) -> tuple[UUID, str]:
    """An incident, and the folio of what it is about."""
    vault = web.app.extensions["consular.vault"]
    with workers.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session)
        prepare_reference(session, now=now)
        sender = make_sender(session, now=now, vault=vault)
        remittance = make_remittance(session, sender, send=10_00, now=now, vault=vault)
        claim_next(session, remittance.id, now=now, vault=vault)
        for answer in (Answer.REFUSED, Answer.PAID):
            settle_payout(session, remittance.id, PayoutAnswer(answer), now=now)
        folio = session.get_one(Remittance, remittance.id).folio
        incident: UUID = session.execute(text("SELECT id FROM incidents")).scalar_one()
    return incident, folio


@pytest.mark.parametrize("role", ["treasury", "compliance"])
def test_their_work_begins_at_the_queue_which_says_when_it_is_empty(web: Web, role: str) -> None:
    browser = staff_browser(web.app, role)
    assert browser.get("/").headers["Location"].endswith("/incidents/")
    page = browser.get("/incidents/")
    assert "No hay nada por atender" in page.text


@pytest.mark.parametrize("role", ["analyst", "admin", "auditor", "agent"])
def test_nobody_else_sees_it(web: Web, role: str) -> None:
    assert staff_browser(web.app, role).get("/incidents/").status_code == 403


def test_filters_stand_in_the_address(web: Web, workers: Database, treasurer: Browser) -> None:
    _report(workers, Kind.JOB_PARKED)
    _report(workers, Kind.ANSWER_OVERDUE)
    both = treasurer.get("/incidents/").text
    assert both.count(">Abrir<") == 2
    one = treasurer.get("/incidents/?kind=job_parked").text
    assert one.count(">Abrir<") == 1
    assert "Tarea abandonada" in one
    assert "No hay casos con estos filtros" in treasurer.get("/incidents/?taken=me").text
    assert "No hay casos con estos filtros" in treasurer.get("/incidents/?state=resolved").text
    assert "Elige una de las opciones" in treasurer.get("/incidents/?kind=nonsense").text


def test_it_is_taken_noted_and_resolved_with_a_reason(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    incident = _report(workers, topic="rates.fetch")
    address = f"/incidents/{incident}"
    treasurer.post(f"{address}/take")
    other = staff_browser(web.app, "compliance")
    assert "Otra persona atiende ese caso" in other.send(f"{address}/take").text
    assert "Banxico no contesta" in other.send(f"{address}/note", note="Banxico no contesta").text
    missing = treasurer.send(f"{address}/resolve", resolution="explained").text
    assert 'href="#f-reason"' in missing
    reason = {"resolution": "explained", "reason": "Ya contestó"}
    page = treasurer.send(f"{address}/resolve", **reason).text
    assert "Banxico no contesta" in page
    assert "Ya contestó" in page
    assert "Demo Compliance" in page
    assert "Cerrar el caso" not in page
    assert "Ese caso ya se cerró" in treasurer.send(f"{address}/note", note="tarde").text
    with web.database.transaction(NETWORK_SCOPE) as session:
        actions = session.scalars(
            text("SELECT action FROM audit_entries WHERE subject_id = :id ORDER BY at, id"),
            {"id": incident},
        ).all()
    assert list(actions) == ["incident.taken", "incident.noted", "incident.resolved"]


def test_money_in_suspense_is_cleared_by_a_worker_as_the_treasurer_says(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    incident, folio = _paid_after_refund(web, workers)
    address = f"/incidents/{incident}"
    page = treasurer.get(address).text
    assert folio[:4] in page
    assert "184.56" in page
    vague = treasurer.send(f"{address}/resolve", resolution="explained", reason="da igual").text
    assert "Elige una de las opciones que muestra el caso" in vague
    lost = treasurer.send(f"{address}/resolve", resolution="written_off", reason="Se perdió").text
    assert "Pérdida asumida" in lost
    with workers.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT ref FROM outbox WHERE topic = 'incidents.clear_suspense'")
        assert session.execute(query).scalar_one() == incident
        assert balance(session, LedgerCode.SUSPENSE_MXN) == 184_56
        for cleared in (True, False):
            assert clear_suspense(session, incident, now=database_clock(session)) is cleared
        assert balance(session, LedgerCode.SUSPENSE_MXN) == 0
        assert balance(session, LedgerCode.LOSSES_MXN) == 184_56
        assert proof(session).holds


def test_whose_remittance_is_looked_at_is_told(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    incident, _folio = _paid_after_refund(web, workers)
    treasurer.get(f"/incidents/{incident}")
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text(
            "SELECT count(*) FROM audit_entries a JOIN remittances r ON r.id = a.subject_id"
            " WHERE a.action = 'remittance.read' AND a.person_account_id = r.account_id"
        )
        assert session.execute(query).scalar_one() == 1


def test_what_was_paid_short_is_closed_knowing_what_the_sender_hears(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    """What lacks is owed, not lost: closed like that, the transfer counts as paid in full."""
    said = "Al remitente se le dice que llegó todo"
    vault = web.app.extensions["consular.vault"]
    for minor, owed in ((100_00, True), (200_00, False)):
        with workers.transaction(NETWORK_SCOPE) as session:
            now = database_clock(session)
            prepare_reference(session, now=now)
            sender = make_sender(session, now=now, vault=vault)
            sent = make_remittance(session, sender, send=10_00, now=now, vault=vault)
            claim_next(session, sent.id, now=now, vault=vault)
            settle_payout(session, sent.id, PayoutAnswer(Answer.PAID, amount_minor=minor), now=now)
            query = text("SELECT id FROM incidents WHERE subject_id = :id")
            incident = session.execute(query, {"id": sent.id}).scalar_one()
        page = treasurer.get(f"/incidents/{incident}").text
        assert (said in page, "La casa asume la pérdida" in page) == (owed, not owed)


def test_the_web_moves_no_suspense(web: Web, workers: Database) -> None:
    incident = _report(workers, Kind.AMOUNT_DIFFERS)
    for attempt in (
        "UPDATE incidents SET suspense_minor = 1 WHERE id = :id",
        "UPDATE incidents SET kind = 'job_parked' WHERE id = :id",
        "UPDATE incidents SET suspense_cleared_at = now() WHERE id = :id",
        "DELETE FROM incidents WHERE id = :id",
    ):
        with (
            pytest.raises(Exception, match="permission denied"),
            web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session,
        ):
            session.execute(text(attempt), {"id": incident})


def test_the_same_over_the_api(web: Web, workers: Database) -> None:
    incident = _report(workers, topic="rates.fetch")
    token = web.token("treasury")
    listed = web.call("GET", "/incidents?kind=job_parked", token=token).get_json()
    assert [item["id"] for item in listed["items"]] == [str(incident)]
    path = f"/incidents/{incident}"
    assert web.call("GET", path, token=token).get_json()["resolutions"] == ["explained"]
    assert web.call("POST", f"{path}/take", {}, token=token).get_json()["taken_by"]
    noted = web.call("POST", f"{path}/notes", {"note": "visto"}, token=token).get_json()
    assert [step["step"] for step in noted["history"]] == ["opened", "taken", "noted"]
    ended: dict[str, Any] = {"resolution": "written_off", "reason": "x"}
    refused = web.call("POST", f"{path}/resolve", ended, token=token)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "resolution_not_offered")
    ended["resolution"] = "explained"
    answer = web.call("POST", f"{path}/resolve", ended, token=token).get_json()
    assert (answer["resolution"], answer["resolutions"]) == ("explained", [])
    again = web.call("POST", f"{path}/resolve", ended, token=token)
    assert (again.status_code, again.get_json()["code"]) == (409, "incident_resolved")


def test_metrics_and_doctor_tell_how_many_are_open_and_how_old(web: Web, workers: Database) -> None:
    with workers.transaction(NETWORK_SCOPE) as session:
        incident = Report(Kind.ANSWER_OVERDUE, Subject.REMITTANCE, new_id())
        reported = report(session, incident, now=database_clock(session))
        assert suspend(session, reported, 5)
        session.execute(text("UPDATE incidents SET opened_at = now() - interval '2 hours'"))
    metrics = web.client.get("/metrics").text
    assert 'consular_incidents_open{kind="answer_overdue"} 1.0' in metrics
    assert 'consular_incidents_open{kind="job_parked"} 0.0' in metrics
    assert 'consular_incidents_oldest_seconds{kind="answer_overdue"} 72' in metrics
    [finding] = [f for f in examine(web.settings) if f.part == "Incidents"]
    assert finding.state == "1 open, the oldest for 2.0 h"
    assert not finding.well
