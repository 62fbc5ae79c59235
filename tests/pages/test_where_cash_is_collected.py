"""Who sends cash says where it is collected, and hears before paying when that is far away."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from sqlalchemy import select

from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.remittances.models import Remittance
from services.remittances.municipalities import get_municipality
from services.remittances.places import ListedPlace, store_places
from services.remittances.rules import Status
from tests.factories.remittances import bring_to
from tests.factories.web import Web
from tests.pages.test_sending import _post, quoted, sender

TLAXIACO = "20397"


def _list_branch(workers: Database) -> None:
    seat = get_municipality(TLAXIACO)
    branch = ListedPlace(
        f"F{TLAXIACO}", TLAXIACO, "Sucursal Tlaxiaco", "Plaza 1", "Lunes a viernes de 9:00 a 17:00",
        seat.latitude, seat.longitude,
    )  # fmt: skip
    with workers.transaction(NETWORK_SCOPE) as session:
        store_places(session, [branch], now=system_clock())


def _sends_cash(web: Web, workers: Database) -> tuple[FlaskClient, str]:
    """Somebody who has written to whom, and what is kept of that."""
    _list_branch(workers)
    client = sender(web)
    person = {"quote": quoted(client, "branch"), "given_names": "Rosa", "first_surname": "Demo"}
    kept = _post(client, "/enviar/destinatario", person, follow=False).location
    return client, kept.partition("=")[2]


def test_a_far_away_branch_is_chosen_knowingly_and_shown_to_the_end(
    web: Web, workers: Database
) -> None:
    client, draft = _sends_cash(web, workers)
    asked = client.get(f"/enviar/revisar?d={draft}")
    assert asked.location.startswith("/enviar/municipio?d=")
    unknown = {"d": draft, "state": "20", "municipality": "Guadalajara"}
    assert "No encontramos ese municipio" in _post(client, "/enviar/municipio", unknown).text
    village = {"d": draft, "state": "20", "municipality": "san pedro amuzgos"}
    page = _post(client, "/enviar/municipio", village).text
    assert "En San Pedro Amuzgos no hay oficina de Finabien" in page
    assert re.search(r"a unos \d+ km", page)
    nothing = _post(client, "/enviar/oficina", {"d": draft}).text
    assert ">Dónde lo cobra: falta este dato.</a>" in nothing
    review = _post(client, "/enviar/oficina", {"d": draft, "place": f"F{TLAXIACO}"}).text
    assert "Sucursal Tlaxiaco. Plaza 1. Lunes a viernes de 9:00 a 17:00." in review
    sent = _post(client, "/enviar/revisar", {"d": draft}).text
    assert "Sucursal Tlaxiaco. Plaza 1. Lunes a viernes de 9:00 a 17:00." in sent
    for status, told in ((Status.SUBMITTED, False), (Status.AVAILABLE, True)):
        with workers.transaction(NETWORK_SCOPE) as session:
            bring_to(session, status)
            folio = session.scalars(select(Remittance.folio)).one()
        # Whoever collects doesn't sign in.
        asked = {"folio": folio, "first_surname": "demo"}
        page = _post(web.client, "/cobrar", asked).text
        assert ("Sucursal Tlaxiaco. Plaza 1. Lunes a viernes de 9:00 a 17:00." in page) is told
        assert ("identificación oficial vigente" in page) is told
    wrong = _post(web.client, "/cobrar", {**asked, "first_surname": "Demo Prueba"}).text
    assert "Escribe solo tu primer apellido" in wrong


def test_of_two_municipalities_of_a_name_one_is_chosen_without_a_code(
    web: Web, workers: Database
) -> None:
    client, draft = _sends_cash(web, workers)
    nothing = _post(client, "/enviar/municipio", {"d": draft}, follow=False).location
    for language, named in (("en", "State where they live"), ("es", "Estado donde vive")):
        # Of the country, not how something stands.
        assert client.get(f"{nothing}&lang={language}").text.count(named) == 2
    written = {"d": draft, "state": "20", "municipality": "san juan mixtepec"}
    page = _post(client, "/enviar/municipio", written).text
    assert "elige cuál es" in page
    assert 'value="san juan mixtepec"' in page
    codes = re.findall(r'type="radio"[^>]*name="which" value="(\d{5})"', page)
    assert [get_municipality(code).name for code in codes] == ["San Juan Mixtepec"] * 2
    assert all(f"Cabecera: {get_municipality(code).seat}" in page for code in codes)
    chosen = _post(client, "/enviar/municipio", {**written, "which": codes[1]}, follow=False)
    assert chosen.location.startswith("/enviar/oficina?d=")
    assert "En San Juan Mixtepec no hay oficina" in client.get(chosen.location).text
    # Another name that is written after all counts, where none was chosen.
    other = {**written, "municipality": "Heroica Ciudad de Tlaxiaco"}
    assert "Sucursal Tlaxiaco" in _post(client, "/enviar/municipio", other).text
