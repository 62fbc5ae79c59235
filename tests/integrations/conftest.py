"""A simulator of one's own for each test, its clock in the test's hands."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.base import TokenClient
from integrations.contracts import (
    CurpQuestion,
    EnrollmentApplication,
    EnrollmentBatch,
    PayoutChannel,
    PayoutOrder,
)
from integrations.finabien.client import FinabienClient
from integrations.notices.client import NoticesClient
from integrations.rates.client import BanxicoClient
from integrations.registry import AGENCIES, calling_back
from integrations.sat.client import SatClient
from integrations.simulator.app import Simulator, create_simulator
from integrations.simulator.inprocess import InProcessTransport
from integrations.simulator.names import Person, make_curp

PRODUCT = "http://product.test"


def _signing(code: str) -> str:
    return f"whsec_{base64.b64encode(f'{code} signs so in the tests alone'.encode()).decode()}"


# An identifier with odd signs, for whoever signs people in; everybody else is shown a token.
SECRETS = {
    **{code: f"{code}-token" for code in AGENCIES},
    **{f"{agency.code}.callbacks": _signing(agency.code) for agency in calling_back()},
    "llavemx": "consular-web:llave-secret",
    "oidc": "consular-staff:oidc secret/with:odd+signs",
}
CLABE = "002010077777777771"
NSS = "92038500010"


@dataclass
class Clock:
    """Stands still until told to move."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 18, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Product(httpx.MockTransport):
    """Plays the product's callback endpoint: keeps what arrives, answers as told."""

    def __init__(self) -> None:
        self.received: list[httpx.Request] = []
        self.answers_with = 200
        super().__init__(self._receive)

    def _receive(self, request: httpx.Request) -> httpx.Response:
        self.received.append(request)
        return httpx.Response(self.answers_with)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def product() -> Product:
    return Product()


@pytest.fixture
def simulator(tmp_path: Path, clock: Clock, product: Product) -> Iterator[Simulator]:
    application = create_simulator(
        tmp_path,
        callback_base_url=PRODUCT,
        secrets=SECRETS,
        clock=clock,
        callback_transport=product,
    )
    yield application
    application.close()


@pytest.fixture
def control(simulator: Simulator) -> Iterator[httpx.Client]:
    transport = InProcessTransport(simulator)
    with httpx.Client(transport=transport, base_url="http://simulator.test") as client:
        yield client


def connected(client: type[TokenClient]) -> Any:
    """A fixture: a client of the agency as the test's simulator plays it."""

    @pytest.fixture
    def client_of_simulator(simulator: Simulator) -> Iterator[TokenClient]:
        url, transport = f"http://simulator.test/{client.agency}", InProcessTransport(simulator)
        with client(url, SECRETS[client.agency], transport) as connection:
            yield connection

    return client_of_simulator


finabien = connected(FinabienClient)
sat = connected(SatClient)
rates = connected(BanxicoClient)
notices = connected(NoticesClient)


def an_order(folio: str = "R7K3M9QXW42T", **changes: object) -> PayoutOrder:
    """An order to an account; `changes` replaces fields."""
    values: dict[str, object] = {
        "folio": folio,
        "amount_minor": 123_456,
        "channel": PayoutChannel.ACCOUNT,
        "beneficiary_given_names": "Persona",
        "beneficiary_first_surname": "Demo",
        "beneficiary_second_surname": "Uno",
        "account": CLABE,
        "sender_name": "Remitente Demo",
        "concept": "Familia",
    }
    return PayoutOrder(**(values | changes))  # type: ignore[arg-type]


def an_application(
    folio: str = "E7K3M9QXW42T", first_surname: str = "Demo", *, program: str, **changes: object
) -> EnrollmentApplication:
    """A request for a program of the agency whose CURP agrees with the names; `changes` replaces
    fields."""
    person = Person("Persona", first_surname, "Uno", date(1985, 3, 14))
    values: dict[str, object] = {
        "folio": folio,
        "program": program,
        "curp": make_curp(person, "M"),
        "given_names": person.given_names,
        "first_surname": person.first_surname,
        "second_surname": person.second_surname,
        "birth_date": person.birth_date,
        "email": "demo@example.org",
    }
    return EnrollmentApplication(**(values | changes))  # type: ignore[arg-type]


def a_question(first_surname: str = "Demo") -> CurpQuestion:
    """Somebody's CURP and what they say of themselves."""
    person = Person("Persona", first_surname, "Uno", date(1985, 3, 14))
    curp = make_curp(person, "M")
    return CurpQuestion(curp, *(getattr(person, name.name) for name in fields(person)))


def a_batch(key: str, *first_surnames: str) -> EnrollmentBatch:
    """A batch with a request a surname, their folios numbered by place."""
    applications = tuple(
        an_application(f"E{key}{place}", surname, program="infonavit", data={"nss": NSS})
        for place, surname in enumerate(first_surnames)
    )
    return EnrollmentBatch(key, date(2026, 11, 24), applications)


def effects(control: httpx.Client, agency: str = "finabien") -> dict[str, int]:
    """folio -> how many times it took effect."""
    items = control.get("/_simulator/effects", params={"agency": agency}).json()["items"]
    return {item["folio"]: item["effects"] for item in items}


def order_faults(control: httpx.Client, agency: str, **faults: object) -> None:
    """Put the agency's faults in force."""
    control.put(f"/_simulator/faults/{agency}", json=faults).raise_for_status()
