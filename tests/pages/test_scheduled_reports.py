"""An analyst has a figure sent by mail, sees what was sent, and stops it; a supervisor may not."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from services.alerts.scheduling import begin_due
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import staff_browser
from tests.factories.web import Web

ANALYST = "analista@demo.invalid"
PATH = "/monitoring/scheduled-reports"
REPORT = {
    "indicator": "appointments",
    "by": "consulate",
    "country": "US",
    "covers": "week",
    "every": "day",
    "hour": "8",
    "readers": ANALYST,
}


def test_a_report_is_scheduled_seen_and_stopped_by_a_button(web: Web) -> None:
    analyst = staff_browser(web.app, "analyst", email=ANALYST)
    assert f'href="{PATH}/"' in analyst.get("/monitoring/alerts/").text
    assert f">{ANALYST}</textarea>" in analyst.get(f"{PATH}/new").text
    page = unescape(analyst.send(f"{PATH}/new", **REPORT).text)
    assert "Cada día a las 8:00 (hora de la Ciudad de México)" in page
    assert "Para Demo Analyst." in page
    [id] = set(re.findall(rf'href="{PATH}/([0-9a-f-]{{36}})"', page))
    assert "Nada todavía." in analyst.get(f"{PATH}/{id}").text
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert begin_due(session, now=system_clock() + timedelta(days=2)) == 1
    page = unescape(analyst.get(f"{PATH}/{id}").text)
    [address] = re.findall(r'href="(/monitoring/indicators/appointments[^"]+)"', page)
    assert "por enviar" in page
    assert analyst.get(address).status_code == 200
    assert analyst.get(f"{PATH}/{id}/stop").status_code == 303
    assert "Dejar de mandarlo" in analyst.get(f"{PATH}/{id}").text, "opening stops nothing"
    page = analyst.send(f"{PATH}/{id}/stop").text
    assert "Ya no se manda, desde el" in page
    assert "Dejar de mandarlo" not in page
    assert id not in analyst.get(f"{PATH}/").text


def test_what_does_not_go_together_is_said_beside_its_field(web: Web) -> None:
    analyst = staff_browser(web.app, "analyst", email=ANALYST)
    for changes, field in (
        ({"readers": "nadie@demo.invalid"}, "readers"),
        ({"status": "paid"}, "status"),
        ({"country": "ZZ"}, "country"),
        ({"every": ""}, "every"),
    ):
        page = analyst.send(f"{PATH}/new", **{**REPORT, **changes}).text
        assert f'href="#f-{field}' in page, (field, page)


def test_it_is_shown_to_its_reader_and_to_whoever_made_it_only(web: Web) -> None:
    analyst = staff_browser(web.app, "analyst", email=ANALYST)
    page = analyst.send(f"{PATH}/new", **REPORT).text
    [id] = set(re.findall(rf'href="{PATH}/([0-9a-f-]{{36}})"', page))
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    for path in (f"{PATH}/", f"{PATH}/new", f"{PATH}/{id}"):
        assert supervisor.get(path).status_code == 403
    assert supervisor.get("/monitoring/alerts/").status_code == 200
    assert f'href="{PATH}/"' not in supervisor.get("/monitoring/alerts/").text
    auditor = staff_browser(web.app, "auditor")
    assert auditor.get(f"{PATH}/new").status_code == 403
    assert auditor.get(f"{PATH}/{id}").status_code == 404
    assert "No recibes ni programaste" in auditor.get(f"{PATH}/").text
