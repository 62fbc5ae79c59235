"""The page of an enrollment says how it stands, and taking it back is asked before it is done."""

from __future__ import annotations

from html import unescape

import pytest

from consular.i18n import date_long
from services.enrollments.progress import AgencyStatus, begin_submission, record_progress
from services.enrollments.queries import get_enrollment
from services.enrollments.requesting import request_enrollment
from services.enrollments.rules import Status
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.enrollments import make_account, make_request, payment_line, upload_document
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import Web

RECEIVED = "Recibimos tu inscripción"


class Asked:
    """An RFC that a citizen asked for, and their browser."""

    def __init__(self, web: Web, consulate: str | None = None) -> None:
        self.app, self.database = web.app, web.database
        self.vault = web.app.extensions["consular.vault"]
        with self.database.transaction(NETWORK_SCOPE) as session:
            actor = Actor(Role.CITIZEN, make_account(session))
            enrollment = request_enrollment(
                session, make_request(consulate=consulate), now=system_clock(), actor=actor,
                vault=self.vault,
            )  # fmt: skip
            self.id = enrollment.id
        assert actor.account_id is not None
        self.browser: Browser = citizen_browser(web.app, actor.account_id)
        self.address = f"/inscripciones/{self.id}"

    def hear(self, word: AgencyStatus) -> None:
        """SAT takes it in, and then says so."""
        with self.database.transaction(NETWORK_SCOPE) as session:
            begin_submission(session, self.id, now=system_clock(), vault=self.vault)
            for agency_status in (AgencyStatus(Status.SENT_TO_AGENCY), word):
                record_progress(
                    session, self.id, agency_status, now=system_clock(), vault=self.vault
                )

    def upload(self, kind: str) -> None:
        """A document into the person's folder."""
        with self.database.transaction(NETWORK_SCOPE) as session:
            upload_document(session, get_enrollment(session, self.id), kind, vault=self.vault)

    def page(self) -> str:
        """As it is opened from the page that followed the request."""
        return unescape(self.browser.get(f"{self.address}?nueva=1").text)

    def status(self) -> str:
        with self.database.transaction(NETWORK_SCOPE) as session:
            return str(get_enrollment(session, self.id).status)


@pytest.fixture
def asked(web: Web) -> Asked:
    return Asked(web)


def test_what_was_just_asked_for_was_received(asked: Asked) -> None:
    page = asked.page()
    assert RECEIVED in page
    assert "No se aprobó" not in page


def test_a_rejection_stands_on_top_with_its_reason_and_what_to_do(asked: Asked) -> None:
    asked.hear(AgencyStatus(Status.REJECTED, reason_code="names_do_not_match"))
    page = asked.page()
    assert asked.status() == "rejected"
    assert RECEIVED not in page
    assert "No se aprobó" in page
    assert "No tiene nada que ver con tu situación migratoria." in page
    assert "Intentar otra vez</a>" in page
    assert "Retirar mi solicitud" not in page


def test_taking_it_back_says_what_it_does_before_it_is_done(asked: Asked) -> None:
    page = asked.page()
    ask = page[page.index("<details") : page.index("</details>")]
    assert "No se puede deshacer." in ask
    assert "Sí, retirar mi solicitud" in ask
    assert asked.browser.post(f"{asked.address}/retirar").status_code == 303
    assert asked.status() == "withdrawn"
    assert RECEIVED not in asked.page()
    assert "Sí, retirar mi solicitud" not in asked.page()


def test_a_payment_line_shows_its_barcode_and_opens_as_a_file(asked: Asked) -> None:
    asked.hear(payment_line())
    page = asked.page()
    for words in ("0012 3456 7890 1234 567", "1,234.50", "Finabien", 'role="img"'):
        assert words in page
    file = asked.browser.get(f"{asked.address}/pago.pdf")
    assert (file.status_code, file.mimetype) == (200, "application/pdf")
    assert asked.browser.get(f"{asked.address}/acuse.pdf").mimetype == "application/pdf"
    assert asked.browser.get(f"{asked.address}/constancia.pdf").status_code == 409


def test_after_its_last_day_a_payment_line_is_gone_and_the_page_says_what_to_do(
    asked: Asked,
) -> None:
    line = payment_line(days=-1)
    asked.hear(line)
    assert line.details.payment
    with asked.app.test_request_context("/"):
        last_day = date_long(line.details.payment.due_on)
    page = asked.page()
    assert "Pasó el último día para pagar." in page
    assert f"Fue el {last_day} (hora de la Ciudad de México)." in page
    assert "retira esta solicitud y pídela otra vez" in page
    assert "Retirar mi solicitud" in page
    for gone in ("0012 3456 7890", 'role="img"', "pago.pdf", "Falta tu pago", "Intentar otra vez"):
        assert gone not in page
    assert asked.browser.get(f"{asked.address}/pago.pdf").status_code == 409
    english = unescape(asked.browser.get(f"{asked.address}?lang=en").text)
    assert "The last day to pay has passed." in english
    assert "withdraw this request and ask for it again" in english


def test_the_proof_is_offered_once_it_is_active(asked: Asked) -> None:
    assert "constancia.pdf" not in asked.page()
    asked.hear(AgencyStatus(Status.ACTIVE, result={"rfc": "GODE561231GR8"}))
    assert f"{asked.address}/constancia.pdf" in asked.page()
    assert asked.browser.get(f"{asked.address}/constancia.pdf").mimetype == "application/pdf"
