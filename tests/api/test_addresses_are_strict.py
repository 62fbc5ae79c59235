"""An address is taken as it is meant, or refused: nothing in it is ignored or reread."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from consular.api.contract import ENDPOINTS
from services.kernel.clock import system_clock
from tests.api.calls import Call, call_of, steady_web
from tests.factories.pace import takes_less
from tests.factories.web import Web
from tests.servers import Addresses

# Agencies may add what they like to the address that they were given.
OURS = [name for name, endpoint in ENDPOINTS.items() if not endpoint.signed]
WITH_DAYS = {
    "catalogue.show_availability": ("from", "to"),
    "catalogue.show_network_availability": ("from",),
    "catalogue.list_all_services": ("date",),
    "sessions.list_own_sessions": ("from", "to"),
    "appointments.list_own_appointments": ("date",),
    "indicators.show_indicator": ("from", "to"),
    "exports.export": ("from", "to"),
}
DAYS = [(name, field) for name, fields in WITH_DAYS.items() for field in fields]
PERIODS = [name for name, fields in WITH_DAYS.items() if "to" in fields]
IMPOSSIBLE = (
    "9999-12-31", "0001-01-01", "2026-02-30", "20261207", "2026-W50-1", "2026-12-7", "٢٠٢٦-12-07",
    "+2026-12-07", "2026-12-07T00:00", "07/12/2026",
)  # fmt: skip
NUMBERS = ("1_0", "+5", "５", "15.0", " 5", "0x5", "1e1", "-1", "true", "٥")


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("addresses")) as running:
        yield running


def _ask(web: Web, call: Call, query: str) -> TestResponse:
    known = {
        "service": "PAS10",
        "indicator": "enrollments",
        "municipality": "Oaxaca de Juárez",
        "sha256": "0" * 64,
    }
    needed = "".join(f"{name}={known[name]}&" for name in known if name in _names(call))
    if "municipality" in _names(call):
        needed += "state=20&"
    headers = {"Authorization": f"Bearer {call.token}"} if call.token else {}
    return web.client.open(
        f"/api/v1{call.path}?{needed}{query}",
        method=call.endpoint.method,
        json=call.body,
        headers={"Idempotency-Key": "strict", **headers},
    )


def _names(call: Call) -> set[str]:
    schema = call.endpoint.query
    return {f.data_key or name for name, f in schema.fields.items()} if schema else set()


def _refused(answer: TestResponse, field: str) -> None:
    assert answer.status_code == 422, answer.text
    assert set(answer.get_json()["errors"]) == {field}


@pytest.mark.parametrize("name", OURS)
def test_an_unknown_parameter_is_422_everywhere(web: Web, name: str) -> None:
    """A misspelt filter would let everything pass."""
    for query in ("form=1", "form="):
        _refused(_ask(web, call_of(web, name), query), "form")


@pytest.mark.parametrize("name", OURS)
def test_a_repeated_parameter_is_422_everywhere(web: Web, name: str) -> None:
    call = call_of(web, name)
    for field in sorted(_names(call) - {"service"}) or ["form"]:
        _refused(_ask(web, call, f"{field}=1&{field}=2"), field)


@pytest.mark.parametrize(("name", "field"), DAYS)
def test_a_day_that_isnt_one_is_422_at_once(web: Web, name: str, field: str) -> None:
    call = call_of(web, name)
    for day in IMPOSSIBLE:
        query = f"{field}={day}"
        assert takes_less(lambda query=query: _refused(_ask(web, call, query), field), 1), day


@pytest.mark.parametrize("name", PERIODS)
def test_a_period_that_ends_before_it_begins_is_422(web: Web, name: str) -> None:
    _refused(_ask(web, call_of(web, name), "from=2027-01-02&to=2027-01-01"), "to")


@pytest.mark.parametrize("name", ["catalogue.show_availability", "sessions.list_own_sessions"])
def test_a_period_that_ended_before_today_is_422_when_it_has_no_beginning(
    web: Web, name: str
) -> None:
    _refused(_ask(web, call_of(web, name), "to=2026-01-01"), "to")


def test_the_longest_period_holds_with_and_without_a_beginning(web: Web) -> None:
    call = call_of(web, "catalogue.show_availability")
    today = system_clock().date()
    for days, status in ((92, 200), (94, 422), (20_000, 422)):
        last = today + timedelta(days=days)
        for query in (f"to={last}", f"from={today}&to={last}"):
            assert _ask(web, call, query).status_code == status, (days, query)


def test_the_period_that_was_looked_at_is_said(web: Web) -> None:
    call = call_of(web, "catalogue.show_availability")
    endpoint = _ask(web, call, "from=2027-01-04").get_json()
    assert (endpoint["from"], endpoint["to"]) == ("2027-01-04", "2027-02-03")
    network = call_of(web, "catalogue.show_network_availability")
    endpoint = _ask(web, network, "from=2027-01-04").get_json()
    assert (endpoint["from"], endpoint["to"]) == ("2027-01-04", "2027-02-03")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("catalogue.list_all_consulates", "limit"),
        ("appointments.list_own_appointments", "limit"),
        ("voting.list_all_counts", "limit"),
        ("catalogue.show_availability", "party"),
    ],
)
def test_a_number_in_an_address_is_plain_digits(web: Web, name: str, field: str) -> None:
    call = call_of(web, name)
    for number in NUMBERS:
        _refused(_ask(web, call, f"{field}={number.replace('+', '%2B')}"), field)
    assert _ask(web, call, f"{field}=5").status_code == 200
