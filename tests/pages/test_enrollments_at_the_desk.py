"""Staff ask for a person at the window or on the telephone, with their consent; what is told goes
to the person alone."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from services.citizens.models import LoginCode
from services.enrollments.models import AssistedRequest, Enrollment
from services.folders.models import Folder
from services.kernel.audit import AuditEntry
from services.kernel.db import NETWORK_SCOPE
from services.outbox.models import OutboxItem
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.web import Web

FORM = {
    "given_names": "Gloria", "first_surname": "Hernández", "second_surname": "García",
    "birth_date-day": "27", "birth_date-month": "4", "birth_date-year": "1956",
    "curp": "HEGG560427MVZRRL04", "notices": "en", "consents": "transfer_to_agency",
}  # fmt: skip
SEEN = {"document": "Acta y credencial para votar", "identity_checked": "true"}
NEW = "/desk/enrollments/new/rfc"
CONTACT = {"email": "gloria@demo.invalid"}


@pytest.fixture
def officer(web: Web) -> Browser:
    return staff_browser(web.app, "officer", "losangeles")


@pytest.fixture
def agent(web: Web) -> Browser:
    return staff_browser(web.app, "agent")


def _words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def _sent_code(web: Web) -> str:
    vault = web.app.extensions["consular.vault"]
    with web.database.transaction(NETWORK_SCOPE) as session:
        row = session.scalars(select(LoginCode).order_by(LoginCode.created_at.desc())).first()
        assert row is not None
        key = vault.unwrap(row.data_key, row.id)
        return str(key.open(row.code_sealed, place="login_codes.code", row=row.id))


def _asked(web: Web) -> tuple[Enrollment, AssistedRequest]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        [enrollment] = session.scalars(select(Enrollment)).all()
        [assisted] = session.scalars(select(AssistedRequest)).all()
        session.expunge_all()
    return enrollment, assisted


def _topics(web: Web) -> list[str]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(session.scalars(select(OutboxItem.topic)))


def _draft(address: str) -> str:
    return parse_qs(urlsplit(address).query)["d"][0]


def test_an_officer_asks_for_a_person_without_contact(web: Web, officer: Browser) -> None:
    page = _words(officer.send(NEW, **FORM, **SEEN).text)
    assert "La solicitud quedó recibida" in page
    assert "A nadie: no dejó correo ni teléfono" in page
    enrollment, assisted = _asked(web)
    assert (enrollment.account_id, enrollment.consulate_code) == (None, "losangeles")
    assert (assisted.channel, assisted.consent) == ("in_person", "identity_shown")
    assert assisted.document == SEEN["document"]
    assert assisted.asked_by == officer.account


def test_an_officer_says_which_document_was_seen(web: Web, officer: Browser) -> None:
    page = officer.send(NEW, **FORM).text
    assert 'href="#f-document"' in page
    assert 'href="#f-identity_checked"' in page
    assert 'value="Gloria"' in page
    for missing in ("document", "identity_checked", "consents"):
        sent = {name: value for name, value in {**FORM, **SEEN}.items() if name != missing}
        assert f'href="#f-{missing}"' in officer.send(NEW, **sent).text
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalars(select(Enrollment)).all() == []


def test_the_code_puts_it_into_the_persons_own_account(web: Web, agent: Browser) -> None:
    answer = agent.post(NEW, **FORM, **CONTACT)
    page = _words(agent.get(answer.location).text)
    assert "Los avisos van solo a la persona, a gloria@demo.invalid, en inglés" in page
    assert _topics(web) == ["citizens.consent_code"]
    sent = agent.send(f"{NEW}/code", d=_draft(answer.location), code=_sent_code(web)).text
    assert "La solicitud quedó recibida" in sent
    enrollment, assisted = _asked(web)
    assert (assisted.channel, assisted.consent, assisted.document) == ("telephone", "code", None)
    assert (enrollment.language, enrollment.consulate_code) == ("en", None)
    assert enrollment.account_id is not None
    person = citizen_browser(web.app, enrollment.account_id)
    assert enrollment.folio[:4] in person.get(f"/inscripciones/{enrollment.id}").text
    copy = web.call("GET", "/me/data", token=web.token("citizen", subject="eve")).get_json()
    assert copy["enrollments"] == []


def test_a_code_works_for_whoever_asked_and_never_signs_in(web: Web, agent: Browser) -> None:
    answer = agent.post(NEW, **FORM, **CONTACT)
    code, draft = _sent_code(web), _draft(answer.location)
    wrong = "000000" if code != "000000" else "000001"
    assert 'href="#f-code"' in agent.send(f"{NEW}/code", d=draft, code=wrong).text
    other = staff_browser(web.app, "officer", "losangeles")
    begun = other.post(NEW, **FORM, **SEEN, **CONTACT)
    refused = other.send(f"{NEW}/code", d=_draft(begun.location), code=code).text
    assert "La solicitud quedó recibida" not in refused
    login = agent.client.post("/login", data={
        "csrf_token": agent.csrf(), "form_key": "k1", "contact": CONTACT["email"],
    })  # fmt: skip
    signed_in = agent.send("/login/codigo", d=_draft(login.location), code=code)
    assert "Mis trámites" not in signed_in.text
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalars(select(Enrollment)).all() == []


def test_without_the_code_the_consent_is_spoken_and_in_nobodys_account(
    web: Web, agent: Browser
) -> None:
    answer = agent.post(NEW, **FORM, **CONTACT)
    page = _words(agent.get(answer.location).text)
    assert "dio su permiso de palabra" in page
    agent.send(f"{NEW}/code", d=_draft(answer.location), without="yes")
    enrollment, assisted = _asked(web)
    assert (enrollment.account_id, assisted.consent) == (None, "spoken")


def test_a_second_request_is_refused_without_details(
    web: Web, officer: Browser, agent: Browser
) -> None:
    officer.send(NEW, **FORM, **SEEN)
    enrollment, _assisted = _asked(web)
    by_telephone = _words(agent.send(NEW, **FORM).text)
    assert "Hay que comprobar la identidad" in by_telephone
    assert enrollment.folio not in by_telephone
    elsewhere = staff_browser(web.app, "officer", "houston")
    page = _words(elsewhere.send(NEW, **FORM, **SEEN).text)
    assert "Ya hay una solicitud de este programa" in page
    assert "losangeles" not in page
    assert enrollment.folio not in page
    _asked(web)


def test_the_same_by_the_api_is_one_live_request(web: Web) -> None:
    applicant = {
        **{name: FORM[name] for name in ("given_names", "first_surname", "second_surname", "curp")},
        "birth_date": "1956-04-27",
    }
    body = {"program": "rfc", "applicant": applicant, "consents": ["transfer_to_agency"]}
    tokens = [web.token("citizen"), web.token("officer", "losangeles"), web.token("agent")]
    answers = [web.call("POST", "/enrollments", body, token=token) for token in tokens]
    assert [answer.status_code for answer in answers] == [202, 409, 409]
    assert answers[2].get_json()["code"] == "identity_check_pending"
    for answer in answers[1:]:
        assert answers[0].get_json()["folio"] not in answer.text


def test_a_name_that_differs_is_asked_about_at_the_desk_too(web: Web, officer: Browser) -> None:
    sent = {**FORM, **SEEN, "given_names": "Olga"}
    answer = officer.post(NEW, **sent)
    page = unescape(officer.get(answer.location).text)
    assert "El nombre no corresponde con la CURP" in page
    assert "Así es su nombre, continuar" in page
    confirmed = page.split('name="confirmed" value="')[1].split('"')[0]
    draft = _draft(answer.location)
    assert "Olga" in officer.get(f"{NEW}?d={draft}").text
    assert "quedó recibida" in officer.send(NEW, d=draft, confirmed=confirmed).text
    enrollment, _ = _asked(web)
    shown = _words(officer.get(f"/desk/enrollments/{enrollment.id}").text)
    assert "Puede haber un error" in shown


def test_nobody_else_gets_to_these_pages(web: Web) -> None:
    for role, office in (("analyst", None), ("treasury", None), ("admin", None)):
        browser = staff_browser(web.app, role, office)
        for address in ("/desk/enrollments", NEW, "/desk/enrollments/bulk"):
            assert browser.get(address).status_code == 403


def test_the_plan_stands_beside_the_request_and_looking_is_noted(
    web: Web, officer: Browser
) -> None:
    page = officer.send(NEW, **FORM, **SEEN).text
    assert "Su plan" not in page
    with web.database.transaction(NETWORK_SCOPE) as session:
        [enrollment] = session.scalars(select(Enrollment)).all()
        folder = session.get_one(Folder, enrollment.folder_id)
        folder.wanted = ["infonavit"]
    shown = _words(officer.get(f"/desk/enrollments/{enrollment.id}").text)
    plan = shown[shown.index("Su plan") :]
    assert plan.index("Recibid") < plan.index("Se puede pedir ya") < plan.index("Va después de")
    with web.database.transaction(NETWORK_SCOPE) as session:
        noted = select(AuditEntry.subject_id).where(AuditEntry.action == "folder.read")
        assert session.scalars(noted).all() == [folder.id]
