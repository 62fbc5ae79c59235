"""Who waits, how long, and what is past its term: for analysts and an office's supervisor."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from services.remittances.rules import Status as RemittanceStatus
from tests.factories.enrollments import make_applicant
from tests.factories.remittances import bring_to, make_remittance, make_sender, prepare_reference
from tests.factories.staff import staff_browser
from tests.factories.web import Web, morning_at_office, person

# Requests of ten days ago: the first is late, of the second nobody knows, the third was approved
# four days after, in time.
_LIVES = (
    "UPDATE enrollments SET created_at = now() - interval '10 days'",
    "UPDATE enrollments SET status = 'sent_to_agency'",
    "UPDATE enrollments SET resolve_by = now()::date - 2 WHERE id = :late",
    "UPDATE enrollments SET status = 'unknown' WHERE id = :unconfirmed",
    "UPDATE enrollments SET status = 'active', resolve_by = now()::date WHERE id = :approved",
    "INSERT INTO enrollment_events (enrollment_id, position, status, at)"
    " VALUES (:approved, 9, 'active', now() - interval '6 days')",
)


def enroll(web: Web, number: int, consulate: str | None) -> str:
    sent = asdict(make_applicant())
    applicant = {**sent, "birth_date": sent["birth_date"].isoformat()}
    body = {
        "program": "rfc",
        "applicant": applicant,
        "consents": ["transfer_to_agency"],
        "consulate": consulate,
    }
    token = web.token("citizen", subject=f"applicant-{number}")
    answer = web.call("POST", "/enrollments", body, token=token)
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["id"])


def requests_with_lives(web: Web) -> None:
    ids = [
        enroll(web, number, office)
        for number, office in enumerate(("losangeles", "chicago", "losangeles"))
    ]
    names = dict(zip(("late", "unconfirmed", "approved"), ids, strict=True))
    with web.database.transaction(NETWORK_SCOPE) as session:
        for statement in _LIVES:
            session.execute(text(statement), {k: v for k, v in names.items() if k in statement})


def levels(web: Web, role: str, consulate: str = "", query: str = "") -> dict[str, Any]:
    path = f"/monitoring/service-levels{query}"
    answer = web.call("GET", path, token=web.token(role, consulate))
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def test_terms_missed_and_kept_by_office_and_program(web: Web) -> None:
    requests_with_lives(web)
    rows = {row["consulate"]: row for row in levels(web, "analyst")["requests"]}
    here, there = rows["losangeles"], rows["chicago"]
    assert (here["program"], here["open"], here["late"], here["unconfirmed"]) == ("rfc", 1, 1, 0)
    assert (here["answered"], here["with_term"], here["in_term"]) == (1, 1, 1)
    assert round(here["half_days"], 3) == round(here["nearly_all_days"], 3) == 4
    assert (there["open"], there["late"], there["unconfirmed"], there["answered"]) == (1, 0, 1, 0)
    assert there["half_days"] is None
    page = staff_browser(web.app, "analyst").get("/monitoring/service-levels").text
    bare = re.sub(r'<span class="d-md-none.*?</span>| class="[^"]*"', "", page)
    sums = re.findall(r"<dd>(.*?)</dd>", page)
    oldest = datetime.now(ZoneInfo("America/Mexico_City")) - timedelta(days=10)
    assert sums[:3] == ["2", "1", "1"]
    assert sums[3].startswith(f"{oldest.day} "), "since when the oldest request waits"
    assert re.search(r"Los Ángeles</th><td>[^<]+</td><td[^>]*>1</td><td[^>]*>1</td>", bare)


def test_open_transfers_that_are_late_or_unknown_and_queues_with_their_oldest(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session)
        first, _second = [make_remittance(session, make_sender(session)) for _ in range(2)]
        bring_to(session, RemittanceStatus.UNKNOWN)
        session.execute(
            text("UPDATE remittances SET answer_due_at = now() - interval '1 hour' WHERE id = :id"),
            {"id": first.id},
        )
        began = first.registered_at
    found = levels(web, "analyst")
    [transfers] = found["remittances"]
    assert (transfers["open"], transfers["late"], transfers["unconfirmed"]) == (2, 1, 2)
    assert datetime.fromisoformat(transfers["oldest"]) == began
    for queue in found["queues"]:
        assert (queue["waiting"] > 0) == (queue["oldest"] is not None)
    page = staff_browser(web.app, "analyst").get("/monitoring/service-levels").text
    bare = re.sub(r'<span class="d-md-none.*?</span>| class="[^"]*"', "", page)
    assert "<td>2</td><td>1</td><td>2</td>" in bare.partition("Envíos por cobrar</caption>")[2]
    waiting = [queue for queue in found["queues"] if queue["topic"].startswith("remittances.")]
    assert len([queue for queue in waiting if queue["waiting"]]) > 1, "topics of an area are one"
    sums = [str(sum(queue[name] for queue in waiting)) for name in ("waiting", "due")]
    work = bare.partition("Filas de trabajo</caption>")[2]
    assert f"Envíos</th><td>{sums[0]}</td><td>{sums[1]}</td>" in work
    assert "remittances." not in page


def test_how_long_people_wait_to_be_called(web: Web) -> None:
    web.session(closes="10:00")
    web.travel(morning_at_office())
    ids = []
    for n in range(2):
        token = web.token("citizen", subject=f"p{n}")
        booked = web.book(web.free()[0]["start"], token=token, attendees=[person(n)])
        ids.append(booked.get_json()["id"])
    at_its_time = morning_at_office() + timedelta(hours=2, minutes=10)
    for minutes, id, step in (
        (0, ids[0], "check-in"),
        (1, ids[1], "check-in"),
        (25, ids[0], "call"),
    ):
        web.travel(at_its_time + timedelta(minutes=minutes))
        officer = staff_browser(web.app, "officer", "losangeles")
        fields = {"desk": "A"} if step == "call" else {"identity_checked": "true"}
        officer.post(f"/desk/appointments/{id}/{step}", **fields)
    [visits] = levels(web, "analyst")["visits"]
    assert (visits["consulate"], visits["waiting"], visits["called"]) == ("losangeles", 1, 1)
    assert visits["half_minutes"] == visits["nearly_all_minutes"] == 25
    assert visits["since"].startswith(
        (at_its_time + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M")
    )


def test_a_supervisor_sees_their_own_office_and_no_queue_of_the_network(web: Web) -> None:
    requests_with_lives(web)
    own = levels(web, "supervisor", "losangeles")
    assert {row["consulate"] for row in own["requests"]} == {"losangeles"}
    assert own["queues"] == own["remittances"] == []
    assert levels(web, "supervisor", "losangeles", "?consulate=chicago")["requests"] == []
    whole = levels(web, "analyst", query="?consulate=chicago")
    assert {row["consulate"] for row in whole["requests"]} == {"chicago"}
    assert {queue["topic"] for queue in whole["queues"]}, "the requests wait to be sent"
    page = staff_browser(web.app, "supervisor", "losangeles").get("/monitoring/service-levels").text
    assert "Chicago" not in page
    assert "Filas de trabajo" not in page
    for role, office in (("officer", "losangeles"), ("agent", None)):
        answer = staff_browser(web.app, role, office).get("/monitoring/service-levels")
        assert answer.status_code == 403, role


def test_where_nobody_waits_the_page_says_so_in_both_languages(web: Web) -> None:
    browser = staff_browser(web.app, "auditor")
    assert "Nadie espera una inscripción" in browser.get("/monitoring/service-levels").text
    browser.client.set_cookie("lang", "en")
    assert "Nobody waits for an enrollment" in browser.get("/monitoring/service-levels").text
