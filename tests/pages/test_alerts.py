"""An analyst tries a rule, keeps it, pauses it; a supervisor watches the queues of their office."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from services.alerts import evaluating
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.alerts import write_appointments
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web

ANALYST, SUPERVISOR = "analista@demo.invalid", "supervisora@demo.invalid"
RULE = {
    "indicator": "appointments",
    "status": "no_show",
    "consulate": "losangeles",
    "span": "now",
    "condition": "above",
    "amount": "1,000",
    "why": "En 2025 llegó a 1,200 antes de que alguien lo viera.",
    "readers": ANALYST,
}
QUEUE = {
    "indicator": "late_requests",
    "span": "now",
    "condition": "above",
    "amount": "0",
    "why": "Nadie debe pasar de su plazo.",
    "readers": SUPERVISOR,
}


@pytest.fixture
def analyst(web: Web) -> Browser:
    return staff_browser(web.app, "analyst", email=ANALYST)


def write(web: Web, count: int) -> None:
    """No-shows of yesterday in Los Angeles."""
    day = system_clock().date() - timedelta(days=1)
    with web.database.transaction(NETWORK_SCOPE) as session:
        write_appointments(session, day, count, office="losangeles")


def attempt(browser: Browser, **changes: str) -> str:
    """The page that says what the rule would have said today."""
    asked = urlencode({**RULE, **changes})
    return unescape(browser.get(f"/monitoring/alerts/new?{asked}").text)


def test_a_rule_is_tried_kept_evaluated_paused_and_left(web: Web, analyst: Browser) -> None:
    write(web, 1234)
    page = analyst.get("/monitoring/alerts/new").text
    assert f">{ANALYST}</textarea>" in page, "one's own address stands there at first"
    page = attempt(analyst, amount="2,000")
    assert "1,234 citas. No pasa del límite de 2,000." in page
    assert "No habría avisado." in page
    page = attempt(analyst)
    assert "1,234 citas. Pasa del límite de 1,000." in page
    assert "Habría avisado." in page
    assert "(hora de la Ciudad de México)" in page, "the clock of the cutoff"
    assert "Ninguna alerta vigila ahora." in analyst.get("/monitoring/alerts/").text
    page = analyst.send("/monitoring/alerts/new", **RULE).text
    [id] = re.findall(r'action="/monitoring/alerts/([^"]+)/pause"', page)
    assert "Nada todavía." in page
    with web.database.transaction(NETWORK_SCOPE) as session:
        [rule] = evaluating.list_active(session)
        assert evaluating.evaluate(session, rule, now=system_clock())
    page = unescape(analyst.get(f"/monitoring/alerts/{id}").text)
    assert "Demo Analyst (por enviar)" in page
    [address] = set(re.findall(r'href="(/monitoring/indicators/appointments[^"]+)"', page)[1:])
    shown = unescape(analyst.get(address).text)
    assert "Solo: Oficina: Consulado General de México en Los Ángeles; Estado:" in shown
    assert "1,234" in shown
    assert "En pausa desde" in analyst.send(f"/monitoring/alerts/{id}/pause").text
    page = analyst.get("/monitoring/alerts/").text
    assert page.index("En pausa") < page.index(id)
    assert "En pausa desde" not in analyst.send(f"/monitoring/alerts/{id}/resume").text
    page = analyst.send(f"/monitoring/alerts/{id}/stop").text
    assert "A nadie: todos dejaron de recibirla." in page
    assert analyst.get(f"/monitoring/alerts/{id}/stop").status_code == 303, "opening stops nothing"


def test_what_does_not_go_together_is_said_beside_its_field(web: Web, analyst: Browser) -> None:
    for changes, field, words in (
        ({"readers": "nadie@demo.invalid"}, "readers", "No lo encontramos así: nadie@"),
        ({"readers": f"{ANALYST}, nadie"}, "readers", "El correo va completo"),
        ({"amount": ""}, "amount", "a partir de qué número"),
        ({"status": "paid"}, "status", "Elige uno de los estados"),
        ({"condition": "changed"}, "span", "elige el último día, semana o mes"),
        ({"indicator": "late_requests"}, "status", "se desglosan por oficina"),
        ({"country": "ZZ"}, "country", "Elige uno de la lista."),
    ):
        page = attempt(analyst, **changes)
        assert f'href="#f-{field}"' in page, (field, changes)
        assert words in page
        assert "Habría avisado." not in page
    page = analyst.send("/monitoring/alerts/new", **{**RULE, "readers": "nadie@demo.invalid"}).text
    assert "nadie@demo.invalid" in page
    assert "Ninguna alerta vigila ahora." in analyst.get("/monitoring/alerts/").text


def test_a_supervisor_watches_the_queues_of_their_own_office_only(
    web: Web, analyst: Browser
) -> None:
    analyst.send("/monitoring/alerts/new", **RULE)
    analyst.send("/monitoring/alerts/new", **{**RULE, "consulate": ""})
    supervisor = staff_browser(web.app, "supervisor", "losangeles", email=SUPERVISOR)
    form = supervisor.get("/monitoring/alerts/new").text
    assert 'value="late_requests"' in form
    assert 'value="appointments"' not in form
    page = unescape(
        supervisor.send("/monitoring/alerts/new", **{**QUEUE, "consulate": "chicago"}).text
    )
    assert "Inscripciones fuera de plazo (Consulado General de México en Los Ángeles)" in page
    [id] = re.findall(r'action="/monitoring/alerts/([^"]+)/pause"', page)
    page = supervisor.get(f"/monitoring/alerts/new?{urlencode(RULE)}").text
    assert "Las demás cifras las vigila quien" in page
    other = staff_browser(web.app, "supervisor", "chicago")
    assert other.get(f"/monitoring/alerts/{id}").status_code == 404
    assert "Ninguna alerta vigila ahora." in other.get("/monitoring/alerts/").text
    assert other.post(f"/monitoring/alerts/{id}/pause").status_code in (303, 404)
    items = web.call("GET", "/monitoring/alerts", token=web.token("analyst")).get_json()["items"]
    assert [item["active"] for item in items] == [True, True, True]
    token = web.token("supervisor", "chicago")
    assert web.call("GET", "/monitoring/alerts", token=token).get_json()["items"] == []
    auditor = staff_browser(web.app, "auditor")
    assert auditor.get("/monitoring/alerts/").status_code == 200
    assert auditor.get("/monitoring/alerts/new").status_code == 403
    assert (
        staff_browser(web.app, "officer", "losangeles").get("/monitoring/alerts/").status_code
        == 403
    )
