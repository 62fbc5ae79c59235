"""Whoever is on duty sees of each program which request has waited longest, and at what step."""

from __future__ import annotations

from datetime import timedelta

from consular.i18n import folio as shown
from services.enrollments.progress import AgencyStatus
from services.enrollments.rules import Status
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.operations.queries import OldestRequest, list_oldest_requests
from tests.factories.enrollments import agency_says, make_account, send_request
from tests.factories.staff import staff_browser
from tests.factories.web import Web

TITLE = "La solicitud sin decidir más antigua de cada programa"


def test_the_oldest_request_that_waits_is_named_by_folio_age_and_status(web: Web) -> None:
    assert TITLE not in staff_browser(web.app, "admin").get("/operations/").text
    _sent(web, days=60, decided=True)
    folio = _sent(web, days=30)
    newer = _sent(web, days=2)
    with web.database.transaction(NETWORK_SCOPE) as session:
        [oldest] = list_oldest_requests(session)
    since = system_clock() - oldest.since
    assert oldest == OldestRequest("rfc", folio, "sent_to_agency", oldest.since)
    assert timedelta(days=30) <= since < timedelta(days=31)
    page = staff_browser(web.app, "admin").get("/operations/").text
    table = page.partition(TITLE)[2].partition("</table>")[0]
    for words in ("RFC", "Enviada a la dependencia", "hace 30 días"):
        assert words in table
    assert shown(folio) in table
    assert shown(newer) not in table


def _sent(web: Web, *, days: int, decided: bool = False) -> str:
    vault = web.app.extensions["consular.vault"]
    with web.database.transaction(NETWORK_SCOPE) as session:
        actor = Actor(Role.CITIZEN, make_account(session))
        sent = send_request(session, actor, now=system_clock() - timedelta(days=days), vault=vault)
        folio, enrollment = sent.folio, sent.id
    words = [AgencyStatus(Status.SENT_TO_AGENCY)]
    if decided:
        words.append(AgencyStatus(Status.REJECTED, reason_code="data_mismatch"))
    agency_says(web.database, vault, enrollment, *words)
    return folio
