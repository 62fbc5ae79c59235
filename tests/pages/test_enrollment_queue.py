"""An office sees its requests by whom they wait for, and does what it may to several at once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from html import unescape
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from services.enrollments.assisting import Assistance, request_for_person
from services.enrollments.details import Details
from services.enrollments.models import Enrollment
from services.enrollments.progress import AgencyStatus
from services.enrollments.rules import HOME_ZONE, Status
from services.enrollments.terms import home_day
from services.kernel.audit import Actor, AuditEntry, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.outbox.models import OutboxItem
from tests.factories.enrollments import agency_says, make_applicant, make_request, payment_line
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web

QUEUE = "/desk/enrollments"


class Office:
    """An office with requests: one of each kind."""

    def __init__(self, web: Web) -> None:
        self.web, self.officer = web, staff_browser(web.app, "officer", "losangeles")
        self.vault = web.app.extensions["consular.vault"]
        self.received = self.ask("Recibida")
        self.unpaid = self.ask("Pendiente")
        self.silent = self.ask("Callada", reachable=False)
        self.active = self.ask("Lista")
        for id in (self.unpaid, self.silent):
            self.hear(id, payment_line())
        self.hear(self.active, AgencyStatus(Status.ACTIVE, result={"rfc": "GODE561231GR8"}))

    def ask(self, name: str, *, reachable: bool = True) -> UUID:
        applicant = make_applicant(given_names=name)
        if not reachable:
            applicant = replace(applicant, email=None)
        actor = Actor(Role.OFFICER, self.officer.account, "losangeles")
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            return request_for_person(
                session, make_request(applicant), Assistance(document="Acta"),
                now=system_clock(), actor=actor, vault=self.vault,
            ).id  # fmt: skip

    def hear(self, id: UUID, word: AgencyStatus) -> None:
        agency_says(self.web.database, self.vault, id, word)

    def status(self, id: UUID) -> str:
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            return session.get_one(Enrollment, id).status

    def count(self, topic: str) -> int:
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            return session.scalar(select(func.count()).where(OutboxItem.topic == topic)) or 0


@pytest.fixture
def office(web: Web) -> Office:
    return Office(web)


def names(browser: Browser, query: str = "") -> list[str]:
    """The given names in the list, in its order."""
    page = unescape(browser.get(f"{QUEUE}{query}").text)
    return re.findall(r'<th scope="row"[^>]*><a [^>]*>(\w+) ', page)


def test_what_waits_is_listed_oldest_first_and_by_whom_for(office: Office) -> None:
    assert names(office.officer) == ["Recibida", "Pendiente", "Callada"]
    assert names(office.officer, "?waits=agency") == ["Recibida"]
    assert names(office.officer, "?waits=person") == ["Pendiente"]
    assert names(office.officer, "?waits=office") == ["Callada"]
    assert names(office.officer, "?waits=nobody") == ["Lista"]
    assert names(office.officer, "?status=payment_pending") == ["Pendiente", "Callada"]
    assert names(office.officer, "?program=nss") == []


def test_terms_that_end_soon_have_a_list_of_their_own(office: Office) -> None:
    assert names(office.officer, "?lapsing=yes") == []
    soon = home_day(system_clock()) + timedelta(days=2)
    line = payment_line().details.payment
    assert line is not None
    details = Details(payment=replace(line, due_on=soon))
    office.hear(office.unpaid, AgencyStatus(Status.PAYMENT_PENDING, details=details))
    assert names(office.officer, "?lapsing=yes") == ["Pendiente"]


def test_a_term_ends_soon_by_the_day_in_mexico_city(office: Office) -> None:
    evening = datetime.combine(home_day(system_clock()), time(22), ZoneInfo(HOME_ZONE))
    line = payment_line().details.payment
    assert line is not None
    details = Details(payment=replace(line, due_on=evening.date() + timedelta(days=8)))
    office.hear(office.unpaid, AgencyStatus(Status.PAYMENT_PENDING, details=details))
    office.web.travel(evening.astimezone(UTC))
    officer = staff_browser(office.web.app, "officer", "losangeles")
    assert evening.astimezone(UTC).date() > evening.date()
    assert names(officer, "?lapsing=yes") == []


def test_the_desk_is_told_that_the_last_day_to_pay_has_passed(office: Office) -> None:
    address = f"{QUEUE}/{office.unpaid}"
    assert "0012 3456 7890" in office.officer.get(address).text
    office.hear(office.unpaid, payment_line(days=-1))
    page = unescape(office.officer.get(address).text)
    assert "Pasó el último día para pagar." in page
    assert "retira esta solicitud y pídela otra vez" in page
    assert "0012 3456 7890" not in page
    assert "payment.pdf" not in page


def test_a_folio_opens_its_request_and_everybody_seen_is_written_down(office: Office) -> None:
    with office.web.database.transaction(NETWORK_SCOPE) as session:
        folio = session.get_one(Enrollment, office.active).folio
    answer = office.officer.get(f"{QUEUE}?q={folio[:4]}-{folio[4:].lower()}")
    assert answer.location == f"{QUEUE}/{office.active}"
    assert "GODE561231GR8" in office.officer.get(answer.location).text
    office.officer.get(QUEUE)
    with office.web.database.transaction(NETWORK_SCOPE) as session:
        actions = list(session.scalars(select(AuditEntry.action)))
    assert actions.count("enrollment.read") == 1
    assert actions.count("enrollment.list") == 3


def test_another_office_and_another_agent_see_nothing_of_it(web: Web, office: Office) -> None:
    for other in (staff_browser(web.app, "officer", "houston"), staff_browser(web.app, "agent")):
        assert names(other) == []
    houston = staff_browser(web.app, "officer", "houston")
    assert houston.get(f"{QUEUE}/{office.active}").status_code == 404
    assert houston.post(f"{QUEUE}/{office.received}/withdraw").status_code == 404


def test_a_supervisor_sees_the_offices_numbers(web: Web, office: Office) -> None:
    page = staff_browser(web.app, "supervisor", "losangeles").get(QUEUE).text
    words = " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
    assert "Los números de la oficina" in words
    assert "Falta el pago 2 2" in words
    assert "Los números de la oficina" not in office.officer.get(QUEUE).text


def _choose(office: Office, action: str, *ids: UUID) -> str:
    chosen = {f"pick-{id}": "yes" for id in ids}
    answer = office.officer.post(f"{QUEUE}/bulk", action=action, **chosen)
    return str(answer.location)


def test_several_are_told_again_after_a_page_that_says_to_whom(office: Office) -> None:
    before = office.count("enrollments.told_again")
    address = _choose(office, "tell", office.unpaid, office.silent, office.received)
    page = unescape(office.officer.get(address).text)
    assert "Se hará con 1" in page
    assert "No se puede con 2" in page
    assert "No hay a quién avisar" in page
    assert office.count("enrollments.told_again") == before
    draft = address.partition("d=")[2]
    done = unescape(office.officer.send(f"{QUEUE}/bulk/done", d=draft).text)
    assert "Se hizo con 1" in done
    assert "No se hizo con 2" in done
    assert office.count("enrollments.told_again") == before + 1
    office.officer.post(f"{QUEUE}/{office.unpaid}/tell-again")
    assert office.count("enrollments.told_again") == before + 1


def test_duplicates_are_withdrawn_and_what_cant_be_stays(office: Office) -> None:
    address = _choose(office, "withdraw", office.received, office.active)
    office.officer.get(address)
    assert office.status(office.received) == "received"
    done = office.officer.send(f"{QUEUE}/bulk/done", d=address.partition("d=")[2]).text
    assert "Se hizo con 1" in done
    assert office.status(office.received) == "withdrawn"
    assert office.status(office.active) == "active"


def test_nothing_chosen_is_said_and_strangers_are_not_touched(web: Web, office: Office) -> None:
    page = office.officer.get(_choose(office, "tell")).text
    assert "No elegiste nada" in page
    houston = staff_browser(web.app, "officer", "houston")
    chosen = {f"pick-{office.received}": "yes"}
    begun = houston.post(f"{QUEUE}/bulk", action="withdraw", **chosen).location
    assert houston.get(begun).status_code == 404
    houston.post(f"{QUEUE}/bulk/done", d=begun.partition("d=")[2])
    assert office.status(office.received) == "received"


def test_what_is_asked_for_is_answered_at_the_desk(office: Office) -> None:
    wants = Details(requested=("curp",))
    page = f"{QUEUE}/{office.received}/answer"
    assert office.officer.get(page).location == f"{QUEUE}/{office.received}"
    office.hear(office.received, AgencyStatus(Status.MORE_INFORMATION_REQUESTED, details=wants))
    shown = unescape(office.officer.get(f"{QUEUE}/{office.received}").text)
    assert "Responder por la persona" in shown
    form = unescape(office.officer.get(page).text)
    curp = re.findall(r'name="curp"[^>]* value="([A-Z0-9]{18})"', form)
    assert curp
    refused = office.officer.send(page, curp="X").text
    assert 'href="#f-curp"' in refused
    office.officer.send(page, curp=curp[0])
    assert office.status(office.received) == "in_review"
