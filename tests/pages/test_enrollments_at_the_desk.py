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
from services.enrollments.progress import AgencyStatus
from services.enrollments.queries import get_notice
from services.enrollments.requesting import request_enrollment
from services.enrollments.rules import Status
from services.folders.models import Folder
from services.kernel.audit import Actor, AuditEntry, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.outbox.models import OutboxItem
from tests.factories.enrollments import WORK as IMSS_WORK
from tests.factories.enrollments import (
    agency_says,
    make_account,
    make_applicant,
    make_request,
    rfc_of,
)
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


WORK = {
    "data-state": "JC", "data-municipality": "Tonalá", "data-occupation": "Cocinera",
    "data-income": "12000", "data-period": "monthly", "data-has_family": "no",
}  # fmt: skip
RFC_NUMBER = rfc_of(FORM["curp"])


def _hear(web: Web, program: str, result: dict[str, str]) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        id = session.scalars(select(Enrollment.id).where(Enrollment.program == program)).one()
    said = AgencyStatus(Status.ACTIVE, result=result)
    agency_says(web.database, web.app.extensions["consular.vault"], id, said)


def _want(web: Web, program: str) -> str:
    """The address of the one request, whose person wants that program too."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        [enrollment] = session.scalars(select(Enrollment)).all()
        session.get_one(Folder, enrollment.folder_id).wanted = [program]
        return f"/desk/enrollments/{enrollment.id}"


def _folder_reads(web: Web) -> int:
    with web.database.transaction(NETWORK_SCOPE) as session:
        noted = select(AuditEntry.subject_id).where(AuditEntry.action == "folder.read")
        return len(session.scalars(noted).all())


class _Form:
    """A program's form that is filled in page by page; the draft goes along."""

    def __init__(self, browser: Browser, at: str) -> None:
        self.browser, self.steps = browser, [at]
        self.go(at)

    def go(self, address: str) -> None:
        """Follow to the page where that leads."""
        answer = self.browser.get(address)
        while answer.status_code == 303:
            address = answer.location
            answer = self.browser.get(address)
        self.at, _, query = address.partition("?")
        self.draft = parse_qs(query).get("d", [""])[0]
        self.steps.append(self.at.rpartition("/")[2])
        self.page = unescape(answer.text)

    def send(self, **answers: str) -> None:
        """Send the page with these answers."""
        answer = self.browser.post(self.at, d=self.draft, **answers)
        assert answer.status_code == 303, answer.text
        self.go(answer.location)

    def fill_in_work(self) -> None:
        """From the place on to the page that checks all."""
        for names in (("state", "municipality"), ("occupation", "income"), ("period",),
                      ("has_family",)):  # fmt: skip
            self.send(**{f"data-{name}": WORK[f"data-{name}"] for name in names})


def _ask_for_rfc(officer: Browser) -> None:
    begun = officer.post(NEW, **FORM, **SEEN, **CONTACT)
    page = officer.send(f"{NEW}/code", d=_draft(begun.location), without="yes").text
    assert "La solicitud quedó recibida" in page


def test_a_step_whose_turn_it_is_opens_with_what_was_told(web: Web, officer: Browser) -> None:
    _ask_for_rfc(officer)
    at = _want(web, "imss")
    before = officer.get(at).text
    assert f'action="{at}/next/nss"' in before
    assert f'action="{at}/next/imss"' not in before
    _hear(web, "rfc", {"rfc": RFC_NUMBER})
    reads = _folder_reads(web)
    form = _Form(officer, officer.post(f"{at}/next/imss").location)
    assert _folder_reads(web) == reads + 1
    assert form.at.endswith("/new/imss/lugar")
    numbers = officer.get(f"/desk/enrollments/new/imss/numeros?d={form.draft}").text
    assert f'value="{RFC_NUMBER}"' in numbers
    form.fill_in_work()
    assert form.at.endswith("/new/imss/revisar")
    for told in ("Gloria Hernández García", FORM["curp"], CONTACT["email"], RFC_NUMBER):
        assert told in form.page
    assert "en inglés" in form.page
    # The permission is for one transfer: it is asked for again.
    assert not re.search(r'name="consents" value="transfer_to_agency" checked', form.page)
    form.send(**SEEN)
    assert 'href="#f-consents"' in form.page
    form.send(consents="transfer_to_agency", **SEEN)
    assert form.at.endswith("/new/imss/code")
    form.send(without="yes")
    assert "La solicitud quedó recibida" in form.page


