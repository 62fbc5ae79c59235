"""A long form is asked a page at a time, as earlier answers call for, and checked at the end."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.enrollments.models import Enrollment
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.progress import begin_submission
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.enrollments import applicant_form, make_applicant, rfc_of
from tests.factories.staff import Browser
from tests.factories.web import Web
from tests.pages.test_citizens_forms import citizen, summary

IMSS = "/inscripciones/nueva/imss"
HEALTH = "/inscripciones/nueva/imss_family_health"


@pytest.fixture(autouse=True)
def _open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether their agencies are connected doesn't matter to the pages."""
    for code in ("imss", "imss_family_health"):
        program = replace(PROGRAMS[code], announced=False, requires={})
        monkeypatch.setitem(PROGRAMS, code, program)


def _who() -> dict[str, str]:
    who = make_applicant()
    return {**applicant_form(who), "email": who.email or ""}


class Journey:
    """Somebody who fills in page after page; the draft goes along."""

    def __init__(self, browser: Browser, start: str) -> None:
        self.browser, self.at, self.draft = browser, start, ""

    def send(self, **answers: str) -> TestResponse:
        """Fill in the page and go where it leads."""
        answer = self.browser.post(self.at, d=self.draft, **answers)
        assert answer.status_code == 303, answer.text
        self.at, _, query = answer.location.partition("?")
        self.draft = dict(parse_qsl(query)).get("d", self.draft)
        return answer

    def page(self) -> str:
        """What is shown there."""
        return unescape(self.browser.get(f"{self.at}?d={self.draft}").text)


def _to_family(browser: Browser) -> Journey:
    journey, who = Journey(browser, IMSS), _who()
    journey.send(**who)
    journey.send(**{"data-rfc": rfc_of(who["curp"]).lower(), "data-nss": ""})
    journey.send(**{"data-state": "JC", "data-municipality": "Tlaquepaque"})
    journey.send(**{"data-occupation": "Albañil", "data-income": "12,000"})
    journey.send(**{"data-period": "monthly"})
    return journey


def _sent(web: Web) -> Any:
    vault = web.app.extensions["consular.vault"]
    with web.database.transaction(NETWORK_SCOPE) as session:
        id = session.scalars(select(Enrollment.id)).one()
        return begin_submission(session, id, now=system_clock(), vault=vault)


def test_without_family_nothing_is_asked_of_it(web: Web) -> None:
    journey = _to_family(citizen(web))
    assert "Paso 6 de 7" in journey.page()
    journey.send(**{"data-has_family": "no"})
    assert journey.at == f"{IMSS}/revisar"
    page = journey.page()
    for text in ("Jalisco", "12,000\xa0pesos", "Cada mes", "Albañil"):
        assert text in page
    journey.send(consents="transfer_to_agency")
    sent = _sent(web)
    assert rfc_of(sent.curp) in page
    assert sent.data == {
        "rfc": rfc_of(sent.curp), "state": "JC", "municipality": "Tlaquepaque",
        "occupation": "Albañil", "income": {"amount": "12000.00", "currency": "MXN"},
        "period": "monthly", "has_family": False,
    }  # fmt: skip


def test_a_family_is_asked_for_and_forgotten_when_there_is_none_after_all(web: Web) -> None:
    journey = _to_family(citizen(web))
    journey.send(**{"data-has_family": "yes"})
    assert journey.at == f"{IMSS}/familiares"
    refused = journey.send()
    assert "familiares" in refused.location
    assert summary(journey.page()) == {"f-data-family": "Familiares: falta este dato."}
    journey.send(**{
        "data-family-0-name": "Rosa Demo", "data-family-0-kinship": "child",
        "data-family-0-born-day": "2", "data-family-0-born-month": "3",
        "data-family-0-born-year": "1962",
    })  # fmt: skip
    assert "Rosa Demo, 2 de marzo de 1962, Hija o hijo" in journey.page()
    journey.at = f"{IMSS}/familia"
    journey.send(**{"data-has_family": "no"})
    assert journey.at == f"{IMSS}/revisar"
    assert "Rosa Demo" not in journey.page()


def test_the_check_leads_to_what_is_missing_and_each_answer_can_be_changed(web: Web) -> None:
    journey = _to_family(citizen(web))
    journey.at = f"{IMSS}/revisar"
    answer = journey.browser.get(f"{journey.at}?d={journey.draft}")
    assert answer.location == f"{IMSS}/familia?d={journey.draft}"
    refused = journey.send(consents="transfer_to_agency")
    assert refused.location == f"{IMSS}/familia?d={journey.draft}"
    page = journey.page()
    assert list(summary(page)) == ["f-data-has_family"]
    journey.send(**{"data-has_family": "no"})
    assert f'href="{IMSS}/trabajo?d={journey.draft}"' in journey.page()


def test_a_wrong_number_is_told_on_its_own_page(web: Web) -> None:
    journey = Journey(citizen(web), IMSS)
    journey.send(**_who())
    journey.send(**{"data-rfc": "XX", "data-nss": "12345678901"})
    page = journey.page()
    assert list(summary(page)) == ["f-data-rfc", "f-data-nss"]
    assert 'value="12345678901"' in page


def test_health_data_need_a_permission_of_their_own(web: Web) -> None:
    journey = Journey(citizen(web), HEALTH)
    journey.send(**_who())
    journey.send(**{"data-state": "JC", "data-municipality": "Tlaquepaque"})
    journey.send(**{
        "data-members-0-name": "Rosa Demo", "data-members-0-kinship": "self",
        "data-members-0-born-day": "2", "data-members-0-born-month": "3",
        "data-members-0-born-year": "1962", "data-members-0-ill": "no",
        "data-members-0-illness": "",
    })  # fmt: skip
    assert "Doy permiso expreso para usar los datos de salud" in journey.page()
    assert "Lo que se paga por un año: 19,800.00\xa0MXN (última tabla" in journey.page()
    journey.send(consents="transfer_to_agency", sensitive="")
    assert list(summary(journey.page())) == ["f-sensitive"]
    journey.send(consents="transfer_to_agency", sensitive="sensitive_data")
    assert _sent(web).data["members"][0]["ill"] is False


def test_there_are_no_other_pages(web: Web) -> None:
    browser = citizen(web)
    assert browser.post(f"{IMSS}/otra").status_code == 404
    assert browser.get(f"{IMSS}/otra").location == IMSS
    assert browser.get("/inscripciones/nueva/rfc/revisar").location.endswith("/rfc")
