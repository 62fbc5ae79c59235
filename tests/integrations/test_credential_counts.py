"""INE's counts are fetched whole or not at all."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest

from integrations.contracts import CredentialCounts, CredentialCountSource
from integrations.errors import Retryable
from integrations.ine.client import IneClient
from integrations.simulator.app import Simulator
from integrations.simulator.inprocess import InProcessTransport
from tests.integrations.conftest import SECRETS, Clock, order_faults
from tests.integrations.test_contracts_are_as_written import Recorder


@pytest.fixture
def ine(simulator: Simulator) -> IneClient:
    recorder = Recorder("ine", InProcessTransport(simulator))
    return IneClient("http://s.test/ine", SECRETS["ine"], recorder)


def answer(body: Any, status: int = 200) -> CredentialCounts:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
    source: CredentialCountSource = IneClient("http://x.test", "t", transport)
    return source.latest()


def test_counts_grow_by_the_day_and_are_the_same_for_a_day(ine: IneClient, clock: Clock) -> None:
    first = ine.latest()
    assert first.cut_off == date(2026, 11, 23)
    assert first == ine.latest()
    clock.forward(86_400)
    assert all(ine.latest().by_office[office] > count for office, count in first.by_office.items())


@pytest.mark.parametrize("fault", ["unavailable_rate", "error_rate", "garbage_rate"])
def test_no_failure_is_worse_than_no_answer(
    simulator: Simulator, control: httpx.Client, fault: str
) -> None:
    order_faults(control, "ine", **{fault: 1})
    client = IneClient("http://s.test/ine", SECRETS["ine"], InProcessTransport(simulator))
    with pytest.raises(Retryable):
        client.latest()


ROW = {"oficina": "chicago", "solicitudes": 3}


@pytest.mark.parametrize(
    "body",
    [
        {"corte": "ayer", "conteos": [ROW]},
        {"corte": "9999-01-01", "conteos": [ROW]},
        {"corte": "2026-11-23", "conteos": []},
        {"corte": "2026-11-23", "conteos": [ROW, ROW]},
        {"corte": "2026-11-23", "conteos": [{**ROW, "solicitudes": -1}]},
        {"corte": "2026-11-23", "conteos": [{**ROW, "solicitudes": True}]},
        {"corte": "2026-11-23", "conteos": [{**ROW, "solicitudes": "3"}]},
        {"corte": "2026-11-23", "conteos": [{**ROW, "oficina": "<b>"}]},
        {"corte": "2026-11-23"},
    ],
)
def test_half_a_table_is_none(body: Any) -> None:
    with pytest.raises(Retryable):
        answer(body)


def test_nothing_published_yet_is_asked_again() -> None:
    with pytest.raises(Retryable) as error:
        answer({"codigo": "SIN_CORTE"}, 404)
    assert error.value.code == "not_published"