def test_any_program_can_begin_with_what_was_told_in_one_request(
    web: Web, officer: Browser
) -> None:
    _ask_for_rfc(officer)
    with web.database.transaction(NETWORK_SCOPE) as session:
        id = session.scalars(select(Enrollment.id)).one()
    at = f"/desk/enrollments/{id}"
    assert f'href="{at}/next"' in officer.get(at).text
    assert f'action="{at}/next/nss"' in officer.get(f"{at}/next").text
    form = _Form(officer, officer.post(f"{at}/next/nss").location)
    assert FORM["curp"] in form.page
    assert officer.get(f"{at}/next/nss").location == at
    elsewhere = staff_browser(web.app, "officer", "houston")
    assert elsewhere.get(f"{at}/next").status_code == 404
    assert elsewhere.post(f"{at}/next/nss").status_code == 404


def test_on_the_telephone_the_plan_is_read_and_what_comes_next_is_begun(
    web: Web, agent: Browser
) -> None:
    begun = agent.post(NEW, **FORM, **CONTACT)
    agent.send(f"{NEW}/code", d=_draft(begun.location), code=_sent_code(web))
    at = _want(web, "imss")
    reads = _folder_reads(web)
    shown = _words(agent.get(at).text)
    plan = shown[shown.index("Su plan") :]
    assert plan.index("Recibid") < plan.index("Se puede pedir ya") < plan.index("Va después de")
    assert _folder_reads(web) == reads + 1
    assert f'action="{at}/next/nss"' in agent.get(f"{at}/next").text
    form = _Form(agent, agent.post(f"{at}/next/nss").location)
    assert FORM["curp"] in form.page


def _to_check(browser: Browser, **numbers: str) -> _Form:
    """IMSS, filled in from its first page to the one that checks all."""
    form = _Form(browser, "/desk/enrollments/new/imss")
    person = {name: value for name, value in FORM.items() if name != "consents"}
    form.send(**person)
    assert 'href="#f-email"' in form.page
    form.send(**person, **CONTACT)
    assert form.at.endswith("/imss/numeros")
    assert "Paso 2 de 7" in form.page
    form.send(**numbers)
    form.fill_in_work()
    assert form.at.endswith("/imss/revisar")
    return form


def test_a_long_form_is_asked_page_by_page_to_the_end(web: Web, agent: Browser) -> None:
    form = _to_check(agent, **{"data-rfc": RFC_NUMBER})
    [change] = re.findall(r'href="([^"]+/imss/trabajo[?][^"]+)">Cambiar<[^>]+> Oficio', form.page)
    form.go(change)
    form.send(**{"data-occupation": "Albañil", "data-income": "12000"})
    form.go(f"/desk/enrollments/new/imss/revisar?d={form.draft}")
    assert "Albañil" in form.page
    assert "Cocinera" not in form.page
    assert "Los avisos van solo a la persona, a gloria@demo.invalid" in form.page
    form.send()
    assert 'href="#f-consents"' in form.page
    form.send(consents="transfer_to_agency")
    assert form.at.endswith("/imss/code")
    form.send(code=_sent_code(web))
    assert "La solicitud quedó recibida" in form.page
    enrollment, assisted = _asked(web)
    assert (enrollment.program, assisted.consent) == ("imss", "code")


FAMILY = {
    "data-members-0-name": "Rosa Demo", "data-members-0-born-day": "2",
    "data-members-0-born-month": "3", "data-members-0-born-year": "2015",
    "data-members-0-kinship": "child", "data-members-0-ill": "yes",
    "data-members-0-illness": "Asma",
}  # fmt: skip
HEALTH_CONSENTS = {"consents": "transfer_to_agency", "sensitive": "sensitive_data"}


