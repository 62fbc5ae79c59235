"""A refusal says where, when and how it goes on, and links to what there is to look at."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text

from consular.errors import problem_of
from services.identity.errors import IdentityCheckPending
from services.kernel.db import NETWORK_SCOPE
from services.remittances.errors import AmountOutOfRange, LimitExceeded
from tests.factories.enrollments import make_applicant
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import Web, person

FREE = datetime(2026, 12, 1, 6, tzinfo=UTC)


def _plain(words: str) -> str:
    return (
        unescape(words).replace("\N{NO-BREAK SPACE}", " ").replace("\N{NON-BREAKING HYPHEN}", "-")
    )


def _said(web: Web, error: Any, language: str = "es") -> str:
    with web.app.test_request_context(f"/?lang={language}"):
        return _plain(problem_of(error).detail)


def _citizen(web: Web) -> Browser:
    web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = session.scalar(text("SELECT id FROM accounts"))
        assert account is not None
    return citizen_browser(web.app, account)


def _dated(values: dict[str, Any]) -> dict[str, str]:
    year, month, day = str(values["birth_date"]).split("-")
    dated = {"birth_date-day": day, "birth_date-month": month, "birth_date-year": year}
    return {n: str(v) for n, v in values.items() if v and n != "birth_date"} | dated


def test_already_booked_leads_to_the_appointment_that_is_held(web: Web) -> None:
    web.session()
    citizen = _citizen(web)
    first, second = (slot["start"] for slot in web.free()[:2])
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    held = web.book(first, token=token, attendees=[person(1)]).get_json()["id"]
    form = {**_dated(person(1)), "consulate": "losangeles", "service": "PAS10", "start": second}
    draft = citizen.post("/citas/persona", **form, email="ana@demo.invalid").location.split("d=")[1]
    page = citizen.send("/citas/revisar", d=draft).text
    assert "una cita vigente por trámite" in page
    assert "cámbiala: el lugar se conserva hasta confirmar" in page
    assert f'<a href="/citas/{held}">Ver la cita</a>' in page


def test_already_requested_leads_to_the_request(web: Web) -> None:
    citizen, applicant = _citizen(web), make_applicant()
    names = ("given_names", "first_surname", "second_surname", "birth_date", "curp", "email")
    form = _dated({name: getattr(applicant, name, None) for name in names})
    form["consents"] = "transfer_to_agency"
    address = citizen.post("/rfc", **form).location
    held = re.search(r"/inscripciones/[0-9a-f-]{36}", address)
    assert held, address
    page = citizen.send("/rfc", **form).text
    assert f'Ya pediste tu RFC: <a href="{held[0]}">ver solicitud</a>' in page


def test_an_identity_check_says_where_when_how_and_with_what(web: Web) -> None:
    said = _said(web, IdentityCheckPending(folio="V7K3M9QXW42T"))
    for words in (
        "la ventanilla de cualquier consulado",
        "en su horario de atención y sin cita",
        "identificación oficial vigente",
        "V7K3-M9QX-W42T",
    ):
        assert words in said
    english = _said(web, IdentityCheckPending(folio="V7K3M9QXW42T"), "en")
    assert "any consulate, during its hours and without an appointment" in english
    assert "V7K3-M9QX-W42T" in english


@pytest.mark.parametrize(
    ("limit", "available", "words"),
    [
        ("day", "500.00", "Hoy puedes enviar hasta 500 dólares más."),
        ("day", "1500.50", "Hoy puedes enviar hasta 1,500.50 dólares más."),
        ("month", "500.00", "Este mes puedes enviar hasta 500 dólares más."),
    ],
)
def test_a_limit_says_what_is_left_of_the_day_or_month_and_when_it_ends(
    web: Web, limit: str, available: str, words: str
) -> None:
    said = _said(web, LimitExceeded(limit=limit, available=available, frees_at=FREE))
    assert said.startswith(words)
    assert "martes 1 de diciembre de 2026 a las 12:00 a. m. (hora de la Ciudad de México)" in said


def test_the_limits_of_one_transfer_are_told_in_numbers(web: Web) -> None:
    said = _said(web, AmountOutOfRange(field="send", minimum="1.00", maximum="2500.00"))
    assert said == "Cada envío va de 1 a 2,500 dólares."
