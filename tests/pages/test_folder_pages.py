"""The folder of a citizen on pages: one plan, one next step, data asked once, consents, a copy."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import select

from services.citizens.accounts import set_profile
from services.citizens.people import PersonData
from services.enrollments.models import Enrollment
from services.enrollments.progress import AgencyStatus, begin_submission, record_progress
from services.enrollments.rules import Status
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.enrollments import applicant_form, make_account, make_applicant, rfc_of
from tests.factories.plans import NSS_NUMBER, open_all
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import Web

GIVEN = "transfer_to_agency"
_IMSS = {
    "data-state": "JC", "data-municipality": "Guadalajara", "data-occupation": "Cocinera",
    "data-income": "12000", "data-period": "monthly", "data-has_family": "no",
}  # fmt: skip


class Owner:
    """A citizen whose name is known, and their browser."""

    def __init__(self, web: Web, *, known: bool = True) -> None:
        self.database, self.vault = web.database, web.app.extensions["consular.vault"]
        self.applicant = replace(make_applicant(), birth_place=None)
        with self.database.transaction(NETWORK_SCOPE) as session:
            account = make_account(session)
            if known:
                profile = PersonData(**vars(self.applicant))
                set_profile(session, account, profile, now=system_clock(), vault=self.vault)
        self.results = {
            "rfc": {"rfc": rfc_of(self.applicant.curp)},
            "nss": {"nss": NSS_NUMBER},
        }
        self.browser: Browser = citizen_browser(web.app, account)
        self.address = ""

    def choose(self, program: str) -> str:
        """The address to which choosing leads."""
        sent = self.browser.post("/mi-carpeta/elegir", program=program)
        self.address = sent.location
        return str(sent.location)

    def page(self, path: str = "") -> str:
        return unescape(self.browser.get(f"{self.address}{path}").text)

    def request(self, program: str, **changes: str) -> str:
        """Ask for what the plan offers, and send it; where that leads."""
        at = self.browser.post(f"{self.address}/pedir/{program}").location
        form = {**_shown(self.browser.get(at).text), **changes, "consents": GIVEN}
        for _ in range(8):
            answer = self.browser.post(at.partition("?")[0], d=at.rpartition("d=")[2], **form)
            at = answer.location
            if "/nueva/" not in at:
                return str(at)
            page = self.browser.get(at)
            at = page.location or at
            form = {**_IMSS, **_shown(page.text), **changes, "consents": GIVEN}
        raise AssertionError(self.browser.get(at).text)

    def activate(self, program: str) -> None:
        """The agency says that it is active."""
        with self.database.transaction(NETWORK_SCOPE) as session:
            enrollments = select(Enrollment.id).where(Enrollment.program == program)
            id: UUID = session.scalars(enrollments.order_by(Enrollment.created_at.desc())).all()[0]
            begin_submission(session, id, now=system_clock(), vault=self.vault)
            said = AgencyStatus(Status.ACTIVE, self.results.get(program, {}))
            record_progress(session, id, said, now=system_clock(), vault=self.vault)


def _shown(page: str) -> dict[str, str]:
    """The values of the text fields."""
    fields = re.findall(
        r'<input class="form-control[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', page
    )
    return {name: unescape(value) for name, value in fields if value}


@pytest.fixture(autouse=True)
def _open(monkeypatch: pytest.MonkeyPatch) -> None:
    open_all(monkeypatch)


@pytest.fixture
def owner(web: Web) -> Owner:
    return Owner(web)


def test_who_has_no_folder_chooses_and_sees_the_whole_way(owner: Owner) -> None:
    assert owner.browser.get("/mi-carpeta").location == "/mi-carpeta/elegir"
    assert "Ahorro para vivienda (Infonavit)" in unescape(
        owner.browser.get("/mi-carpeta/elegir").text
    )
    owner.choose("infonavit")
    page = owner.page()
    places = [page.index(f'<span class="what">{name}') for name in (
        "Registro Federal", "Número de seguridad", "Seguro social", "Ahorro"
    )]  # fmt: skip
    assert places == sorted(places)
    assert "Va después de: RFC, NSS." in page
    assert page.count("btn-primary") == 1
    assert owner.browser.get("/mi-carpeta").location == owner.address
    assert "Lo que sigue: Registro Federal" in unescape(owner.browser.get("/").text)


def test_nothing_chosen_is_refused_with_words(owner: Owner) -> None:
    refused = owner.browser.post("/mi-carpeta/elegir")
    assert 'href="#f-program"' in owner.browser.get(refused.location).text


def test_a_request_is_filled_in_with_what_is_known(owner: Owner) -> None:
    owner.choose("infonavit")
    at = owner.browser.post(f"{owner.address}/pedir/rfc").location
    shown = _shown(owner.browser.get(at).text)
    assert shown["curp"] == owner.applicant.curp
    assert shown["birth_date-year"] == str(owner.applicant.birth_date.year)
    assert "/inscripciones/" in owner.request("rfc")
    page = owner.page()
    assert "Recibida" in page
    assert "Pedir mi número de seguridad social" in page


def test_one_decision_after_another_to_the_end_of_the_plan(owner: Owner) -> None:
    owner.choose("imss")
    for program in ("rfc", "nss"):
        owner.request(program)
        owner.activate(program)
    page = owner.page()
    assert owner.results["rfc"]["rfc"] in page
    assert "Inscribirme en el IMSS" in page
    sent = owner.request("imss")
    with owner.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalars(select(Enrollment).where(Enrollment.program == "imss")).one()
    assert "/inscripciones/" in sent
    assert "no tienes que hacer nada" in owner.page()


def test_what_comes_later_is_kept_and_said_to_be_sent_by_itself(owner: Owner) -> None:
    owner.choose("imss")
    kept = owner.request("imss")
    assert kept == f"{owner.address}?guardado=imss"
    assert "lo enviamos en cuanto" in unescape(owner.browser.get(kept).text)
    page = owner.page()
    assert "Tus datos están guardados: se envía solo." in page
    owner.browser.post(f"{owner.address}/solo/no")
    assert "no se envía solo: tú lo envías" in owner.page()


def test_a_number_that_one_has_is_told_and_its_step_is_done(owner: Owner) -> None:
    owner.choose("imss")
    wrong = owner.browser.send(f"{owner.address}/numero/nss", **{"data-nss": "123"})
    assert "revisa sus 11 números" in unescape(wrong.text)
    owner.browser.post(f"{owner.address}/numero/nss", **{"data-nss": NSS_NUMBER})
    page = owner.page()
    assert f'Ya lo tienes: <span class="folio">{NSS_NUMBER}' in page
    assert owner.browser.post(f"{owner.address}/numero/infonavit").status_code == 404


def test_the_plan_can_grow_and_shrink(owner: Owner) -> None:
    owner.choose("rfc")
    owner.browser.post(f"{owner.address}/agregar", program="imss")
    assert "Seguro social para quien trabaja" in owner.page()
    owner.browser.post(f"{owner.address}/quitar/imss")
    assert "Seguro social para quien trabaja" not in owner.page()


def test_who_has_not_told_their_data_tells_them_with_the_first_request(web: Web) -> None:
    owner = Owner(web, known=False)
    at = owner.choose("imss")
    assert at.startswith("/rfc") or "/nueva/rfc" in at
    who = owner.applicant
    form = {**applicant_form(who), "email": who.email or "", "consents": GIVEN}
    sent = owner.browser.post(at.partition("?")[0], d=at.rpartition("d=")[2], **form)
    assert "/inscripciones/" in sent.location, owner.browser.get(sent.location).text
    owner.address = owner.browser.get("/mi-carpeta").location
    assert "Seguro social para quien trabaja" in owner.page()


def test_a_permission_is_shown_and_can_be_withdrawn(owner: Owner) -> None:
    owner.choose("rfc")
    owner.request("rfc")
    page = owner.page("/permisos")
    assert "SAT: Registro Federal de Contribuyentes (RFC)" in page
    assert "Nombre, Fecha de nacimiento, CURP, Correo electrónico" in page
    [consent] = re.findall(r'action="(/mi-carpeta/[^"]*/permisos/[^"]+)"', page)
    location = owner.browser.post(consent).location
    assert "No le pasamos nada." in unescape(owner.browser.get(location).text)
    assert "Retirada" in owner.page()
    assert owner.browser.get(consent).status_code == 303


def test_the_answers_are_there_to_take_along(owner: Owner) -> None:
    owner.choose("imss")
    owner.request("imss")
    page = owner.page("/respuestas")
    for said in (owner.applicant.curp, "Guadalajara", "Jalisco", "Cada mes"):
        assert said in page
    file = owner.browser.get(f"{owner.address}/respuestas.json")
    assert file.get_json()["imss"]["municipality"] == "Guadalajara"
    assert "attachment" in file.headers["Content-Disposition"]


def test_nobody_else_sees_the_folder(web: Web, owner: Owner) -> None:
    owner.choose("rfc")
    stranger = Owner(web).browser
    for path in ("", "/permisos", "/respuestas", "/respuestas.json", "/agregar"):
        assert stranger.get(f"{owner.address}{path}").status_code == 404
    assert stranger.post(f"{owner.address}/quitar/rfc").status_code == 404


def _begin(owner: Owner, program: str, **changes: str) -> dict[str, str]:
    """The text fields of the form's second page, begun at the guide and sent with who it is."""
    guide = unescape(owner.browser.get(f"/inscripciones/{program}").text)
    [at] = re.findall(r'<a class="btn btn-primary" href="([^"]+)">Empezar</a>', guide)
    first = {**_shown(owner.browser.get(at).text), **changes}
    answer = owner.browser.post(at, **first)
    assert re.search("/(numeros|lugar)[?]", answer.location), answer.location
    return _shown(owner.browser.get(answer.location).text)


def test_the_guide_leads_to_a_form_that_asks_nothing_again(owner: Owner) -> None:
    owner.choose("imss")
    owner.request("imss")
    owner.request("rfc")
    owner.activate("rfc")
    assert _begin(owner, "imss")["data-rfc"] == owner.results["rfc"]["rfc"]
    assert _begin(owner, "imss_family_health")["data-municipality"] == "Guadalajara"
    other = make_applicant()
    form = {**applicant_form(other), "email": other.email or ""}
    assert "data-rfc" not in _begin(owner, "imss", **form)
