"""The page of an enrollment says what is asked for and until when, and takes the answer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from consular.clock import ELSEWHERE
from consular.i18n import MEXICO_CITY
from integrations.sat.wire import enrollment_state
from services.consulates.models import Consulate
from services.enrollments.details import AppointmentDetails, Details, PaymentDetails
from services.enrollments.progress import AgencyStatus, record_unknown
from services.enrollments.queries import get_enrollment, open_details
from services.enrollments.rules import Status
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.money import Money
from tests.factories.web import Web
from tests.pages.test_citizens_forms import summary
from tests.pages.test_enrollment_page import Asked

CALL = "https://sat.example/sala/8"
APPOINTMENT = AgencyStatus(
    Status.APPOINTMENT_SCHEDULED,
    details=Details(appointment=AppointmentDetails(datetime(2030, 6, 20, 16, tzinfo=UTC), CALL)),
)
ASKS_NAME = AgencyStatus(
    Status.MORE_INFORMATION_REQUESTED,
    details=Details(requested=("given_names", "proof_of_address")),
    answer_by=date(2030, 6, 20),
)


@pytest.fixture
def asked(web: Web) -> Asked:
    return Asked(web)


def test_what_is_asked_for_is_named_with_its_last_day_and_answered_once(asked: Asked) -> None:
    asked.hear(ASKS_NAME)
    page = asked.page()
    assert "Responde a más tardar el jueves 20 de junio de 2030." in page
    assert "Un comprobante de domicilio: <strong>falta</strong>" in page
    assert 'name="given_names"' in page
    assert 'name="curp"' not in page
    asked.upload("other")
    assert "Un comprobante de domicilio: <strong>ya está</strong>" in asked.page()
    answered = asked.browser.post(
        f"{asked.address}/responder", given_names="Rosa María", first_surname="Peña"
    )
    assert answered.status_code == 303
    assert asked.status() == "in_review"
    assert "Enviar mi respuesta" not in asked.page()


def test_an_answer_without_the_document_is_refused_and_kept(asked: Asked) -> None:
    """One that was uploaded before the agency asked is not it."""
    asked.upload("other")
    asked.hear(ASKS_NAME)
    given = {"given_names": "Rosa María", "first_surname": "Peña"}
    refused = asked.browser.post(f"{asked.address}/responder", **given)
    page = asked.browser.get(asked.browser.get(refused.location).location).text
    assert list(summary(page)) == ["f-documents"]
    assert "Sube primero el documento que te pidieron" in unescape(page)
    assert 'value="Rosa María"' in unescape(page)
    assert asked.status() == "more_information_requested"


def test_the_document_that_was_asked_for_is_demanded_and_no_other(asked: Asked) -> None:
    """By the word of the agency itself, as its table of codes reads it."""
    body = {"folio": "E1", "estado": "POR_CORREGIR", "porCorregir": ["IDENTIFICACION"]}
    requested = enrollment_state("E1", body).requested
    asked.hear(replace(ASKS_NAME, details=Details(requested=requested)))
    for other in ("curp", "other"):
        asked.upload(other)
        asked.browser.post(f"{asked.address}/responder")
        assert asked.status() == "more_information_requested"
        assert "<strong>falta</strong>" in asked.page()
    asked.upload("identification")
    assert "<strong>ya está</strong>" in asked.page()
    assert asked.browser.post(f"{asked.address}/responder").status_code == 303
    assert asked.status() == "in_review"


def test_a_document_without_a_place_in_the_program_is_sent_as_another(asked: Asked) -> None:
    asked.hear(replace(ASKS_NAME, details=Details(requested=("proof_of_address",))))
    asked.upload("identification")
    assert "Un comprobante de domicilio: <strong>falta</strong>" in asked.page()
    asked.upload("other")
    assert "Un comprobante de domicilio: <strong>ya está</strong>" in asked.page()


def test_an_answer_that_can_not_be_is_refused_by_field_and_kept(asked: Asked) -> None:
    asked.hear(ASKS_NAME)
    refused = asked.browser.post(f"{asked.address}/responder", given_names="7", first_surname="Pe")
    page = asked.browser.get(asked.browser.get(refused.location).location).text
    assert list(summary(page)) == ["f-given_names"]
    assert 'value="Pe"' in page
    assert asked.status() == "more_information_requested"


def test_an_appointment_is_told_by_both_clocks_with_its_link(web: Web) -> None:
    asked = Asked(web, "losangeles")
    asked.hear(APPOINTMENT)
    page = asked.page().replace("\u00a0", " ")
    assert (
        "jueves 20 de junio de 2030 a las 9:00 a. m. (hora de Los Ángeles),"
        " 10:00 a. m. (hora de la Ciudad de México)"
    ) in page
    assert "otras ciudades" not in page
    assert f'href="{CALL}"' in page
    assert "Prueba antes tu cámara y tu micrófono" in page


def test_who_named_no_office_is_told_the_hour_in_other_cities_too(asked: Asked) -> None:
    asked.hear(APPOINTMENT)
    page = asked.page().replace("\u00a0", " ")
    assert "jueves 20 de junio de 2030 a las 10:00 a. m. (hora de la Ciudad de México)" in page
    told = page.partition("La misma hora en otras ciudades")[2].partition("</details>")[0]
    rows = dict(re.findall(r"<dt>(.+?)</dt>\s*<dd>(.+?)</dd>", told))
    assert len(rows) == len(ELSEWHERE)
    assert rows["Los Ángeles"] == "jueves 20 de junio de 2030 a las 9:00 a. m."
    assert rows["Madrid"] == "jueves 20 de junio de 2030 a las 6:00 p. m."
    assert rows["Shanghái"] == "viernes 21 de junio de 2030 a las 12:00 a. m."
    english = unescape(asked.browser.get(f"{asked.address}?lang=en").text)
    assert "The same time in other cities" in english


def test_the_hours_told_are_those_of_every_zone_with_several_offices(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        offices = Counter(session.scalars(select(Consulate.time_zone)))
    assert set(ELSEWHERE) <= set(offices)
    for month in (1, 7):
        day = datetime(2030, month, 15, tzinfo=UTC)
        told = {day.astimezone(ZoneInfo(zone)).utcoffset() for zone in (*ELSEWHERE, MEXICO_CITY)}
        for zone in (zone for zone, count in offices.items() if count >= 3):
            assert day.astimezone(ZoneInfo(zone)).utcoffset() in told, zone


def test_a_payment_has_its_amount_reference_and_last_day(asked: Asked) -> None:
    line = PaymentDetails("01234567890123456789", Money(123_450, "MXN"), date(2030, 6, 20))
    asked.hear(AgencyStatus(Status.PAYMENT_PENDING, details=Details(payment=line)))
    page = asked.page()
    assert "1,234.50" in page
    assert "20 de junio de 2030" in page
    assert "no pagues otra vez" in page


def test_while_nobody_knows_whether_it_arrived_nothing_is_to_be_sent_again(asked: Asked) -> None:
    asked.hear(AgencyStatus(Status.SENT_TO_AGENCY))
    with asked.database.transaction(NETWORK_SCOPE) as session:
        record_unknown(session, asked.id, now=system_clock())
    page = asked.page()
    assert "No la mandes otra vez." in page
    assert "A más tardar, el " in page


def test_a_no_says_what_to_do_and_where_to_appeal_until_when(asked: Asked) -> None:
    asked.hear(AgencyStatus(Status.REJECTED, reason_code="data_mismatch"))
    page = asked.page()
    assert "Los datos no coinciden con los de tu CURP." in page
    assert "gob.mx/curp" in page
    assert "recurso de revocación" in page
    assert "CFF 116, 121" in page


def test_history_says_who_did_what_and_never_which_officer(asked: Asked) -> None:
    asked.hear(AgencyStatus(Status.IN_REVIEW))
    page = asked.page()
    assert page.index('when">Tú</span>') < page.index('when">La dependencia</span>')


def test_what_the_agency_says_besides_is_gone_with_the_person(asked: Asked) -> None:
    call = AppointmentDetails(system_clock() + timedelta(days=3), CALL)
    asked.hear(AgencyStatus(Status.APPOINTMENT_SCHEDULED, details=Details(appointment=call)))
    with asked.database.transaction(NETWORK_SCOPE) as session:
        enrollment = get_enrollment(session, asked.id)
        assert open_details(session, enrollment, asked.vault).appointment == call
        enrollment.details_sealed = None
    assert CALL not in unescape(asked.browser.get(asked.address).text)
