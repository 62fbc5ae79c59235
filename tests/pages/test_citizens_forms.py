"""What is wrong with a citizen's form is told by field, all at once, with a link to each."""

from __future__ import annotations

import re
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import BORN, Web

_ENTRY = re.compile(r'<li><a href="#(f-[a-z_-]+)">([^<]+)</a></li>')


def citizen(web: Web, subject: str = "ana", name: str = "Ana|Demo|Prueba") -> Browser:
    """Somebody signed in, with their names told unless ``name`` is empty."""
    web.token("citizen", subject=subject, name=name)
    with web.database.transaction(NETWORK_SCOPE) as session:
        account: UUID = session.execute(text("SELECT id FROM accounts")).scalar_one()
    return citizen_browser(web.app, account)


def summary(page: str) -> dict[str, str]:
    """The entries of the error summary, by what they link to."""
    return {target: unescape(words) for target, words in _ENTRY.findall(page)}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "/rfc",
            {
                "f-given_names": "Nombre o nombres: falta este dato.",
                "f-first_surname": "Primer apellido: falta este dato.",
                "f-birth_date": "Fecha de nacimiento: falta este dato.",
                "f-curp": "CURP: falta este dato.",
                "f-consents": "Permiso: sin este permiso no se puede hacer la inscripción.",
            },
        ),
        (
            "/enviar",
            {
                "f-send_amount": "Cuánto quieres enviar: falta este dato.",
                "f-funding": "Cómo vas a pagar: falta este dato.",
                "f-payout": "Cómo lo recibe tu familia: falta este dato.",
            },
        ),
    ],
)
def test_the_summary_names_every_field_that_is_missing_and_leads_to_it(
    web: Web, address: str, expected: dict[str, str]
) -> None:
    page = citizen(web).send(address).text
    assert summary(page) == expected
    assert all(f'id="{target}"' in page for target in expected)


def test_a_booking_without_service_or_place_names_what_is_missing(web: Web) -> None:
    page = web.client.get("/citas/horarios").text
    assert summary(page) == {"f-service": "Trámite: falta este dato."}
    assert 'id="f-service"' in page
    page = web.client.get("/citas/horarios?service=PAS10").text
    assert summary(page) == {"f-consulate": "Consulado: falta este dato."}
    assert 'id="f-consulate"' in page


def test_saving_ones_data_says_that_they_are_kept(web: Web) -> None:
    browser = citizen(web)
    names = {"given_names": "Ana", "first_surname": "Demo"}
    saved = browser.post("/mis-datos", **names, **BORN)
    assert "Guardamos tus datos" in browser.get(saved.location).text
    assert "Guardamos tus datos" not in browser.get("/mis-tramites").text