def _to_health_check(browser: Browser, **contact: str) -> _Form:
    """The family health insurance, filled in from its list to the page that checks all."""
    at = "/desk/enrollments/new/imss_family_health"
    assert f'href="{at}"' in browser.get("/desk/enrollments/new").text
    form = _Form(browser, at)
    person = {name: value for name, value in FORM.items() if name != "consents"}
    form.send(**person, **CONTACT, **contact)
    form.send(**{"data-state": "JC", "data-municipality": "Tonalá"})
    assert "Lee cada pregunta a la persona" in form.page
    form.send(**{**FAMILY, "data-members-0-illness": ""})
    assert 'href="#f-data-members-0-illness"' in form.page
    form.send(**FAMILY)
    assert form.at.endswith("/revisar")
    return form


def test_health_insurance_is_asked_for_with_the_persons_express_permission(
    web: Web, officer: Browser
) -> None:
    form = _to_health_check(officer)
    for told in ("Rosa Demo", "Asma", "8,900.00\xa0MXN (última tabla publicada)",
                 "a gloria@demo.invalid", "Doy permiso expreso"):  # fmt: skip
        assert told in form.page
    form.send(**SEEN, consents="transfer_to_agency")
    assert 'href="#f-sensitive"' in form.page
    form.send(**SEEN, **HEALTH_CONSENTS)
    assert form.at.endswith("/imss_family_health/code")
    assert "Sin su código no se envía" in form.page
    assert 'name="without"' not in form.page
    for answers in ({"without": "yes"}, {"code": "000000"}):
        form.send(**answers)
        assert form.at.endswith("/imss_family_health/code")
        assert 'href="#f-code"' in form.page
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalars(select(Enrollment)).all() == []
    form.send(code=_sent_code(web))
    assert "La solicitud quedó recibida" in form.page
    enrollment, assisted = _asked(web)
    assert enrollment.consents == ["sensitive_data", "transfer_to_agency"]
    assert enrollment.account_id is not None
    assert (assisted.channel, assisted.document) == ("in_person", SEEN["document"])
    elsewhere = staff_browser(web.app, "officer", "houston")
    assert elsewhere.get(f"/desk/enrollments/{enrollment.id}").status_code == 404


def test_health_insurance_on_the_telephone_needs_the_code_too(web: Web, agent: Browser) -> None:
    form = _to_health_check(agent)
    form.send(**HEALTH_CONSENTS)
    assert 'name="without"' not in form.page
    form.send(code=_sent_code(web))
    assert "La solicitud quedó recibida" in form.page
    _enrollment, assisted = _asked(web)
    assert (assisted.channel, assisted.consent) == ("telephone", "code")


@pytest.mark.parametrize(("helper", "seen"), [("officer", SEEN), ("agent", {})])
def test_who_cant_open_their_email_here_tells_the_code_that_their_telephone_got(
    web: Web, request: pytest.FixtureRequest, helper: str, seen: dict[str, str]
) -> None:
    form = _to_health_check(
        request.getfixturevalue(helper), phone="213 555 0142", phone_country="1"
    )
    form.send(**seen, **HEALTH_CONSENTS)
    assert "Lo enviamos a gloria@demo.invalid" in form.page
    assert "Mandarlo a su teléfono" in form.page
    form.send(code_by="sms")
    assert re.search(r"Lo enviamos a [^@<]*555", form.page)
    assert "Mandarlo a su correo" in form.page
    form.send(code=_sent_code(web))
    assert "La solicitud quedó recibida" in form.page
    enrollment, _assisted = _asked(web)
    with web.database.transaction(NETWORK_SCOPE) as session:
        codes = session.scalars(select(LoginCode).order_by(LoginCode.created_at)).all()
        assert [code.channel for code in codes] == ["email", "sms"]
        assert [code.account_id for code in codes] == [None, enrollment.account_id]
        # News of it goes by e-mail still, so that whose it is hears of it.
        notice = get_notice(session, enrollment.id, web.app.extensions["consular.vault"])
    assert notice.email == CONTACT["email"]


def test_without_a_telephone_the_page_says_that_one_would_do(officer: Browser) -> None:
    form = _to_health_check(officer)
    form.send(**SEEN, **HEALTH_CONSENTS)
    assert "el código puede llegarle ahí" in form.page
    assert 'name="code_by"' not in form.page
    form.send(code_by="sms")
    assert "Lo enviamos a gloria@demo.invalid" in form.page


