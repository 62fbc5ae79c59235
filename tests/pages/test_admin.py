"""Accounts of staff are made, moved and ended by an administrator, and by nobody else."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web

NEW = {
    "subject": "rosa.prueba",
    "name": "Rosa Prueba",
    "email": "rosa@demo.invalid",
    "role": "officer",
    "consulate": "losangeles",
}


@pytest.fixture
def admin(web: Web) -> Browser:
    return staff_browser(web.app, "admin")


def actions(web: Web) -> list[str]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        rows = session.execute(text("SELECT action FROM audit_entries ORDER BY at, id"))
        return [row.action for row in rows if row.action.startswith("staff.")]


def test_an_account_is_made_listed_and_audited(web: Web, admin: Browser) -> None:
    answer = admin.post("/admin/staff/new", **NEW)
    assert (answer.status_code, answer.location) == (303, "/admin/")
    page = admin.get("/admin/").text
    assert "Rosa Prueba" in page
    assert "rosa.prueba" in page
    assert "Los Ángeles" in page
    assert actions(web)[-1] == "staff.make"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subject": ""}, "subject"),
        ({"name": "12"}, "name"),
        ({"email": "rosa"}, "email"),
        ({"role": "citizen"}, "role"),
        ({"role": "officer", "consulate": ""}, "consulate"),
        ({"role": "analyst"}, "consulate"),
        ({"consulate": "atlantis"}, "consulate"),
    ],
)
def test_an_account_that_cannot_be_is_refused_and_nothing_typed_is_lost(
    web: Web, admin: Browser, changes: dict[str, str], field: str
) -> None:
    fields = {**NEW, **changes}
    answer = admin.send("/admin/staff/new", **fields)
    assert f'<a href="#f-{field}">' in answer.text
    for name in ("subject", "name", "email"):
        assert f'value="{fields[name]}"' in answer.text
    assert "Rosa Prueba" not in admin.get("/admin/").text


def test_the_same_person_is_not_made_twice(web: Web, admin: Browser) -> None:
    assert admin.post("/admin/staff/new", **NEW).status_code == 303
    answer = admin.send("/admin/staff/new", **NEW)
    assert '<a href="#f-subject">' in answer.text


def test_another_office_holds_from_the_next_request_on(web: Web, admin: Browser) -> None:
    officer = staff_browser(web.app, "officer", "losangeles")
    assert "Los Ángeles" in officer.get("/desk/").text
    page = admin.get(f"/admin/staff/{officer.account}").text
    assert '<option value="losangeles" selected>' in page
    moved = admin.post(f"/admin/staff/{officer.account}", role="officer", consulate="chicago")
    assert moved.status_code == 303
    page = officer.get("/desk/").text
    assert "<h1>Chicago" in page
    assert "Los Ángeles" not in page
    assert actions(web)[-1] == "staff.assign"
    refused = admin.send(f"/admin/staff/{officer.account}", role="officer")
    assert "Oficiales y supervisores llevan oficina" in unescape(refused.text)


def test_an_ended_account_is_out_at_once_wherever_it_is_signed_in(web: Web, admin: Browser) -> None:
    first = staff_browser(web.app, "officer", "losangeles")
    second = staff_browser(web.app, "officer", "losangeles")
    assert first.account == second.account
    assert first.get("/desk/").status_code == second.get("/desk/").status_code == 200
    answer = admin.post(f"/admin/staff/{first.account}/end")
    assert (answer.status_code, answer.location) == (303, "/admin/")
    for browser in (first, second):
        assert browser.get("/desk/").location == "/login/personal?next=/desk/"
    assert "Terminada el" in admin.get("/admin/").text
    assert admin.get(f"/admin/staff/{first.account}").status_code == 404
    assert admin.post(f"/admin/staff/{first.account}/end").status_code == 404
    assert actions(web)[-1] == "staff.end"


def test_nobody_ends_their_own_account(web: Web, admin: Browser) -> None:
    answer = admin.send(f"/admin/staff/{admin.account}/end")
    assert "No puedes terminar tu propia cuenta" in answer.text
    assert admin.get("/admin/").status_code == 200


def test_only_administrators_administer(web: Web, admin: Browser) -> None:
    for role, consulate in (
        ("officer", "losangeles"),
        ("supervisor", "losangeles"),
        ("analyst", None),
        ("auditor", None),
    ):
        browser = staff_browser(web.app, role, consulate)
        assert browser.get("/admin/").status_code == 403
        assert browser.post("/admin/staff/new", **NEW).status_code == 403
        assert browser.post(f"/admin/staff/{admin.account}/end").status_code == 403
    assert admin.client.post("/admin/staff/new", data=NEW).status_code == 403  # no token
    assert "Rosa Prueba" not in admin.get("/admin/").text
