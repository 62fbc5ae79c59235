"""A client that nobody wrote, made from the published contract, does the main job alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.settings import Settings
from tests.factories.enrollments import make_applicant
from tests.factories.remittances import make_clabe, prepare_reference
from tests.factories.server import running_server
from tests.factories.web import PERSON, Web, running_web, working_day

# The generator knows a file by one media type only.
CONFIGURATION = """\
post_hooks: []
package_name_override: consular_client
content_type_overrides:
  application/pdf: application/octet-stream
  image/jpeg: application/octet-stream
  text/calendar: text/plain
"""
MINUTES = timedelta(minutes=10)


@dataclass(frozen=True)
class Client:
    """The generated package, a server that runs, and who asks."""

    url: str
    web: Web

    def call(self, operation: str, *, role: str = "", **arguments: Any) -> Any:
        """What the operation's function answers, as one of its own types."""
        module = import_module(f"consular_client.api.{operation}")
        package = import_module("consular_client")
        if role:
            office = "losangeles" if role == "supervisor" else ""
            token = self.web.token(role, office, f"generated {role}")
            client = package.AuthenticatedClient(base_url=self.url, token=token)
        else:
            client = package.Client(base_url=self.url)
        with client:
            return module.sync(client=client, **arguments)

    def make(self, name: str, **fields: Any) -> Any:
        """A model of the package, from JSON."""
        return getattr(import_module("consular_client.models"), name).from_dict(fields)


@pytest.fixture
def client(settings: Settings, tmp_path: Path) -> Iterator[Client]:
    with running_web(settings) as web:
        with web.database.transaction(NETWORK_SCOPE) as session:
            prepare_reference(session, now=system_clock())
        with running_server(web.settings) as served, pytest.MonkeyPatch.context() as patch:
            url = f"http://127.0.0.1:{served.port}"
            _generate(url, tmp_path)
            patch.syspath_prepend(str(tmp_path / "client"))
            yield Client(url, web)
            for name in [n for n in sys.modules if n.partition(".")[0] == "consular_client"]:
                del sys.modules[name]


def _generate(url: str, folder: Path) -> None:
    """Any warning of the generator is a fault of the contract."""
    document, configuration = folder / "openapi.json", folder / "configuration.yml"
    document.write_bytes(httpx.get(f"{url}/api/openapi.json").content)
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning",
            "--path", str(document), "--config", str(configuration),
            "--output-path", str(folder / "client"),
        ],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_books_enrolls_and_sends_money(client: Client) -> None:
    _books(client)
    _enrolls(client)
    _sends(client)


def _books(client: Client) -> None:
    day = working_day()
    opened = client.call(
        "sessions.open_session",
        role="supervisor",
        body=client.make(
            "SessionSchema", consulate="losangeles", date=day.isoformat(), opens="09:00",
            closes="10:00", slot_minutes=15, desks=[{"name": "A", "services": ["PAS10"]}],
        ),
    )  # fmt: skip
    assert (opened.date, opened.desks[0].name) == (day, "A")
    free = client.call(
        "catalogue.show_availability", consulate="losangeles", service="PAS10", from_=day, to=day
    )
    start = free.slots[0].start
    assert start.utcoffset() is not None
    body = client.make(
        "BookSchema", consulate="losangeles", service="PAS10", start=start.isoformat(),
        attendees=[PERSON], contact={"email": "ana@demo.invalid"},
    )  # fmt: skip
    booked = client.call("appointments.book_appointment", role="citizen", body=body)
    assert (booked.status.value, booked.start, booked.end - start) == (
        "booked", start, timedelta(minutes=15)
    )  # fmt: skip
    again = client.call("appointments.book_appointment", role="citizen", body=body)
    assert (again.status, again.code) == (409, "already_booked")
    shown = client.call("appointments.show_appointment", role="citizen", appointment=booked.id)
    assert shown == booked
    listed = client.call("appointments.list_appointments", role="citizen")
    assert ([item.id for item in listed.items], listed.next_) == ([booked.id], None)


def _enrolls(client: Client) -> None:
    program = client.call("programs.list_programs").items[0]
    who = make_applicant()
    enrollment = client.call(
        "enrollments.request_enrollment",
        role="citizen",
        idempotency_key=uuid4().hex,
        body=client.make(
            "EnrollmentSchema",
            program=program.program.value,
            applicant={
                "given_names": who.given_names,
                "first_surname": who.first_surname,
                "second_surname": who.second_surname,
                "birth_date": who.birth_date.isoformat(),
                "curp": who.curp,
            },
            consents=["transfer_to_agency"],
        ),
    )
    assert (enrollment.program.value, enrollment.status.value) == ("rfc", "received")
    shown = client.call("enrollments.show_enrollment", role="citizen", enrollment=enrollment.id)
    assert [step.status.value for step in shown.history] == ["received"]
    withdrawn = client.call(
        "enrollments.withdraw_enrollment", role="citizen", enrollment=enrollment.id,
        body=client.make("NothingSchema"),
    )  # fmt: skip
    assert withdrawn.status.value == "withdrawn"


def _sends(client: Client) -> None:
    client.call("me.change_profile", role="citizen", body=client.make("ProfileSchema", **PERSON))
    quote = client.call(
        "remittances.request_quote",
        role="citizen",
        body=client.make(
            "QuoteSchema", send={"amount": "100.00", "currency": "USD"},
            funding="bank_account", payout="account",
        ),
    )  # fmt: skip
    assert quote.total.currency.value == "USD"
    assert quote.expires_at - system_clock() > MINUTES
    recipient = {"given_names": "Rosa", "first_surname": "Demo", "clabe": make_clabe()}
    body = client.make("RemittanceSchema", quote=str(quote.id), recipient=recipient)
    key = uuid4().hex
    sent = client.call(
        "remittances.order_remittance", role="citizen", body=body, idempotency_key=key
    )
    again = client.call(
        "remittances.order_remittance", role="citizen", body=body, idempotency_key=key
    )
    assert again == sent
    remittance = client.call(
        "remittances.look_up_remittance",
        body=client.make("LookupSchema", folio=sent.folio, first_surname="Demo"),
    )
    assert remittance.total_to_recipient == quote.total_to_recipient
    back = client.call(
        "remittances.cancel_remittance", role="citizen", remittance=sent.id,
        body=client.make("NothingSchema"),
    )  # fmt: skip
    assert [step.status.value for step in back.history][-1] == back.status.value
    assert back.status.value in ("cancelled", "cancelling", "refunded")
