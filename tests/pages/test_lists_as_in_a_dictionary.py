"""Whatever people choose from or look through by name is in the order of a dictionary."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from consular.pages.portal.names import ASKED_MOST, bookable_services
from services.consulates.queries import list_consulates, list_services
from services.kernel.audit import SYSTEM
from services.kernel.collation import alphabetical
from services.kernel.db import NETWORK_SCOPE
from services.staff.accounts import MakeStaffAccount, make_account
from tests.factories.staff import staff_browser
from tests.factories.web import Web


def _choices(page: str, name: str) -> list[str]:
    select = page.partition(f'name="{name}"')[2].partition("</select>")[0]
    labels = re.findall(r'<option value="[^"]+"[^>]*>([^<]*)<', select)
    return [unescape(each) for each in labels]


def _in_order(names: list[str]) -> bool:
    return len(names) > 1 and names == sorted(names, key=alphabetical)


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize(
    ("role", "path", "name"),
    [
        ("analyst", "/monitoring/figures", "program"),
        ("treasury", "/incidents/", "kind"),
        ("admin", "/admin/staff/new", "role"),
        ("admin", "/admin/staff/new", "consulate"),
    ],
)
def test_a_lists_choices_are_in_order(
    web: Web, role: str, path: str, name: str, language: str
) -> None:
    page = staff_browser(web.app, role).get(f"{path}?lang={language}").text
    assert _in_order(_choices(page, name)), _choices(page, name)


@pytest.mark.parametrize("language", ["es", "en"])
def test_services_that_few_come_for_are_in_order(web: Web, language: str) -> None:
    with (
        web.app.test_request_context(f"/?lang={language}"),
        web.database.transaction(NETWORK_SCOPE) as session,
    ):
        services = bookable_services(session)
        known = {row.code for row in list_services(session, bookable_only=True)}
    assert {row["code"] for row in services} == known
    assert _in_order([row["name"] for row in services if row["code"] not in ASKED_MOST])


def test_staff_are_listed_as_in_a_dictionary(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        for name in ("Zoe Demo", "Ñico Demo", "Óscar Demo", "Nuria Demo", "ana demo"):
            command = MakeStaffAccount(f"s-{name}", name, "analyst", None)
            make_account(session, command, now=datetime.now(UTC), actor=SYSTEM)
    page = unescape(staff_browser(web.app, "admin").get("/admin/").text)
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    shown = [table.index(name) for name in ("ana ", "Nuria", "Ñico", "Óscar", "Zoe")]
    assert shown == sorted(shown)


def test_desks_are_listed_as_in_a_dictionary(web: Web) -> None:
    web.session(desks=[{"name": n, "services": ["PAS10"]} for n in ("Zona", "Ñandú", "Nube")])
    page = unescape(staff_browser(web.app, "supervisor", "losangeles").get("/desk/sessions").text)
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    shown = [table.index(f"{name}:") for name in ("Nube", "Ñandú", "Zona")]
    assert shown == sorted(shown)


def test_the_api_lists_offices_and_services_in_order(web: Web) -> None:
    offices = web.client.get("/api/v1/consulates").json["items"]
    with web.database.transaction(NETWORK_SCOPE) as session:
        # The rest, which no text confirms, comes after them.
        known = {c.code for c in list_consulates(session, include_assumed=False)}
    assert _in_order([o["city"] for o in offices if o["country"] == "US" and o["code"] in known])
    services = web.client.get("/api/v1/services").json["items"]
    kinds = {s["category"] for s in services}
    for kind in kinds:
        names = [s["name"] for s in services if s["category"] == kind]
        assert names == sorted(names, key=alphabetical)
