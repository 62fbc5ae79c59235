"""A vote count is official once a second person typed the same number from the source."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text

from services.kernel.audit import SYSTEM, Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import Conflict
from services.staff.accounts import (
    MakeStaffAccount,
    assign,
    end_account,
    find_by_subject,
    make_account,
)
from tests.factories.chance import without_chance
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web

TODAY = (system_clock() - timedelta(days=1)).date()


# An office's own list of voters; of elections before this one nothing is known by office.
LISTED: dict[str, Any] = {"metric": "registered", "mode": None, "value": 900}


def day_of(election: str) -> date:
    """One on which its counts may be, whatever year it is."""
    return min(TODAY, date(int(election), 5, 31))


def report(web: Web, subject: str = "one", **changes: Any) -> Any:
    body = {
        "consulate": "losangeles",
        "election": "2027",
        "metric": "votes",
        "mode": "electronic",
        "date": day_of(changes.get("election", "2027")).isoformat(),
        "value": 12,
        "source": "Acta 12",
        **changes,
    }
    token = web.token("officer", body["consulate"], f"{subject}-{body['consulate']}")
    return web.call("POST", "/voting/counts", body, token=token)


def settle(web: Web, count: str, step: str, subject: str = "two", **body: Any) -> Any:
    token = web.token("officer", "losangeles", f"{subject}-losangeles")
    return web.call("POST", f"/voting/counts/{count}/{step}", body, token=token)


def made(web: Web, **changes: Any) -> str:
    answer = report(web, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def approved(web: Web, **changes: Any) -> str:
    count = made(web, **changes)
    office = changes.get("consulate", "losangeles")
    token = web.token("officer", office, f"two-{office}")
    body = {"value": changes.get("value", 12)}
    answer = web.call("POST", f"/voting/counts/{count}/approve", body, token=token)
    assert (answer.status_code, answer.get_json()["status"]) == (200, "approved"), answer.text
    return count


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def listed(web: Web, token: str) -> dict[str, Any]:
    answer = web.call("GET", "/voting/counts?limit=100&election=2027", token=token)
    return {item["id"]: item for item in answer.get_json()["items"]}


def test_a_number_that_waits_is_shown_to_its_reporter_alone(web: Web) -> None:
    answer = report(web, value=1243)
    count = answer.get_json()["id"]
    assert answer.get_json()["value"] == 1243
    own = web.token("officer", "losangeles", "one-losangeles")
    assert listed(web, own)[count]["value"] == 1243
    for role, office in (("supervisor", "losangeles"), ("analyst", ""), ("auditor", "")):
        assert listed(web, web.token(role, office))[count]["value"] is None
    indicator = web.call("GET", "/monitoring/indicators/votes", token=web.token("analyst"))
    assert indicator.get_json()["rows"] == []
    settle(web, count, "reject", reason="Otra acta")
    assert listed(web, web.token("analyst"))[count]["value"] is None


def test_an_approval_needs_the_same_number_typed_once_more(web: Web) -> None:
    count = made(web, value=1243)
    assert settle(web, count, "approve").status_code == 422
    differs = settle(web, count, "approve", value=1234)
    assert refused(differs) == (409, "figures_differ")
    assert "1234" in differs.get_json()["detail"]
    assert "1243" in differs.get_json()["detail"]
    for subject in ("one", "two"):
        token = web.token("officer", "losangeles", f"{subject}-losangeles")
        seen = listed(web, token)[count]
        assert (seen["value"], seen["second_value"], seen["status"]) == (1243, 1234, "reported")
    assert listed(web, web.token("analyst"))[count]["value"] is None
    # Who has seen the other number corrects with a reason only.
    assert refused(settle(web, count, "approve", value=1243)) == (422, "reason_required")
    corrected = settle(web, count, "correct", "one", value=1234, reason="Invertí dos cifras")
    assert corrected.status_code == 200, corrected.text
    assert (corrected.get_json()["status"], corrected.get_json()["value"]) == ("approved", 1234)


def test_the_second_person_may_have_been_wrong(web: Web) -> None:
    count = made(web)
    settle(web, count, "approve", value=21)
    corrected = settle(web, count, "correct", value=12, reason="Leí mal")
    assert corrected.get_json()["status"] == "approved"
    assert settle(web, count, "correct", "three", value=9, reason="x").status_code in (404, 409)


def test_every_number_that_was_typed_is_kept(web: Web) -> None:
    count = made(web)
    settle(web, count, "approve", value=21)
    settle(web, count, "correct", value=12, reason="Leí mal")
    with web.database.transaction(NETWORK_SCOPE) as session:
        rows = session.execute(
            text("SELECT value::int, reason FROM vote_count_figures ORDER BY typed_at, id")
        ).all()
    assert [tuple(row) for row in rows] == [(12, None), (21, None), (12, "Leí mal")]


def test_one_report_of_a_cell_waits_and_a_correction_has_a_number(web: Web) -> None:
    first = made(web)
    assert refused(report(web, value=15)) == (409, "already_reported")
    assert refused(report(web, "three")) == (409, "already_reported")
    settle(web, first, "reject", reason="Otra acta")
    assert approved(web, value=13)
    answer = report(web, value=15).get_json()
    assert answer["revision"] == 3
    settle(web, answer["id"], "approve", value=15)
    known = listed(web, web.token("analyst"))
    assert sorted((c["revision"], c["status"]) for c in known.values() if c["revision"]) == [
        (1, "rejected"),
        (2, "superseded"),
        (3, "approved"),
    ]


def test_a_rejected_report_says_why_and_is_settled(web: Web) -> None:
    count = made(web)
    assert settle(web, count, "reject").status_code == 422
    answer = settle(web, count, "reject", reason="Es de otra oficina")
    assert (answer.get_json()["status"], answer.get_json()["reason"]) == (
        "rejected",
        "Es de otra oficina",
    )
    for step, body in (("approve", {"value": 12}), ("reject", {"reason": "x"})):
        assert refused(settle(web, count, step, **body)) == (409, "wrong_state")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"date": "2150-06-06"}, "count_in_the_future", "date"),
        ({"date": (TODAY + timedelta(days=3)).isoformat()}, "count_in_the_future", "date"),
        ({"date": "2001-06-06"}, "day_far_from_election", "date"),
        ({"election": "1900", "date": TODAY.isoformat()}, "election_unknown", "election"),
        ({"consulate": "atlanta", "mode": "in_person"}, "no_in_person_voting", "mode"),
        ({"election": "2026", "value": 200}, "more_votes_than_registered", "value"),
        ({"mode": None, "value": 11, "metric": "registered"}, "modes_differ_from_total", "value"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    web: Web, changes: dict[str, Any], code: str, field: str
) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE consulates SET in_person_vote = code <> 'atlanta'"))
    approved(web, metric="registered", mode="postal", value=12)
    approved(web, metric="registered", mode=None, value=100, election="2026")
    answer = report(web, **changes)
    assert refused(answer) == (422, code)
    assert list(answer.get_json()["errors"]) == [field]


def test_modes_that_are_all_known_add_up_to_the_total(web: Web) -> None:
    approved(web, mode=None, value=30)
    approved(web, mode="electronic", value=12)
    approved(web, mode="postal", value=10)
    assert refused(report(web, mode="in_person", value=9)) == (422, "modes_differ_from_total")
    assert report(web, mode="in_person", value=8).status_code == 201


@pytest.mark.parametrize(
    ("before", "now", "code"),
    [
        ({"election": "2026", "value": 300}, {"value": 0}, "zero_after_hundreds"),
        ({"election": "2026", "value": 300}, {"value": 300}, "same_as_last_election"),
        ({"consulate": "chicago", "value": 300}, {"value": 300}, "same_as_another_office"),
        (LISTED, {"value": 0}, "zero_of_hundreds_registered"),
        ({**LISTED, "mode": "electronic"}, {"value": 0}, "zero_of_hundreds_registered"),
        (LISTED, {"value": 0, "mode": None}, "zero_of_hundreds_registered"),
    ],
)
def test_what_is_odd_needs_a_note_which_is_kept(
    web: Web, before: dict[str, Any], now: dict[str, Any], code: str
) -> None:
    approved(web, **before)
    answer = report(web, **now)
    assert refused(answer) == (422, code)
    assert list(answer.get_json()["errors"]) == ["note"]
    noted = report(web, **now, note="Comprobado con el acta")
    assert noted.status_code == 201, noted.text
    known = listed(web, web.token("supervisor", "losangeles"))
    assert known[noted.get_json()["id"]]["note"] == "Comprobado con el acta"


def test_no_vote_is_nothing_odd_beside_votes_of_another_day_or_a_short_list(web: Web) -> None:
    approved(web, **LISTED)
    approved(web, **{**LISTED, "mode": "postal", "value": 99})
    assert report(web, mode="postal", value=0).status_code == 201, "99 are on the list by post"
    approved(web, value=12)
    other_day = (day_of("2027") - timedelta(days=1)).isoformat()
    assert report(web, value=0, date=other_day).status_code == 201


def test_on_the_form_no_vote_where_hundreds_are_listed_asks_for_a_note(web: Web) -> None:
    approved(web, **LISTED)
    officer = staff_browser(web.app, "officer", "losangeles")
    form = {"election": "2027", "metric": "votes", "mode": "electronic", "value": "0",
            "date": day_of("2027").isoformat(), "source": "Acta 12"}  # fmt: skip
    asked = unescape(officer.send("/counts/", **form).text)
    assert "En esta oficina hay cientos de personas en la lista y ningún voto." in asked
    noted = unescape(officer.send("/counts/", **form, note="Se cayó el sistema").text)
    assert "En esta oficina hay cientos en la lista y ningún voto." in noted


def test_the_same_person_under_another_account_is_the_same_person(web: Web) -> None:
    count = made(web)
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = find_by_subject(session, "one-losangeles")
        assert account is not None
        end_account(session, account.id, now=system_clock(), actor=SYSTEM)
    web._tokens.clear()
    again = web.token("supervisor", "losangeles", "one-losangeles")
    for value in (12, 21):
        answer = web.call("POST", f"/voting/counts/{count}/approve", {"value": value}, token=again)
        assert refused(answer) == (409, "self_approval")


def test_nobody_gives_a_role_to_themselves(web: Web) -> None:
    admin = staff_browser(web.app, "admin")
    answer = admin.send(f"/admin/staff/{admin.account}", role="treasury")
    assert "la cambia otra persona que administre" in answer.text
    actor = Actor(Role.ADMIN, admin.account)
    with web.database.transaction(NETWORK_SCOPE) as session:
        end_account(session, admin.account, now=system_clock(), actor=SYSTEM)
        again = MakeStaffAccount("page-admin-network", "Demo", "compliance")
        with pytest.raises(Conflict) as refusal, session.begin_nested():
            make_account(session, again, now=system_clock(), actor=actor)
    assert refusal.value.code == "own_role"


def test_others_still_give_roles(web: Web) -> None:
    admin, officer = (staff_browser(web.app, "admin"), staff_browser(web.app, "analyst"))
    with web.database.transaction(NETWORK_SCOPE) as session:
        changed = assign(
            session,
            officer.account,
            role="auditor",
            consulate=None,
            now=system_clock(),
            actor=Actor(Role.ADMIN, admin.account),
        )
        assert changed.role == "auditor"


def test_published_figures_are_the_same_bytes_until_something_is_approved(web: Web) -> None:
    approved(web)
    first, again = (web.call("GET", "/voting/elections/2027") for _ in range(2))
    assert first.data == again.data
    version = first.get_json()["version"]
    waiting = made(web, value=15)
    assert web.call("GET", "/voting/elections/2027").data == first.data
    settle(web, waiting, "approve", value=15)
    corrected = web.call("GET", "/voting/elections/2027").get_json()
    assert corrected["version"] == version + 1
    assert [(c["value"], c["revision"]) for c in corrected["approved"]] == [(15, 2)]


def test_pages_report_approve_blind_and_correct(web: Web) -> None:
    officer: Browser = staff_browser(web.app, "officer", "losangeles")
    fields = {
        "election": "2027",
        "metric": "votes",
        "mode": "electronic",
        "date": day_of("2027").isoformat(),
        "value": "4321",
        "source": "Acta 12",
    }
    refusal = officer.send("/counts/", **{**fields, "date": "2150-01-01"})
    assert '<a href="#f-date">' in refusal.text
    answer = officer.post("/counts/", **fields)
    assert answer.status_code == 303, answer.text
    analyst = staff_browser(web.app, "analyst")
    page = analyst.get("/counts/").text
    address = re.findall('href="/counts/([0-9a-f-]{36})"', page)[0]
    page = without_chance(analyst.get(f"/counts/{address}").text)
    assert "4321" not in page
    assert "4,321" not in page
    differs = analyst.send(f"/counts/{address}/approve", value="1234")
    assert "se reportó 4321" in differs.text
    done = officer.post(f"/counts/{address}/correct", value="1234", reason="Invertí cifras")
    assert done.status_code == 303, done.text
    assert "Aprobado" in officer.get(done.location).text
    assert staff_browser(web.app, "treasury").get("/counts/").status_code == 403