def test_another_system_cant_declare_a_permission_for_data_on_health(web: Web) -> None:
    example = {
        "program": "imss_family_health",
        "applicant": {
            **{name: FORM[name] for name in ("given_names", "first_surname", "curp")},
            "birth_date": "1956-04-27",
            "email": CONTACT["email"],
        },
        "data": {
            "state": "JC",
            "municipality": "Tonalá",
            "members": [{"name": "Rosa", "born": "2015-03-02", "kinship": "child", "ill": False}],
        },
        "consents": list(HEALTH_CONSENTS.values()),
    }
    answer = web.call("POST", "/enrollments", example, token=web.token("officer", "losangeles"))
    assert (answer.status_code, answer.get_json()["code"]) == (422, "own_account_required")


def test_what_comes_first_is_asked_first_and_the_answers_are_kept(
    web: Web, officer: Browser
) -> None:
    form = _to_check(officer)
    assert "Primero va: Registro Federal de Contribuyentes" in form.page
    assert 'name="consents"' not in form.page
    form.send(consents="transfer_to_agency", **SEEN)
    assert form.at == "/desk/enrollments/new/rfc"
    assert f'value="{FORM["curp"]}"' in form.page
    assert not re.search(r'name="consents" value="transfer_to_agency" checked', form.page)
    form.send(consents="transfer_to_agency", **SEEN)
    form.send(without="yes")
    assert "La solicitud quedó recibida" in form.page
    at, words = form.at, _words(form.page)
    assert "Seguro social" in words[words.index("Su plan") :]
    elsewhere = _to_check(staff_browser(web.app, "officer", "houston"))
    assert f'href="{at}"' not in elsewhere.page
    assert "Guardar para cuando le toque" not in elsewhere.page
    _hear(web, "rfc", {"rfc": RFC_NUMBER})
    form.go(officer.post(f"{at}/next/imss").location)
    assert form.at.endswith("/imss/revisar")
    assert "Tonalá" in form.page
    assert RFC_NUMBER in form.page


def test_what_is_told_while_the_first_is_under_way_waits_in_the_plan(
    web: Web, officer: Browser
) -> None:
    _ask_for_rfc(officer)
    enrollment, _assisted = _asked(web)
    at = f"/desk/enrollments/{enrollment.id}"
    assert "Seguro social" not in _words(officer.get(at).text)
    form = _to_check(officer)
    assert f'href="{at}"' in form.page
    assert "Pedir primero" not in form.page
    assert 'name="consents"' not in form.page
    form.send()
    assert form.at == at
    words = _words(form.page)
    assert "lo que contestó queda en su plan" in words
    assert "Seguro social" in words[words.index("Su plan") :]
    _asked(web)
    _hear(web, "rfc", {"rfc": RFC_NUMBER})
    form.go(officer.post(f"{at}/next/imss").location)
    assert form.at.endswith("/imss/revisar")
    for told in ("Tonalá", "Cocinera", RFC_NUMBER):
        assert told in form.page


def test_an_agent_keeps_answers_only_beside_a_request_of_their_own(
    web: Web, officer: Browser, agent: Browser
) -> None:
    _ask_for_rfc(officer)
    enrollment, _assisted = _asked(web)
    form = _to_check(agent)
    assert f"/desk/enrollments/{enrollment.id}" not in form.page
    assert "Guardar para cuando le toque" not in form.page
    form.send()
    assert form.at.endswith("/new/rfc")
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.get_one(Folder, enrollment.folder_id).wanted == []


def test_an_office_sees_a_request_and_not_who_its_folder_was_opened_for(
    web: Web, officer: Browser
) -> None:
    vault, who = web.app.extensions["consular.vault"], make_applicant()
    with web.database.transaction(NETWORK_SCOPE) as session:
        citizen = Actor(Role.CITIZEN, make_account(session))
        rfc = make_request(who)
        imss = make_request(who, program="imss", data=IMSS_WORK, consulate="losangeles")
        for command in (rfc, imss):
            asked = request_enrollment(
                session, command, now=system_clock(), actor=citizen, vault=vault
            )
        at = f"/desk/enrollments/{asked.id}"
    assert who.curp in officer.get(at).text
    form = _Form(officer, officer.post(f"{at}/next/nss").location)
    assert who.curp in form.page
