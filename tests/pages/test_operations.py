"""Whoever is on duty sees what is stuck, stops and starts calls, and decides about parked jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from consular.i18n import date_long, folio
from services.enrollments.progress import begin_submission, record_unknown
from services.enrollments.requesting import request_enrollment
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from services.operations import heartbeats
from services.operations.rules import Process
from services.outbox.delivery import enqueue
from tests.factories.enrollments import make_account, make_request
from tests.factories.parked import park_jobs
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web

SAT = "/operations/agencies/sat"
WHY = "Mantenimiento hasta las seis"


@pytest.fixture
def officer(web: Web) -> Browser:
    return staff_browser(web.app, "admin")


def column(web: Web, query: str, **values: object) -> list[Any]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(session.execute(text(query), values).scalars())


@pytest.mark.parametrize("role", ["admin", "treasury", "compliance"])
def test_those_on_duty_see_all_of_it(web: Web, role: str) -> None:
    page = staff_browser(web.app, role).get("/operations/")
    assert page.status_code == 200
    for words in ("Guardia", "Procesos", "Dependencias", "SAT", "FINABIEN", "NOTICES", "Colas"):
        assert words in page.text
    assert "nada se ha dejado de intentar" in page.text


@pytest.mark.parametrize("role", ["analyst", "auditor", "agent"])
def test_nobody_else_does(web: Web, role: str) -> None:
    assert staff_browser(web.app, role).get("/operations/").status_code == 403
    assert web.call("GET", "/operations", token=web.token(role)).status_code == 403


def test_an_agency_is_paused_and_lifted_with_a_reason(web: Web, officer: Browser) -> None:
    assert 'href="#f-reason"' in officer.send(SAT, change="pause").text
    page = officer.send(SAT, change="pause", reason=WHY).text
    assert "Quitar la pausa de SAT" in page
    assert WHY in officer.get("/operations/").text
    other = staff_browser(web.app, "treasury")
    assert "ya está en pausa" in other.send(SAT, change="pause", reason="otra vez").text
    page = other.send(SAT, change="lift", reason="Ya contesta").text
    assert "Pausar SAT" in page
    assert "La quitó Demo Treasury: Ya contesta" in page
    assert "no está en pausa" in officer.send(SAT, change="lift", reason="tarde").text
    actions = column(web, "SELECT action FROM audit_entries WHERE subject_kind = 'agency_pause'"
                     " ORDER BY at, id")  # fmt: skip
    assert actions == ["agency.paused", "agency.lifted"]
    history = column(web, "SELECT reason || '/' || lift_reason FROM agency_pauses")
    assert history == [f"{WHY}/Ya contesta"]


@pytest.mark.parametrize("path", ["nobody", "oidc", "llavemx"])
def test_only_what_workers_call_is_paused(web: Web, officer: Browser, path: str) -> None:
    assert officer.get(f"/operations/agencies/{path}").status_code == 404


def test_parked_jobs_are_looked_at_and_released_together(web: Web, officer: Browser) -> None:
    jobs = park_jobs(web.database, 3)
    page = officer.get("/operations/").text
    assert page.count("enrollments.refresh") >= 3
    assert "ZeroDivisionError enrollments.py:1" in page
    assert "Sobre qué" in officer.get(f"/operations/parked/{jobs[0]}").text
    asked = officer.get(f"/operations/parked?job={jobs[0]}&job={jobs[1]}&decision=released").text
    assert "Se intenta de nuevo desde el principio" in asked
    chosen = {"jobs": f"{jobs[0]} {jobs[1]}", "decision": "released"}
    missing = officer.send("/operations/parked", **chosen).text
    assert 'href="#f-reason"' in missing
    assert str(jobs[1]) in missing
    done = officer.send("/operations/parked", **chosen, reason="Ya está el certificado").text
    assert str(jobs[0]) not in done
    assert str(jobs[2]) in done
    again = column(web, "SELECT released_as FROM parked_decisions WHERE decision = 'released'")
    waiting = column(web, "SELECT id FROM outbox WHERE done_at IS NULL")
    assert sorted(again) == sorted(waiting)
    assert len(again) == 2
    assert column(web, "SELECT count(*) FROM incidents WHERE resolved_at IS NULL") == [1]
    assert column(web, "SELECT DISTINCT action FROM audit_entries WHERE subject_kind = 'job'") == [
        "job.released"
    ]


def test_a_job_is_decided_about_once_and_all_or_none(web: Web, officer: Browser) -> None:
    first, second = park_jobs(web.database, 2)
    ended = {"decision": "ended", "reason": "No hace falta"}
    page = officer.send("/operations/parked", jobs=str(first), **ended)
    assert page.status_code == 200
    both = {"jobs": f"{second} {first}", "decision": "released", "reason": "otra vez"}
    assert "Otra persona ya decidió" in officer.send("/operations/parked", **both).text
    assert column(web, "SELECT decision FROM parked_decisions") == ["ended"]
    assert "Se dejó sin hacer" in officer.get(f"/operations/parked/{first}").text
    body = {"jobs": [str(second), str(new_id())], "reason": "otra vez"}
    path = "/operations/parked-jobs/release"
    answer = web.call("POST", path, body, token=web.token("admin"))
    assert answer.status_code == 404
    assert column(web, "SELECT count(*) FROM parked_decisions") == [1]


def test_nothing_chosen_says_what_to_do(officer: Browser) -> None:
    assert "No elegiste ninguna tarea" in officer.get("/operations/parked?decision=ended").text


def test_the_incident_of_a_job_ends_with_the_last_of_its_items(web: Web, officer: Browser) -> None:
    for job, still_open in zip(park_jobs(web.database, 2, ref=new_id()), (1, 0), strict=True):
        officer.send("/operations/parked", jobs=str(job), decision="ended", reason="Ya no")
        count = column(web, "SELECT count(*) FROM incidents WHERE resolved_at IS NULL")
        assert count == [still_open]


def test_queues_and_what_nobody_knows_have_an_age(web: Web, officer: Browser) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        enqueue(session, "remittances.payout", new_id())
        session.execute(text("UPDATE outbox SET due_at = now() - interval '90 minutes'"))
    page = officer.get("/operations/").text
    assert "remittances.payout" in page
    assert "90 min" in page


def test_what_nobody_knows_whether_it_arrived_has_a_folio_an_age_and_a_last_day(
    web: Web, officer: Browser
) -> None:
    assert "Nada: de todo lo enviado se sabe si llegó." in officer.get("/operations/").text
    sent, vault = system_clock() - timedelta(minutes=95), web.app.extensions["consular.vault"]
    with web.database.transaction(NETWORK_SCOPE) as session:
        actor = Actor(Role.CITIZEN, make_account(session))
        asked = request_enrollment(session, make_request(), now=sent, actor=actor, vault=vault)
        begin_submission(session, asked.id, now=sent, vault=vault)
        record_unknown(session, asked.id, now=sent)
        shown, answer_by = folio(asked.folio), asked.resolve_by
    assert answer_by is not None
    page = officer.get("/operations/").text
    unknown = page.partition("Sin saber si llegó")[2].partition("Colas")[0]
    with web.app.test_request_context("/"):
        last_day = date_long(answer_by)
    for words in (shown, "Inscripción", "hace 95 min", last_day):
        assert words in unknown
    assert "de todo lo enviado" not in page


def test_an_open_breaker_says_so_since_when_and_why(web: Web, officer: Browser) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(
            text("INSERT INTO agency_states"
                 " (agency, state, failures, trips, open_until, last_code, changed_at) VALUES"
                 " ('sat', 'open', 5, 1, now() + interval '1 minute', 'agency_timeout',"
                 " now() - interval '7 minutes')")
        )  # fmt: skip
    page = officer.get("/operations/").text
    rows = page[page.index("Dependencias") : page.index('id="parked"')].split("<tr")
    [sat] = [row for row in rows if ">SAT</th>" in row]
    assert "No contesta: en espera" in sat
    assert "7 min · agency_timeout" in sat
    assert [row for row in rows if "No contesta" in row] == [sat]
    assert "agency_timeout" in officer.get(SAT).text


def _ready(web: Web) -> dict[str, Any]:
    answer = web.client.get("/health/ready")
    assert answer.status_code == 200
    return dict(answer.get_json())


def test_a_dead_process_shows_on_the_page_in_readiness_and_metrics(
    web: Web, officer: Browser
) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        for process in Process:
            heartbeats.beat(session, process, new_id())
    assert _ready(web)["status"] == "ready"
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE heartbeats SET started_at = now() - interval '1 hour'"))
        session.execute(
            text("UPDATE heartbeats SET beat_at = now() - interval '1 hour'"
                 " WHERE process = 'relay'")
        )  # fmt: skip
    ready = _ready(web)
    assert (ready["status"], ready["parts"]["relay"]) == ("degraded", "dead")
    assert ready["parts"]["worker"] == "ok"
    metrics = web.client.get("/metrics").text
    assert 'consular_processes_alive{process="relay"} 0.0' in metrics
    assert 'consular_processes_alive{process="worker"} 1.0' in metrics
    assert 'consular_agency_closed{agency="sat"} 1.0' in metrics
    page = officer.get("/operations/").text
    assert "No da señales de vida" in page
    assert "arráncalo y revisa sus registros" in page


def test_the_web_can_pause_and_lift_and_nothing_else(web: Web) -> None:
    for attempt in (
        "UPDATE agency_states SET state = 'closed'",
        "UPDATE agency_slots SET held_until = NULL",
        "UPDATE agency_pauses SET reason = 'x'",
        "DELETE FROM agency_pauses",
        "UPDATE outbox SET outcome = NULL",
        "UPDATE parked_decisions SET decision = 'ended'",
        "DELETE FROM heartbeats",
    ):
        with (
            pytest.raises(Exception, match="permission denied"),
            web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session,
        ):
            session.execute(text(attempt))
