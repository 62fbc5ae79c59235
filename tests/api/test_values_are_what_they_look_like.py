"""A value of a body has the type that the contract names; nothing is read as another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.calls import call_of, send, steady_web
from tests.factories.web import Web
from tests.servers import Addresses

NOT_TRUE = (1, 0, "yes", "on", "true", "True", 1.0, [True], None, False)
NOT_WHOLE = (15.0, "15", "1_5", "+15", "１５", True, "0x0f", 15.5, [15], None)
NOT_DAYS = (
    "19900512", "1990-W19-6", "1990-5-12", "1990-132", "12/05/1990", "１990-05-12", "1990-05-12 ",
    "1990-05-12T00:00:00", 19900512, True, ["1990-05-12"],
)  # fmt: skip
NOT_MOMENTS = (
    "20261207T090000-0800", "2026-W50-1T09:00:00-08:00", "2026-12-07", "2026-12-07T09:00:00",
    "2026-12-07T09-08:00", "2026-12-07T09:00:00,5-08:00", "2026-12-07T09:00:00-08", 1796662800,
    "２026-12-07T09:00:00-08:00", "2026-12-07T25:00:00-08:00",
)  # fmt: skip
NOT_TIMES = ("9:00", "0900", "09:00:00", "24:00", "０9:00", "9", 9, "9:00 am", True, "09.00")
NOT_IDS = (
    "00000000000070008000000000000000", "{00000000-0000-7000-8000-000000000000}",
    "urn:uuid:00000000-0000-7000-8000-000000000000", 7, True,
)  # fmt: skip
FIELDS = [
    ("appointments.check_in", "identity_checked", NOT_TRUE),
    ("sessions.create_session", "slot_minutes", NOT_WHOLE),
    ("voting.create_count", "value", NOT_WHOLE),
    ("me.change_me", "birth_date", NOT_DAYS),
    ("sessions.create_session", "date", NOT_DAYS),
    ("voting.create_count", "date", NOT_DAYS),
    ("appointments.create_appointment", "start", NOT_MOMENTS),
    ("sessions.create_session", "opens", NOT_TIMES),
    ("sessions.create_session", "closes", NOT_TIMES),
    ("remittances.create_remittance", "quote", NOT_IDS),
]


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("values")) as running:
        yield running


@pytest.mark.parametrize(("name", "field", "values"), FIELDS)
def test_a_value_of_another_type_or_spelling_is_422(
    web: Web, name: str, field: str, values: tuple[Any, ...]
) -> None:
    call = call_of(web, name)
    for value in values:
        answer = send(web, call, {**(call.body or {}), field: value})
        assert answer.status_code == 422, (value, answer.text)
        assert field in answer.get_json()["errors"], value


@pytest.mark.parametrize("minutes", NOT_WHOLE)
def test_minutes_of_a_service_are_whole_numbers(web: Web, minutes: Any) -> None:
    call = call_of(web, "sessions.create_session")
    body = {**(call.body or {}), "service_minutes": {"PAS10": minutes}}
    assert send(web, call, body).status_code == 422


@pytest.mark.parametrize(
    "moment", ["2026-12-07T09:00-08:00", "2026-12-07T17:00:00Z", "2026-12-07T09:00:00.5-08:00"]
)
def test_the_usual_spellings_of_a_time_are_taken(web: Web, moment: str) -> None:
    call = call_of(web, "appointments.create_appointment")
    body = {name: value for name, value in (call.body or {}).items() if name != "services"}
    answer = send(web, call, {**body, "start": moment})
    assert "start" not in answer.get_json().get("errors", {})
