"""A deadline is told on the clock of the reader's office, with Mexico City's where it differs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import g

from consular.clock import Clock, reader_clock
from services.enrollments.requesting import request_enrollment
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.remittances.models import Remittance
from tests.factories.enrollments import make_account, make_request
from tests.factories.web import Web, person
from tests.pages.test_sending import ordered, sender

TEMPLATES = Path(__file__).parents[2] / "consular" / "templates"
AT = datetime(2026, 12, 7, 17, tzinfo=UTC)
CITY = "(hora de la Ciudad de México)"


def _said(web: Web, *values: Any, **options: Any) -> str:
    with web.app.test_request_context("/"):
        said = web.app.jinja_env.filters["deadline"](*values, **options)
    return str(said).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("zone", "place", "said"),
    [
        ("America/Los_Angeles", "Los Ángeles",
         f"9:00 a. m. (hora de Los Ángeles), 11:00 a. m. {CITY}"),
        ("America/Chicago", "Houston", "11:00 a. m. (hora de Houston)"),
        ("America/Mexico_City", True, f"11:00 a. m. {CITY}"),
        ("Asia/Tokyo", "Tokio",
         f"2:00 a. m. (hora de Tokio), lunes 7 de diciembre de 2026 a las 11:00 a. m. {CITY}"),
    ],
)  # fmt: skip
def test_mexico_citys_time_stands_beside_where_it_differs(
    web: Web, zone: str, place: Any, said: str
) -> None:
    assert _said(web, AT, zone, place, with_day=False) == said


def test_a_deadline_of_days_names_the_day_on_the_readers_clock(web: Web) -> None:
    late = datetime(2026, 12, 8, 7, tzinfo=UTC)
    assert _said(web, late, "America/Los_Angeles", "Los Ángeles") == (
        "lunes 7 de diciembre de 2026 a las 11:00 p. m. (hora de Los Ángeles),"
        f" martes 8 de diciembre de 2026 a las 1:00 a. m. {CITY}"
    )


def _clock(web: Web, actor: Actor | None) -> Clock:
    with web.app.test_request_context("/"):
        g.actor, g.request_id = actor, "x"
        return reader_clock()


def test_the_readers_office_is_the_one_they_last_chose_or_work_at(web: Web) -> None:
    assert _clock(web, None) == Clock()
    officer = Actor(Role.OFFICER, None, "losangeles", "x")
    assert _clock(web, officer) == Clock("America/Los_Angeles", "Los Ángeles")


def test_an_enrollment_without_an_office_leaves_the_clock_of_the_one_named_before(
    web: Web,
) -> None:
    vault = web.app.extensions["consular.vault"]
    with web.database.transaction(NETWORK_SCOPE) as session:
        citizen, other = (Actor(Role.CITIZEN, make_account(session)) for _ in range(2))
        for actor, office in ((other, "houston"), (citizen, "losangeles"), (citizen, None)):
            command = make_request(consulate=office)
            request_enrollment(session, command, now=system_clock(), actor=actor, vault=vault)
    assert _clock(web, citizen) == Clock("America/Los_Angeles", "Los Ángeles")


def test_a_transfers_deadlines_are_on_the_senders_offices_clock(web: Web) -> None:
    web.session()
    client = sender(web)
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    assert web.book(web.free()[0]["start"], token=token, attendees=[person(1)]).status_code == 201
    address = ordered(client)
    with web.database.transaction(NETWORK_SCOPE) as session:
        remittance = session.query(Remittance).one()
        until = remittance.cancel_until
    page = client.get(address).text.replace("\N{NO-BREAK SPACE}", " ")
    own = _said(web, until, "America/Los_Angeles", "Los Ángeles", with_day=False)
    assert own in page
    assert timedelta(0) < until - datetime.now(UTC)


def test_no_template_tells_a_deadline_by_one_clock_only() -> None:
    # Who receives is in Mexico: their page has Mexico's clock alone, and names it.
    recipients = "lookup.html"
    deadlines = ("cancel_until", "expires_at", "answer_due_at", "remittance.answer_by")
    wrong = [
        f"{file.name}: {line.strip()}"
        for file in TEMPLATES.rglob("*.html")
        if file.name != recipients
        for line in file.read_text(encoding="utf-8").splitlines()
        for name in deadlines
        if f"{name}|moment" in line or f"{name}|time_at" in line
    ]
    assert wrong == []


def test_who_used_ones_data_is_told_on_the_readers_offices_clock(web: Web) -> None:
    web.session()
    client = sender(web)
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    assert web.book(web.free()[0]["start"], token=token, attendees=[person(1)]).status_code == 201
    page = client.get("/mis-datos/consultas").text.replace("\N{NO-BREAK SPACE}", " ")
    moments = re.findall(r'<time class="when"[^>]*>(.*?)</time>', page)
    assert moments
    assert all("(hora de Los Ángeles), " in moment and moment.endswith(CITY) for moment in moments)
