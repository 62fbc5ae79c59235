"""Searches that found nothing are a number: by office, service and hour, once an hour for each
seeker, and nobody's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.appointments.unmet import list_unmet
from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, working_day

FRESNO_90_KM = "near=36.75,-119.77&within_km=90"


def _ask(web: Web, path: str, token: str | None = None, address: str = "192.0.2.1") -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = web.client.get(
        f"/api/v1{path}", headers=headers, environ_overrides={"REMOTE_ADDR": address}
    )
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["slots"] == []


def _facts(web: Web) -> list[tuple[Any, ...]]:
    query = (
        "SELECT consulate_code, service_code, quantity::int FROM facts WHERE kind = 'unmet_search'"
        " ORDER BY recorded_at"
    )
    with web.database.transaction(NETWORK_SCOPE) as session:
        return [tuple(row) for row in session.execute(text(query))]


def test_each_seeker_counts_once_an_hour_for_an_office_and_service(web: Web) -> None:
    office = "/consulates/losangeles/availability?service=PAS10"
    ana, eva = (web.token("citizen", subject=name) for name in ("ana", "eva"))
    for token in (ana, ana, eva):
        _ask(web, office, token)
    # A robot that has no account, whatever its cookies; its network counts as one.
    for last in (2, 2, 3):
        _ask(web, office, address=f"192.0.2.{last}")
    assert _facts(web) == [("losangeles", "PAS10", 1)] * 4
    web.travel(datetime.now(UTC) + timedelta(hours=1))
    _ask(web, office, address="192.0.2.2")
    assert len(_facts(web)) == 5


def test_the_area_is_the_office_asked_for_or_nearest_and_no_place(web: Web) -> None:
    _ask(web, f"/availability?service=MAT&{FRESNO_90_KM}")
    _ask(web, "/availability?service=MAT&place=93650")
    _ask(web, "/availability?service=MAT&consulates=chicago,boston")
    _ask(web, "/availability?service=MAT")
    assert [office for office, *_ in _facts(web)] == ["fresno", "chicago", None]


def test_what_found_something_and_staff_of_an_office_dont_count(web: Web) -> None:
    _ask(web, "/consulates/boston/availability?service=MAT", web.token("officer", "boston"))
    web.session()
    day = working_day()
    answer = web.call("GET", f"/availability?service=MAT&from={day}&to={day}&consulates=losangeles")
    assert answer.get_json()["slots"]
    assert _facts(web) == []


@pytest.mark.parametrize(
    "page",
    [
        "/citas/horarios?service=PAS10&consulate=losangeles",
        "/citas/oficina?service=PAS10&place=Los+Angeles",
    ],
)
def test_pages_count_too(web: Web, page: str) -> None:
    for _again in range(2):
        assert web.client.get(page).status_code == 200
    assert _facts(web) == [("losangeles", "PAS10", 1)]


def test_an_analyst_reads_the_figure_and_an_office_its_own_by_hour(web: Web) -> None:
    noon = datetime.now(UTC).replace(hour=20, minute=30)
    web.travel(noon)
    _ask(web, "/consulates/losangeles/availability?service=PAS10")
    path = "/monitoring/indicators/unmet_searches?by=program,consulate"
    answer = web.call("GET", path, token=web.token("analyst"))
    row = {"program": "PAS10", "consulate": "losangeles", "status": "no_place", "value": 1}
    assert answer.get_json()["rows"] == [row]
    day = noon.date()
    with web.database.transaction(NETWORK_SCOPE) as session:
        (hour,) = list_unmet(
            session, consulate="losangeles", first=day - timedelta(days=1), last=day
        )
    assert (hour.service, hour.searches) == ("PAS10", 1)
    # Half past eight in the evening of Greenwich is past noon in California.
    assert hour.hour in {12, 13}
