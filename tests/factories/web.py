"""A web application over a test's own database, and people who call it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.serving import make_server
from werkzeug.test import TestResponse, stream_encode_multipart

from consular.app import create_app
from consular.local.development_tokens import development_token
from consular.seed import load_reference
from integrations.background import serving
from services.consulates.rules import ClosedDay, mexican_days, us_days
from services.kernel.db import Database
from services.kernel.settings import Settings
from tests.factories.contract import CheckedClient
from tests.servers import has_reference

# Days are counted from here, so that midnight comes between no two questions of a test.
BEGAN = datetime.now(UTC)
PERSON: dict[str, Any] = {
    "given_names": "Ana",
    "first_surname": "Demo",
    "second_surname": "Prueba",
    "birth_date": "1990-05-12",
}
# Their birth date as the pages' forms send it.
BORN = {"birth_date-day": "12", "birth_date-month": "5", "birth_date-year": "1990"}
_LETTERS = str.maketrans("0123456789", "abcdefghij")


def person(number: int = 0, **changes: Any) -> dict[str, Any]:
    """An invented person; another ``number`` is somebody else."""
    return {**PERSON, "first_surname": f"Demo {in_letters(number)}", **changes}


def in_letters(number: int) -> str:
    """A number as part of a name: 0 is Aaaa, 17 is Aabh."""
    return f"{number:04d}".translate(_LETTERS).capitalize()


@dataclass
class Web:
    """The application and its callers."""

    settings: Settings
    app: Flask
    _tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    @cached_property
    def database(self) -> Database:
        """What happens beside the web: the workers' login, which may do more."""
        return Database(self.settings.worker_database_url)

    @property
    def client(self) -> FlaskClient:
        """A fresh browser."""
        return self.app.test_client()

    def travel(self, moment: datetime) -> None:
        """From now on it is ``moment`` for the application; sign in after this."""
        self.app.extensions["consular.clock"] = lambda: moment

    def token(self, role: str, consulate: str = "", subject: str = "", name: str = "") -> str:
        """A bearer token; the same subject is the same person."""
        key = (role, consulate, subject, name)
        if key not in self._tokens:
            self._tokens[key] = development_token(
                self.settings, role, consulate or None, subject or None, name or None
            )
        return self._tokens[key]

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        """One request to the API."""
        sent_headers = dict(headers or {})
        if token:
            sent_headers["Authorization"] = f"Bearer {token}"
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=sent_headers)

    def send_file(
        self, path: str, data: bytes, *, token: str | None, name: str = "foto.jpg", **fields: str
    ) -> TestResponse:
        """A form with a file, as the API takes it."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.post(
            f"/api/v1{path}", headers=headers, **form_with_file(data, name, **fields)
        )

    def try_session(self, **changes: Any) -> TestResponse:
        """What a supervisor of Los Angeles is answered who opens a session there, thirty days ahead
        on a working day."""
        body = {
            "consulate": "losangeles",
            "date": working_day().isoformat(),
            "opens": "09:00",
            "closes": "10:00",
            "slot_minutes": 15,
            "desks": [{"name": "A", "services": ["PAS10", "MAT"]}],
            **changes,
        }
        token = self.token("supervisor", body["consulate"])
        return self.call("POST", "/sessions", body, token=token)

    def session(self, **changes: Any) -> dict[str, Any]:
        """The session that `try_session` opens."""
        answer = self.try_session(**{"release": "open", **changes})
        assert answer.status_code == 201, answer.text
        return dict(answer.get_json())

    def quote(self, amount: str, token: str) -> TestResponse:
        """What sending that many dollars from account to account costs."""
        send = {"amount": amount, "currency": "USD"}
        body = {"send": send, "funding": "bank_account", "payout": "account"}
        return self.call("POST", "/quotes", body, token=token)

    def free(self, service: str = "PAS10", consulate: str = "losangeles") -> list[dict[str, Any]]:
        """Free times of the sessions' day."""
        day = working_day().isoformat()
        path = f"/consulates/{consulate}/availability?service={service}&from={day}&to={day}"
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return list(answer.get_json()["slots"])

    def book(self, start: str, *, token: str, **changes: Any) -> TestResponse:
        """Try to book one place."""
        body = {
            "consulate": "losangeles",
            "service": "PAS10",
            "start": start,
            "attendees": [person()],
            "contact": {"email": "ana@demo.invalid"},
            **changes,
        }
        body = {name: value for name, value in body.items() if value is not None}
        return self.call("POST", "/appointments", body, token=token)


