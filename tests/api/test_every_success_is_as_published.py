"""Each operation of the contract succeeds here once, and answers as its schema says.

The callers of the tests hold every answer against the document: its status, its fields, their
types and formats, and no field that isn't published.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from standardwebhooks import Webhook

from consular.api.contract import ENDPOINTS
from consular.input.alerts import AlertSchema, ScheduledReportSchema
from consular.input.notes import NoteSchema
from consular.input.pre_applications import PreApplicationSchema
from consular.input.reported import (
    EntriesFileSchema,
    EntryCorrectionSchema,
    EntrySchema,
    GroupIndicatorSchema,
    TargetSchema,
)
from services.enrollments.progress import AgencyStatus
from services.enrollments.rules import Status
from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Subject
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import FolioKind, new_folio, new_id
from services.remittances.models import Remittance
from tests.api.calls import steady_web
from tests.api.test_a_bound_sender_is_corrected import Sender as BoundSender
from tests.api.test_documents import Sender
from tests.api.test_identity_at_the_window import Window
from tests.factories import reports
from tests.factories.contract import contract_of
from tests.factories.enrollments import agency_says, applicant_body, payment_line
from tests.factories.parked import park_jobs
from tests.factories.remittances import make_clabe, pay_for, prepare_reference
from tests.factories.staff import staff_browser
from tests.factories.web import PERSON, Web, morning_at_office, person, working_day
from tests.servers import Addresses

HERE = {"identity_checked": True}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def _well(web: Web, method: str, path: str, body: Any = None, **options: Any) -> Any:
    answer = web.call(method, path, body, **options)
    assert answer.status_code < 300, answer.text
    return answer.get_json()


def _opening_hours(web: Web) -> None:
    supervisor = web.token("supervisor", "losangeles")
    desks = [{"name": "M", "services": ["MAT"]}]
    hours = {"opens": "09:00", "closes": "13:00", "slot_minutes": 15, "desks": desks}
    place = {"name": "Feria", "address": "Calle 1", "time_zone": "America/Denver"}
    away = web.session(**hours, place=place, breaks=[{"begins": "11:00", "ends": "11:30"}])
    path = f"/sessions/{away['id']}"
    _well(web, "PATCH", path, {"closes": "12:00", "dry_run": True}, token=supervisor)
    _well(web, "PATCH", path, {"closes": "12:00", "reason": "Menos"}, token=supervisor)
    _well(web, "GET", f"{path}/history", token=supervisor)
    first = {"first_day": working_day(60).isoformat(), "consulate": "losangeles"}
    weekly = {"rrule": "FREQ=WEEKLY", **first, **hours}
    series = _well(web, "POST", "/session-series", weekly, token=supervisor)
    path = f"/session-series/{series['id']}"
    _well(web, "GET", "/session-series", token=supervisor)
    _well(web, "GET", path, token=supervisor)
    _well(web, "PATCH", path, {"closes": "12:00"}, token=supervisor)
    day = {"last_day": first["first_day"], "reason": "Tormenta", "bookings": "cancel"}
    closure = _well(web, "POST", "/closures", {**first, **day}, token=supervisor)
    path = f"/closures/{closure['id']}"
    _well(web, "GET", "/closures", token=supervisor)
    _well(web, "GET", path, token=supervisor)
    _well(web, "PATCH", path, {"status": "lifted"}, token=supervisor)


def _catalogue(web: Web) -> None:
    for path in (
        "/consulates", "/consulates/losangeles", "/services", "/programs", "/announcements",
        "/consulates/losangeles/availability?service=PAS10", "/consulates/losangeles/places",
        "/availability?service=PAS10&near=34.05,-118.24", "/voting/elections/2024",
    ):  # fmt: skip
        _well(web, "GET", path)
    ages = {"data": {"members": [{"age": 34}, {"age": 5}]}}
    _well(web, "POST", "/programs/imss_family_health/estimate", ages)
    analyst = web.token("analyst")
    for code in _well(web, "GET", "/monitoring/indicators", token=analyst)["items"]:
        by = ",".join({"program", "day", "consulate", "status"} & {*code["dimensions"]})
        path = f"/monitoring/indicators/{code['code']}?by={by}"
        _well(web, "GET", path, token=analyst)
    target = "/monitoring/indicators/enrollments/targets"
    _well(web, "POST", target, TargetSchema.example, token=analyst)
    _well(web, "GET", target, token=analyst)
    _well(web, "POST", "/monitoring/group-indicators", GroupIndicatorSchema.example, token=analyst)
    _well(web, "GET", "/monitoring/group-indicators", token=analyst)
    entry = _well(web, "POST", "/monitoring/entries", EntrySchema.example, token=analyst)["id"]
    path = f"/monitoring/entries/{entry}"
    _well(web, "POST", f"{path}/correct", EntryCorrectionSchema.example, token=analyst)
    _well(web, "GET", f"{path}/revisions", token=analyst)
    _well(web, "GET", "/monitoring/entries", token=analyst)
    file = {**EntriesFileSchema.example, "dry_run": False}
    refused = _well(web, "POST", "/monitoring/entries/import", file, token=analyst)
    assert (refused["written"], [each["line"] for each in refused["problems"]]) == (False, [2])
    file["csv"] = file["csv"].replace(",12,", ",13,")
    done = _well(web, "POST", "/monitoring/entries/import", file, token=analyst)
    assert (done["written"], done["new"], done["problems"]) == (True, 1, [])
    note = _well(web, "POST", "/monitoring/notes", NoteSchema.example, token=analyst)
    days = "?from=2026-09-01&to=2026-09-30"
    assert note in _well(web, "GET", f"/monitoring/notes{days}", token=analyst)["items"]
    _well(web, "POST", f"/monitoring/notes/{note['id']}/remove", token=analyst)
    _well(web, "GET", "/monitoring/service-levels", token=analyst)
    rule = _well(web, "POST", "/monitoring/alerts", AlertSchema.example, token=analyst)["id"]
    for step in ("pause", "resume"):
        _well(web, "POST", f"/monitoring/alerts/{rule}/{step}", token=analyst)
    _well(web, "GET", "/monitoring/alerts", token=analyst)
    _well(web, "GET", f"/monitoring/alerts/{rule}", token=analyst)
    _well(web, "POST", f"/monitoring/alerts/{rule}/stop", token=analyst)
    path, body = "/monitoring/scheduled-reports", ScheduledReportSchema.example
    report = _well(web, "POST", path, body, token=analyst)["items"][0]["id"]
    _well(web, "GET", path, token=analyst)
    _well(web, "POST", f"{path}/{report}/stop", token=analyst)
    for path in ("export.json?by=day&", "export.csv?", "lines.xlsx?", "lines.json?"):
        answer = web.call("GET", f"/monitoring/{path}indicator=appointments", token=analyst)
        assert answer.status_code == 200, answer.text


def _open_data(web: Web) -> None:
    analyst = staff_browser(web.app, "analyst")
    page = "/monitoring/open-data/enrollment-requests"
    as_of = unescape(analyst.get(page).text.partition('name="as_of" value="')[2].partition('"')[0])
    analyst.send(page, changes_es="Primera.", changes_en="First.", as_of=as_of)
    _well(web, "GET", "/open-data")
    _well(web, "GET", "/open-data/enrollment-requests")
    _well(web, "GET", "/open-data/enrollment-requests/versions/1/data.json")


def _holds(web: Web, citizen: str) -> None:
    held = {"consulate": "losangeles", "service": "PAS10", "start": web.free()[0]["start"]}
    hold = _well(web, "POST", "/holds", held, token=citizen)["id"]
    _well(web, "GET", "/holds", token=citizen)
    _well(web, "POST", f"/holds/{hold}/extend", {}, token=citizen)
    _well(web, "DELETE", f"/holds/{hold}", token=citizen)


def _dependants(web: Web, citizen: str) -> None:
    child = _well(web, "POST", "/me/dependants", person(30), token=citizen)["id"]
    _well(web, "GET", "/me/dependants", token=citizen)
    _well(web, "PATCH", f"/me/dependants/{child}", person(31), token=citizen)
    _well(web, "DELETE", f"/me/dependants/{child}", token=citizen)


def _appointments(web: Web) -> None:
    citizen, officer = web.token("citizen", subject="ana"), web.token("officer", "losangeles")
    supervisor = web.token("supervisor", "losangeles")
    _opening_hours(web)
    opened = web.session(closes="13:00")
    _well(web, "GET", "/sessions", token=supervisor)
    duration = {"service": "MAT", "minutes": 30, "from": "2099-01-05"}
    _well(web, "POST", "/sessions/durations", duration, token=supervisor)
    _well(web, "GET", "/sessions/durations", token=supervisor)
    maximum = {"service": "PAS10", "most": 4, "from": duration["from"]}
    _well(web, "POST", "/sessions/maximums", maximum, token=supervisor)
    _well(web, "GET", "/sessions/maximums", token=supervisor)
    paths = []
    for number, slot in enumerate(web.free()[:5]):
        appointment = web.book(slot["start"], token=citizen, attendees=[person(number)]).get_json()
        paths.append(f"/appointments/{appointment['id']}")
        search = {"folio": appointment["folio"], "birth_date": PERSON["birth_date"]}
        _well(web, "POST", "/appointments/find", search)
    _well(web, "POST", "/appointments/search", person(0), token=officer)
    _well(web, "GET", "/appointments", token=citizen)
    _well(web, "GET", paths[0], token=citizen)
    for kind in ("ics", "pdf"):
        answer = web.call("GET", f"{paths[0]}.{kind}", token=citizen)
        assert answer.status_code == 200
    before = {"data": PreApplicationSchema.example["data"]}
    _well(web, "PUT", f"{paths[0]}/pre-application", before, token=citizen)
    _well(web, "GET", f"{paths[0]}/pre-application", token=citizen)
    later = {"start": web.free()[-1]["start"]}
    _well(web, "POST", f"{paths[0]}/reschedule", later, token=citizen)
    _well(web, "POST", f"{paths[0]}/cancel", {}, token=citizen)
    four = [person(number) for number in range(10, 14)]
    appointment = web.book(web.free()[0]["start"], token=citizen, attendees=four).get_json()
    household = f"/appointments/{appointment['id']}"
    _well(web, "POST", f"{household}/attendees/4/cancel", {}, token=citizen)
    spelled = {"given_names": "Ana Luz", "first_surname": "Demo", **HERE}
    _well(web, "POST", f"{household}/attendees/1/correct", spelled, token=officer)
    _holds(web, citizen)
    _dependants(web, citizen)
    closing = {"status": "closed"}
    _well(web, "GET", f"/sessions/{opened['id']}", token=supervisor)
    web.travel(morning_at_office() + timedelta(hours=5))
    for path, steps in zip(paths[1:], _STEPS, strict=True):
        for step, body in steps:
            _well(web, "POST", f"{path}/{step}", body, token=officer)
    called, at_desk = _STEPS[0][1], ("at-desk", {})
    served = (*_STEPS[0][:3], called, at_desk, _STEPS[0][3])
    for n, steps in enumerate((served, *_STEPS[1:-1]), start=1):
        for step, body in steps:
            _well(web, "POST", f"{household}/attendees/{n}/{step}", body, token=officer)
    _queue(web, paths[-1], officer)
    _well(web, "PATCH", f"/sessions/{opened['id']}", closing, token=supervisor)
    _collected(web, paths[1], officer)
    _merged(web, f"{household}/attendees", officer)
    _own_data(web, citizen)
    _catalogue(web)


def _own_data(web: Web, citizen: str) -> None:
    _well(web, "GET", "/me/accesses", token=citizen)
    _well(web, "GET", "/me/data", token=citizen)
    _well(web, "POST", "/me/arco-requests", {"kind": "cancellation"}, token=citizen)
    _well(web, "GET", "/me/arco-requests", token=citizen)


def _queue(web: Web, waiting: str, officer: str) -> None:
    ticket = _well(web, "POST", "/queue/tickets", {"service": "MAT"}, token=officer)
    person = f"/appointments/{ticket['appointment']}/attendees/1"
    for step, body in (("park", {"park": True}), ("priority", {"priority": True})):
        _well(web, "POST", f"{person}/{step}", body, token=officer)
    assert ticket["folio"] in {
        each["folio"] for each in _well(web, "GET", "/queue", token=officer)["items"]
    }
    parked = _well(web, "POST", f"{person}/park", {"park": False}, token=officer)
    assert (parked["place"], parked["parked_at"], parked["priority"]) == (1, None, True)
    called = _well(web, "POST", "/queue/next", {"desk": "A"}, token=officer)
    assert (called["folio"], called["desk"]) == (ticket["folio"], "A")
    assert _well(web, "POST", f"{person}/take-over", {"desk": "M"}, token=officer)["desk"] == "M"
    passed_on = _well(web, "POST", f"{person}/transfer", {"service": "PAS10"}, token=officer)
    assert (passed_on["status"], passed_on["services"]) == ("checked_in", ["PAS10"])
    _well(web, "POST", f"{waiting}/attendees/1/wrong-person", {}, token=officer)
    assert _well(web, "POST", f"{waiting}/undo", {}, token=officer)["status"] == "checked_in"


def _merged(web: Web, path: str, officer: str) -> None:
    one, other = (
        _well(web, "GET", f"{path}/{n}/duplicates", token=officer)["person"] for n in (2, 3)
    )
    body = {"person": one, "duplicate": other, "document": "Pasaporte", **HERE}
    merge = _well(web, "POST", "/person-merges", body, token=officer)["id"]
    _well(web, "DELETE", f"/person-merges/{merge}", token=officer)


def _collected(web: Web, path: str, officer: str) -> None:
    [given] = _well(web, "GET", path, token=officer)["services_rendered"]
    body = {"service_rendered": given["id"]}
    ready = _well(web, "POST", "/ready-documents", body, token=officer)
    _well(web, "DELETE", f"/ready-documents/{ready['id']}", token=officer)
    ready = _well(web, "POST", "/ready-documents", body, token=officer)
    _well(web, "GET", "/ready-documents", token=officer)
    document = f"/ready-documents/{ready['id']}"
    other = {"collector": "authorized", "name": "Luz Demo", "document": "Carta poder", **HERE}
    _well(web, "POST", f"{document}/collect", other, token=officer)
    _well(web, "DELETE", f"{document}/collect", token=officer)
    _well(web, "POST", f"{document}/collect", other, token=officer)


_STEPS: tuple[tuple[tuple[str, dict[str, Any]], ...], ...] = (
    (
        ("check-in", HERE), ("call", {"desk": "A"}), ("back-to-waiting", {}),
        ("complete", {"document_number": "N1", "fee": {"amount": "209.00", "currency": "USD"}}),
    ),
    (("no-show", {}),),
    (("check-in", HERE), ("not-served", {"reason": "Falta el acta", "bring": ["Acta"]})),
    (("check-in", HERE),),
)  # fmt: skip


def _documents(web: Web) -> None:
    sender = Sender(web)
    document = f"{sender.path}/{sender.sent()}"
    for path in (sender.path, f"{document}/content", f"{document}/preview"):
        _well(web, "GET", path, token=sender.token)
    _well(web, "POST", f"{document}/confirm", {}, token=sender.token)
    _well(web, "DELETE", document, token=sender.token)


def _enrollments(web: Web) -> None:
    citizen, paths = web.token("citizen", subject="ana"), []
    for _ in range(2):
        body = {
            "program": "rfc",
            "applicant": applicant_body(),
            "consents": ["transfer_to_agency"],
        }
        enrollment = _well(web, "POST", "/enrollments", body, token=citizen)
        paths.append(f"/enrollments/{enrollment['id']}")
    with web.database.transaction(NETWORK_SCOPE) as session:
        for status in ("sent_to_agency", "more_information_requested"):
            session.execute(
                text("UPDATE enrollments SET status = :status WHERE id = :id"),
                {"status": status, "id": paths[0].rpartition("/")[2]},
            )
    _well(web, "POST", f"{paths[0]}/answer", {"data": {}}, token=citizen)
    _well(web, "POST", f"{paths[1]}/withdraw", {}, token=citizen)
    _well(web, "GET", paths[0], token=citizen)
    _well(web, "GET", "/enrollments", token=citizen)
    _plans(web, citizen)
    _well(web, "GET", "/me/data", token=citizen)
    _papers(web, paths[0], citizen)


def _papers(web: Web, path: str, citizen: str) -> None:
    said = (payment_line(), AgencyStatus(Status.ACTIVE, result={"rfc": "GODE561231GR8"}))
    for word, paper in zip(said, ("payment", "proof"), strict=True):
        id, vault = UUID(path.rpartition("/")[2]), web.app.extensions["consular.vault"]
        agency_says(web.database, vault, id, word)
        for name in (paper, "acknowledgement"):
            answer = web.call("GET", f"{path}/{name}.pdf", token=citizen)
            assert answer.status_code == 200, answer.text


def _plans(web: Web, citizen: str) -> None:
    prepared = [{"program": "rfc", "consents": ["transfer_to_agency"]}]
    who = applicant_body()
    body = {"programs": ["rfc"], "applicant": who, "starts_next": True, "prepared": prepared}
    plan = _well(web, "POST", "/me/plans", body, token=citizen)
    _well(web, "GET", "/me/plans", token=citizen)
    _well(web, "DELETE", f"/me/plans/{plan['id']}/programs/rfc", token=citizen)
    [consent, *_] = _well(web, "GET", "/me/consents", token=citizen)["items"]
    _well(web, "POST", f"/me/consents/{consent['id']}/withdraw", {}, token=citizen)


def _money(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=system_clock())
    citizen = web.token("citizen", subject="ana")
    _well(web, "PATCH", "/me", PERSON, token=citizen)
    _well(web, "GET", "/me", token=citizen)
    quote = {"send": {"amount": "100.00", "currency": "USD"}, "funding": "bank_account",
             "payout": "account"}  # fmt: skip
    priced = _well(web, "POST", "/quotes", quote, token=citizen)
    recipient = {"given_names": "Rosa", "first_surname": "Demo", "clabe": make_clabe()}
    sent = _well(
        web, "POST", "/remittances", {"quote": priced["id"], "recipient": recipient},
        token=citizen, headers={"Idempotency-Key": uuid4().hex},
    )  # fmt: skip
    sought = {"folio": sent["folio"], "first_surname": "Demo"}
    _well(web, "POST", "/remittances/lookup", sought)
    _well(web, "GET", "/places?state=20&municipality=Tlaxiaco")
    asked = {"quote": priced["id"], "recipient": recipient}
    named = {"given_names": "Rosa", "first_surname": "Demostrada"}
    _well(web, "POST", "/recipients/check", asked, token=citizen)
    saved = _well(web, "POST", "/recipients", recipient, token=citizen)["id"]
    _well(web, "GET", "/recipients", token=citizen)
    _well(web, "PATCH", f"/recipients/{saved}", recipient, token=citizen)
    removed = _well(web, "POST", "/recipients", recipient, token=citizen)["id"]
    _well(web, "DELETE", f"/recipients/{removed}", token=citizen)
    with web.database.transaction(NETWORK_SCOPE) as session:
        pay_for(session, session.get_one(Remittance, UUID(sent["id"])), now=system_clock())
    for path in (
        f"/quotes/{priced['id']}/disclosure.pdf",
        f"/remittances/{sent['id']}/receipt.pdf",
    ):
        assert web.call("GET", path, token=citizen).mimetype == "application/pdf"
    assert web.call("GET", "/verify_receipt.py").status_code == 200
    _well(web, "GET", f"/remittances/{sent['id']}", token=citizen)
    error = {"kind": "late", "description": "Llegó un día después"}
    _well(web, "POST", f"/remittances/{sent['id']}/disputes", error, token=citizen)
    _well(web, "GET", f"/remittances/{sent['id']}/disputes", token=citizen)
    _well(web, "POST", f"/remittances/{sent['id']}/correct-name", named, token=citizen)
    _well(web, "POST", f"/remittances/{sent['id']}/cancel", {}, token=citizen)
    _well(web, "GET", "/remittances", token=citizen)
    _well(web, "GET", "/me/data", token=citizen)
    _called_back(web)


def _called_back(web: Web) -> None:
    web.app.extensions["consular.callback_secrets"] = {"finabien": (SECRET,)}
    body, now = json.dumps({"folio": new_folio(FolioKind.REMITTANCE)}), datetime.now(UTC)
    for _ in range(2):
        answer = web.client.post(
            "/api/v1/callbacks/finabien",
            data=body,
            headers={
                "Content-Type": "application/json",
                "webhook-id": "message-1",
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(SECRET).sign("message-1", now, body),
            },
        )
        assert answer.status_code == 200, answer.text


def _votes(web: Web) -> None:
    count = {
        "consulate": "losangeles", "election": "2024", "metric": "votes", "mode": "electronic",
        "date": date(2024, 6, 2).isoformat(), "value": 12, "source": "Acta 12",
    }  # fmt: skip
    one, other = (web.token("officer", "losangeles", who) for who in ("one", "other"))
    count_id = _well(web, "POST", "/voting/counts", count, token=one)["id"]
    differs = web.call("POST", f"/voting/counts/{count_id}/approve", {"value": 21}, token=other)
    assert differs.get_json()["code"] == "figures_differ"
    mended = {"value": 12, "reason": "Leí mal el acta"}
    _well(web, "POST", f"/voting/counts/{count_id}/correct", mended, token=other)
    for mode, step in (("postal", {"value": 12}), ("in_person", {"reason": "Es de otra oficina"})):
        again = {**count, "mode": mode, "source": f"Acta {mode}"}
        count_id = _well(web, "POST", "/voting/counts", again, token=one)["id"]
        name = "approve" if "value" in step else "reject"
        _well(web, "POST", f"/voting/counts/{count_id}/{name}", step, token=other)
    _well(web, "GET", "/voting/counts", token=one)
    _well(web, "GET", f"/voting/counts/{count_id}/revisions", token=one)
    _well(web, "GET", f"/voting/counts/{count_id}/revisions/1", token=one)
    _well(web, "GET", "/voting/elections")
    for of in ("", "/board", "/counts.csv", "/counts.json"):
        _well(web, "GET", f"/voting/elections/2024{of}")


def _session_reports(web: Web) -> None:
    id, token = reports.made(web)["id"], reports.analyst(web)
    [carried] = reports.made(web, 12)["followed"]
    later = reports.made(web, 13)["id"]
    said = {"status": "done", "evidence": "Oficio 7"}
    _well(web, "POST", f"{reports.REPORTS}/{later}/agreements/{carried['id']}/follow-up", said,
          token=token)  # fmt: skip
    english = {"english": [{"es": "Lista de asistencia", "en": "Roll call"}]}
    _well(web, "POST", f"{reports.REPORTS}/{id}/english", english, token=token)
    reports.step(web, id, "prepare")
    reports.step(web, id, "return")
    reports.sign(web, id)
    digest = sha256(reports.pdf(web, id, language="es")).hexdigest()
    assert _well(web, "GET", f"/signed-files?sha256={digest}")["valid"] is True
    for path in ("", "/choices", f"/{id}", f"/{id}.pdf", f"/{id}/signature"):
        assert web.call("GET", f"{reports.REPORTS}{path}", token=token).status_code == 200
    reports.step(web, id, "amend", body={"reason": "La fuente corrigió"})
    reports.step(web, id, "refresh")
    for path in ("/signing-keys", "/verify_signed.py"):
        assert web.call("GET", path).status_code == 200


def _incidents(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        incident = Report(Kind.JOB_PARKED, Subject.JOB, new_id())
        path = f"/incidents/{report(session, incident, now=system_clock())}"
    treasury = web.token("treasury")
    _well(web, "POST", f"{path}/take", {}, token=treasury)
    _well(web, "POST", f"{path}/notes", {"note": "Su caso 4711"}, token=treasury)
    ending = {"resolution": "explained", "reason": "Se repitió a mano"}
    _well(web, "POST", f"{path}/resolve", ending, token=treasury)
    _well(web, "GET", path, token=treasury)
    _well(web, "GET", "/incidents?state=resolved", token=treasury)


def _operations(web: Web) -> None:
    jobs = park_jobs(web.database, 2)
    admin, why = web.token("admin"), {"reason": "Mantenimiento hasta las seis"}
    _well(web, "GET", "/operations", token=admin)
    for step in ("pause", "lift"):
        _well(web, "POST", f"/operations/agencies/sat/{step}", why, token=admin)
        _well(web, "GET", "/operations/agencies", token=admin)
    _well(web, "GET", "/operations/agencies/sat/pauses", token=admin)
    _well(web, "GET", "/operations/parked-jobs", token=admin)
    for step, job in zip(("release", "end"), jobs, strict=True):
        body = {"jobs": [str(job)], **why}
        _well(web, "POST", f"/operations/parked-jobs/{step}", body, token=admin)
        _well(web, "GET", f"/operations/parked-jobs/{job}", token=admin)


def _at_the_window(step: str, **body: Any) -> Callable[[Web], None]:
    def walk(web: Web) -> None:
        window = Window(web)
        check = window.check(folio=window.folio).get_json()["id"]
        _well(web, "GET", f"/identity-checks/{check}", token=window.officer)
        done = window.act(check, step, **body)
        assert done.status_code == 200, done.text

    return walk


def _corrected(web: Web) -> None:
    sender = BoundSender(web)
    check = sender.check(sender.ask().get_json()["folio"]).get_json()["id"]
    assert sender.correct(check).status_code == 200


WALKS: tuple[Callable[[Web], None], ...] = (
    _appointments, _enrollments, _documents, _money, _votes, _incidents, _operations,
    _session_reports,
    _at_the_window("take-over", service="PAS10"),
    _at_the_window("release", service="PAS10"),
    _at_the_window("tell-apart"), _corrected, _open_data,
)  # fmt: skip


def test_every_documented_success_is_answered_as_published(
    servers: Addresses, tmp_path: Path
) -> None:
    seen: dict[str, set[int]] = {}
    for walk in WALKS:
        with steady_web(servers, tmp_path) as web:
            walk(web)
            for operation, statuses in contract_of(web.app).seen.items():
                seen.setdefault(operation, set()).update(statuses)
    missing = [
        f"{endpoint.operation} never answered {endpoint.status} here: let one of WALKS call it."
        for endpoint in ENDPOINTS.values()
        if endpoint.status not in seen.get(endpoint.operation, set())
    ]
    assert missing == []
