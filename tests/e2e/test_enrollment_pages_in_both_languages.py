"""Each page of an enrollment, of whoever it is: axe finds nothing at 360 pixels in either language,
and the English one says nothing in Spanish."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from consular.i18n import read_catalogue
from integrations.simulator.app import create_simulator, running
from integrations.simulator.english import ENGLISH
from services.citizens.accounts import set_profile
from services.citizens.people import PersonData
from services.enrollments.choosing import ChoosePlan, choose_plan
from services.enrollments.details import AppointmentDetails, Details
from services.enrollments.progress import AgencyStatus
from services.enrollments.requesting import request_enrollment
from services.enrollments.rules import Status
from services.enrollments.terms import home_day
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.api.calls import steady_web
from tests.factories.enrollments import (
    WORK,
    agency_says,
    make_account,
    make_applicant,
    make_request,
    payment_line,
    rfc_of,
)
from tests.factories.keyboard import TAGS, staff_page
from tests.factories.phone import citizens_phone
from tests.factories.pictures import keep_picture
from tests.factories.web import Web, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

# What a page says in its own language, title and labels included; one text a line. People's data
# and what stands in another language with its mark are left out.
SAID = """() => {
  const own = document.documentElement.lang, said = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement;
    if (at.closest('script, style, svg') || at.closest('[lang]').lang !== own) continue;
    said.push(walk.currentNode.data);
  }
  for (const each of document.querySelectorAll('[aria-label], [placeholder], [title], [alt]')) {
    if (each.closest('[lang]').lang !== own) continue;
    for (const name of ['aria-label', 'placeholder', 'title', 'alt'])
      said.push(each.getAttribute(name) || '');
  }
  return said.map(text => text.replace(/\\s+/g, ' ').trim()).filter(text => text);
}"""
# Every text of the pages that its English doesn't repeat.
SPANISH = {
    each.id
    for each in read_catalogue("en")
    if isinstance(each.id, str) and each.id and each.id != each.string
} | {spanish for spanish, english in ENGLISH.items() if spanish != english}
# Words that no English text has; programs and laws are called as they are in Mexico.
SPANISH_WORDS = re.compile(
    r"[¿¡]|\b(el(?! Paso)|los(?! Angeles)|una|que|para|por|con|tu|tus|está|más|aquí)\b",
    re.IGNORECASE,
)


# What runs past its own box, if only into the margin.
TOO_LONG = """() => [...document.querySelectorAll('main :is(p, dd, li, td, figcaption, h1, h2)')]
  .filter(each => each.clientWidth > 1 && each.scrollWidth > each.clientWidth + 1)
  .map(each => each.outerHTML)"""


@dataclass(frozen=True)
class Asked:
    """Whose requests there are, and where each is by what became of it."""

    account: UUID
    folder: UUID
    requests: dict[str, UUID]


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("languages")) as running:
        yield running


@pytest.fixture(scope="module")
def asked(web: Web) -> Asked:
    """A person with a plan, and requests in each status that a page has something to say of."""
    vault = web.app.extensions["consular.vault"]
    who, other, third = (make_applicant() for _ in range(3))
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = make_account(session)
        actor, now = Actor(Role.CITIZEN, account), system_clock()
        set_profile(session, account, PersonData(**vars(who)), now=now, vault=vault)
        folder = choose_plan(
            session, ChoosePlan(("infonavit", "imss")), now=now, actor=actor, vault=vault
        ).id
        requests: dict[str, UUID] = {}
        for name, person, program, data in (
            ("active", who, "rfc", {}),
            ("to_pay", who, "imss", WORK),
            ("asked", who, "nss", {}),
            ("rejected", other, "rfc", {}),
            ("received", other, "nss", {}),
            ("appointment", third, "rfc", {}),
        ):
            command = make_request(person, program=program, data=data, consulate="losangeles")
            requests[name] = request_enrollment(
                session, command, now=now, actor=actor, vault=vault
            ).id
    sent = AgencyStatus(Status.SENT_TO_AGENCY)
    said = {
        "active": AgencyStatus(Status.ACTIVE, {"rfc": rfc_of(who.curp)}),
        "to_pay": payment_line(reference="1" * 40),
        "asked": AgencyStatus(
            Status.MORE_INFORMATION_REQUESTED,
            details=Details(requested=("given_names", "proof_of_address")),
            answer_by=home_day(now) + timedelta(days=20),
        ),
        "appointment": AgencyStatus(
            Status.APPOINTMENT_SCHEDULED,
            details=Details(
                appointment=AppointmentDetails(
                    now + timedelta(days=3), "https://videocita.sat.example.org/1"
                )
            ),
        ),
        "rejected": AgencyStatus(Status.REJECTED, reason_code="data_mismatch"),
    }
    for name, word in said.items():
        agency_says(web.database, vault, requests[name], sent, word)
    return Asked(account, folder, requests)


def _look(page: Page, address: str, paths: Sequence[str]) -> list[str]:
    """What is wrong with the pages, in either language."""
    faults = []
    for path in paths:
        for language in ("es", "en"):
            faults += _faults(page, f"{address}{path}", language)
    return faults


def _faults(page: Page, address: str, language: str) -> list[str]:
    answer = page.goto(f"{address}{'&' if '?' in address else '?'}lang={language}")
    assert answer is not None
    at = f"{answer.status} {page.url}"
    keep_picture(page)
    faults = [at] if answer.status != 200 else []
    if page.get_attribute("html", "lang") != language:
        faults.append(f"{at}: another language")
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > 360:
        faults.append(f"{at}: {width} pixels wide")
    faults += [f"{at}: too long: {each[:200]}" for each in page.evaluate(TOO_LONG)]
    violations = Axe().run(page, options=TAGS).response["violations"]
    faults += [f"{at}: {each['id']}: {each['nodes'][0]['html']}" for each in violations]
    said = page.evaluate(SAID)
    in_spanish = [text for text in said if text in SPANISH or SPANISH_WORDS.search(text)]
    if language == "en":
        faults += [f"{at}: {text}" for text in in_spanish]
    elif len(in_spanish) < 3:
        faults.append(f"{at}: no Spanish was read")
    return faults


def test_a_citizens_pages(browser: Browser, web: Web, asked: Asked) -> None:
    one = f"/mi-carpeta/{asked.folder}"
    at = {name: f"/inscripciones/{id}" for name, id in asked.requests.items()}
    paths = [
        *(one, f"{one}/permisos", f"{one}/respuestas", f"{one}/agregar", "/mi-carpeta/elegir"),
        *at.values(),
        *(f"{at['asked']}/documentos", f"{at['asked']}/documentos/subir/other"),
        "/inscripciones/nueva/imss",
    ]
    with served(web) as address:
        page = citizens_phone(browser, web, address, asked.account, scripts=True)
        assert "\n".join(_look(page, address, paths)) == ""
        page.context.close()


def test_pages_of_the_desk(browser: Browser, web: Web, asked: Asked) -> None:
    at = {name: f"/desk/enrollments/{id}" for name, id in asked.requests.items()}
    new = "/desk/enrollments/new"
    with served(web) as address:
        page = staff_page(browser, web, "officer", address, 360)
        paths = [
            *("/desk/enrollments", new, f"{new}/rfc", f"{new}/imss"),
            *(at[name] for name in ("active", "to_pay", "asked", "appointment", "rejected")),
            *(f"{at['asked']}/answer", f"{at['asked']}/documents", f"{at['active']}/next"),
        ]
        faults = _look(page, address, paths)
        page.goto(f"{address}/desk/enrollments?lang=es")
        for box in page.locator("[name^='pick-']").all():
            box.check()
        page.locator("[name=action]").first.check()
        page.locator("#bulk .btn").first.click()
        bulk = page.url.removeprefix(address)
        assert "/bulk?" in bulk
        assert "\n".join([*faults, *_look(page, address, [bulk])]) == ""
        page.context.close()


def test_pages_of_the_duty_officer(browser: Browser, web: Web, asked: Asked) -> None:
    with served(web) as address:
        page = staff_page(browser, web, "admin", address, 360)
        paths = ["/operations/", "/operations/agencies/sat", "/operations/parked"]
        assert "\n".join(_look(page, address, paths)) == ""
        page.context.close()


def test_pages_of_the_simulator(browser: Browser, tmp_path: Path) -> None:
    simulator = create_simulator(tmp_path, callback_base_url="http://127.0.0.1:9", secrets={})
    with running(simulator) as address:
        page = browser.new_context(
            viewport={"width": 360, "height": 740}, bypass_csp=True
        ).new_page()
        paths = [f"/_simulator/{path}" for path in ("", "agencies/sat", "people", "messages")]
        assert "\n".join(_look(page, address, paths)) == ""
        page.context.close()