def form_with_file(data: bytes, name: str, **fields: str) -> dict[str, Any]:
    """What a browser sends of a form with a file, for a client's ``post``."""
    values = {**fields, "file": FileStorage(BytesIO(data), name)}
    body, _length, boundary = stream_encode_multipart(values, use_tempfile=False)
    return {"data": body.read(), "content_type": f"multipart/form-data; boundary={boundary}"}


def morning_at_office(days: int = 0) -> datetime:
    """Seven in the morning in Los Angeles, of the day on which `Web.session` opens (or of days
    after it): before anybody's time, on the day itself."""
    day = working_day() + timedelta(days=days)
    return datetime.combine(day, time(7), ZoneInfo("America/Los_Angeles")).astimezone(UTC)


def working_day(days: int = 30) -> Any:
    """A day about ``days`` ahead that is neither a weekend nor closed."""
    day = (BEGAN + timedelta(days=days)).date()
    while day.weekday() > 4 or day in _closed_days():
        day += timedelta(days=1)
    return day


def weeks_later(count: int) -> list[date]:
    """The next ``count`` days of that weekday on which the offices are open."""
    weeks = (working_day() + timedelta(weeks=n) for n in range(1, count + 3))
    return [day for day in weeks if day not in _closed_days()][:count]


def next_closed_day() -> ClosedDay:
    """The next of the weekdays on which the offices are closed, from the day after tomorrow on."""
    first = (BEGAN + timedelta(days=2)).date()
    return next(
        closed
        for day, closed in sorted(_closed_days().items())
        if day >= first and day.weekday() < 5
    )


@cache
def _closed_days() -> Mapping[date, ClosedDay]:
    years = range(BEGAN.year, BEGAN.year + 3)
    return {each.day: each for year in years for each in (*us_days(year), *mexican_days(year))}


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    """Reference data, no appointments yet. For the conftest of tests that call the application."""
    with running_web(settings) as running:
        yield running


@contextmanager
def running_web(settings: Settings) -> Iterator[Web]:
    """The application with reference data loaded; its connections end with it."""
    if not has_reference(settings.database_url):
        load_reference(settings)
    with running_web_without_data(settings) as web:
        yield web


@contextmanager
def running_web_without_data(settings: Settings) -> Iterator[Web]:
    """The application alone, whatever its database is like."""
    settings = with_token_key(settings)
    app = create_app(settings)
    app.test_client_class = CheckedClient
    web = Web(settings, app)
    try:
        yield web
    finally:
        web.database.dispose()
        app.extensions["consular.database"].dispose()
        app.extensions["consular.redis"].close()


@contextmanager
def served(web: Web) -> Iterator[str]:
    """The application on a port of its own, for a browser; yields its address."""
    server = make_server("127.0.0.1", 0, web.app, threaded=True)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


def with_token_key(settings: Settings) -> Settings:
    """The same settings with a development issuer."""
    path = settings.home / "token-key.pem"
    path.write_text(_private_key(), encoding="ascii")
    return replace(settings, values={**settings.values, "CONSULAR_TOKEN_KEY_FILE": str(path)})


@cache
def _private_key() -> str:
    """One for all, for it takes a while to make."""
    return make_private_key()


def make_private_key() -> str:
    """Another key each time."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
