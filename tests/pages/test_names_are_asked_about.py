"""A citizen whose name differs from their CURP is asked before anything is sent, and may go on."""

from __future__ import annotations

from html import unescape
from urllib.parse import urlsplit

from sqlalchemy import func, select

from services.enrollments.models import Enrollment
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser
from tests.factories.web import Web
from tests.pages.test_citizens_forms import citizen

FORM = {
    "given_names": "Rafaela", "first_surname": "Contreras", "second_surname": "Morales",
    "birth_date-day": "10", "birth_date-month": "11", "birth_date-year": "1972",
    "curp": "COME721110MVZNRR03", "email": "rafa@demo.invalid", "consents": "transfer_to_agency",
}  # fmt: skip


def _requests(web: Web) -> int:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return session.scalar(select(func.count()).select_from(Enrollment)) or 0


def _asked(browser: Browser, **changes: str) -> tuple[str, str]:
    """The page that asks, and its address."""
    answer = browser.post("/rfc", **{**FORM, **changes})
    assert answer.status_code == 303
    return unescape(browser.get(answer.location).text), answer.location


def test_it_is_asked_and_goes_on_as_typed(web: Web) -> None:
    browser = citizen(web)
    page, address = _asked(browser)
    assert "Todavía no enviamos nada" in page
    assert "El nombre no corresponde con la CURP" in page
    assert "Rafaela Contreras Morales" in page
    assert _requests(web) == 0
    confirmed = page.split('name="confirmed" value="')[1].split('"')[0]
    draft = urlsplit(address).query.removeprefix("d=")
    sent = browser.send("/rfc", d=draft, confirmed=confirmed).text
    assert "Recibimos tu inscripción" in sent
    assert _requests(web) == 1


def test_correcting_finds_the_form_as_it_was(web: Web) -> None:
    browser = citizen(web)
    page, _ = _asked(browser)
    form = page.split('<a class="btn btn-primary" href="')[1].split('"')[0]
    shown = unescape(browser.get(form).text)
    for value in ("Rafaela", "COME721110MVZNRR03", "rafa@demo.invalid"):
        assert f'value="{value}"' in shown
    assert "checked" in shown.split('id="f-consents"')[1].split(">")[0]
    draft = urlsplit(form).query.removeprefix("d=")
    browser.send("/rfc", **{**FORM, "d": draft, "given_names": "María Ernestina"})
    assert _requests(web) == 1


def test_what_was_said_to_be_right_is_not_said_of_another_difference(web: Web) -> None:
    browser = citizen(web)
    page, address = _asked(browser)
    confirmed = page.split('name="confirmed" value="')[1].split('"')[0]
    draft = urlsplit(address).query.removeprefix("d=")
    other = {"d": draft, "confirmed": confirmed, "first_surname": "Zepeda"}
    assert "El primer apellido" in browser.send("/rfc", **other).text
    assert _requests(web) == 0


def test_the_question_without_a_form_leads_to_the_form(web: Web) -> None:
    assert "Nombre o nombres" in citizen(web).client.get(
        "/inscripciones/nueva/rfc/nombre", follow_redirects=True
    ).get_data(as_text=True)
