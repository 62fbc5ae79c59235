"""Paying the dues of an enrollment with a transfer: offered where they are waited for, and shown in
both parts from the price to the receipt; by page and API alike."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from consular.i18n import date_long, folio
from services.enrollments.details import Details, PaymentDetails
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.progress import AgencyStatus
from services.enrollments.requesting import request_enrollment
from services.enrollments.rules import Status
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.money import Money
from services.remittances.models import Remittance
from services.remittances.rules import day_in_mexico
from tests.factories.counting import counting
from tests.factories.enrollments import WORK, agency_says, make_applicant, make_request
from tests.factories.remittances import pay_for
from tests.factories.staff import citizen_browser, staff_browser
from tests.factories.web import Web
from tests.pages.test_enrollment_queue import QUEUE, names
from tests.pages.test_sending import sender

QUESTION = "¿Pagar también cuotas del IMSS?"
FROM_HERE = "Pagarla desde aquí, al enviar dinero a México"
PRICE = {"send_amount": "300", "funding": "bank_account", "payout": "branch"}
MOST_OF_TWO_PARTS = 7
RECIPIENT = {"given_names": "Rosa", "first_surname": "Demo"}


class Asked:
    """A citizen with a relative's request that waits for 1,234.50 pesos."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.client: FlaskClient = sender(web)
        self.vault = web.app.extensions["consular.vault"]
        with web.database.transaction(NETWORK_SCOPE) as session:
            self.account = session.scalar(text("SELECT id FROM accounts"))
            self.id = request_enrollment(
                session,
                make_request(
                    make_applicant(given_names="Itzel", first_surname="Luna"),
                    program="imss",
                    data=WORK,
                    consents=tuple(PROGRAMS["imss"].form.consents),
                    consulate="losangeles",
                ),
                now=system_clock(),
                actor=Actor(Role.CITIZEN, self.account),
                vault=self.vault,
            ).id
        self.hear(Status.SENT_TO_AGENCY)

    def asks_for_payment(self, days: int = 12) -> None:
        """By a line of so many days."""
        due_on = day_in_mexico(system_clock()) + timedelta(days=days)
        line = PaymentDetails("01234567890123456789", Money(1_234_50, "MXN"), due_on)
        self.hear(Status.PAYMENT_PENDING, Details(payment=line))

    def is_covered(self, line: PaymentDetails | None = None, until: int = 20) -> None:
        """For so many days more; by the line it goes on."""
        last = day_in_mexico(system_clock()) + timedelta(days=until)
        word = AgencyStatus(
            Status.ACTIVE, {"covered_to": last.isoformat()}, details=Details(payment=line)
        )
        agency_says(self.web.database, self.vault, self.id, word)

    def hear(self, status: Status, details: Details | None = None) -> None:
        word = AgencyStatus(status, details=details or Details())
        agency_says(self.web.database, self.vault, self.id, word)

    def page(self, address: str) -> str:
        return unescape(self.client.get(address).text)

    def post(self, path: str, form: dict[str, str]) -> Any:
        token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.page("/enviar"))
        assert token
        data = {"csrf_token": token.group(1), "form_key": uuid4().hex, **form}
        return self.client.post(path, data=data, follow_redirects=False)

    def quote(self, **form: str) -> str:
        """The address of the price."""
        return str(self.post("/enviar", {**PRICE, **form}).location)

    def order(self) -> str:
        """The address of what goes to the recipient."""
        return str(self.post("/enviar/revisar", self.check()).location)

    def check(self) -> dict[str, str]:
        """What a review sends, of a transfer that pays the line as well."""
        quote = re.search(r"quote=([0-9a-f-]{36})", self.quote(enrollment=str(self.id)))
        assert quote
        form = {"quote": quote.group(1), **RECIPIENT}
        check = self.post("/enviar/destinatario", form).location
        assert "Cuotas del IMSS" in self.page(check)
        return {"d": check.partition("=")[2]}

    def pay(self) -> None:
        """The sender pays for both."""
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            first = session.scalar(text("SELECT id FROM remittances WHERE part = 1"))
            pay_for(session, session.get_one(Remittance, first), now=system_clock())

    def first(self) -> UUID:
        return self._part(1)

    def dues(self) -> UUID:
        return self._part(2)

    def _part(self, number: int) -> UUID:
        query = text("SELECT id FROM remittances WHERE part = :part")
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            return UUID(str(session.scalar(query, {"part": number})))

    def folio(self, remittance: UUID) -> str:
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            return session.get_one(Remittance, remittance).folio


@pytest.fixture
def asked(web: Web) -> Asked:
    return Asked(web)


def test_it_is_asked_only_where_dues_are_waited_for(asked: Asked) -> None:
    assert QUESTION not in asked.page("/enviar")
    asked.asks_for_payment()
    page = asked.page("/enviar")
    assert QUESTION in page
    assert "Itzel Luna" in page
    assert "1,234.50" in page
    asked.order()
    assert QUESTION not in asked.page("/enviar")


def test_after_the_last_day_it_is_offered_nowhere(asked: Asked) -> None:
    address = f"/inscripciones/{asked.id}"
    asked.asks_for_payment(days=0)
    assert FROM_HERE in asked.page(address)
    asked.asks_for_payment(days=-1)
    page = asked.page(address)
    assert "Pasó el último día para pagar." in page
    assert FROM_HERE not in page
    assert QUESTION not in asked.page("/enviar")


def test_an_active_one_goes_on_by_what_is_paid_with_a_transfer(asked: Asked) -> None:
    asked.asks_for_payment()
    asked.is_covered()
    address = f"/inscripciones/{asked.id}"
    assert QUESTION not in asked.page("/enviar")
    assert "Para que siga" not in asked.page(address)
    due_on = day_in_mexico(system_clock()) + timedelta(days=9)
    asked.is_covered(PaymentDetails("98765432109876543210", Money(1_234_50, "MXN"), due_on))
    page = asked.page(address)
    assert "Para que siga" in page
    assert "9876 5432 1098 7654 3210" in page
    assert FROM_HERE in page
    assert asked.client.get(f"{address}/pago.pdf").status_code == 200
    assert QUESTION in asked.page("/enviar")
    asked.order()
    assert QUESTION not in asked.page("/enviar")
    asked.pay()
    page = asked.page(address)
    assert "Para que siga" in page
    assert f'href="/envios/{asked.dues()}"' in page
    assert "Paga a más tardar" not in page
    assert "Cuotas del IMSS de Itzel Luna" in asked.page(f"/envios/{asked.dues()}")
    assert "Sigue lo que cubre" not in page
    asked.is_covered(until=50)
    page = asked.page(address)
    assert "Para que siga" not in page
    day = date_long(day_in_mexico(system_clock()) + timedelta(days=50))
    assert f"Sigue lo que cubre: ahora, hasta el {day}." in page
    assert page.count("La dependencia") == 3
    assert asked.client.get(f"{address}/pago.pdf").status_code == 409


def test_a_line_that_a_transfer_pays_is_not_offered_to_be_paid_again(asked: Asked) -> None:
    asked.asks_for_payment()
    address = f"/inscripciones/{asked.id}"
    token = asked.web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    read = f"/enrollments/{asked.id}"
    page = asked.page(address)
    assert FROM_HERE in page
    assert f"{address}/pago.pdf" in page
    assert asked.web.call("GET", read, token=token).get_json()["paid_by"] is None
    asked.order()
    for status in ("Falta tu pago", "Pago recibido"):
        page = asked.page(address)
        dues = asked.dues()
        assert "Pago en curso" in page
        assert f'href="/envios/{dues}"' in page
        assert folio(asked.folio(dues)) in page
        assert f"({status})" in page
        for offered in (FROM_HERE, "<svg", f"{address}/pago.pdf"):
            assert offered not in page
        assert asked.web.call("GET", read, token=token).get_json()["paid_by"] == str(dues)
        asked.pay()
    assert asked.client.get(f"/envios/{dues}").status_code == 200
    asked.post(f"/envios/{dues}/cancelar", {})
    page = asked.page(address)
    assert FROM_HERE in page
    assert "Pago en curso" not in page


def test_what_was_paid_in_time_is_not_called_late_while_nobody_confirms_it(asked: Asked) -> None:
    asked.asks_for_payment()
    asked.order()
    asked.pay()
    asked.web.travel(system_clock() + timedelta(days=13))
    later = citizen_browser(asked.web.app, asked.account)
    page = later.get(f"/inscripciones/{asked.id}").text
    assert "Pasó el último día para pagar." not in page
    assert f'href="/envios/{asked.dues()}"' in page


def test_nobody_is_called_to_pay_again_or_to_withdraw_what_a_transfer_pays(asked: Asked) -> None:
    asked.asks_for_payment()
    desk, read = f"/desk/enrollments/{asked.id}", f"/enrollments/{asked.id}"
    officer = staff_browser(asked.web.app, "officer", "losangeles")
    assert officer.get(f"{desk}/payment.pdf").status_code == 200
    asked.order()
    asked.pay()
    for days in (0, 13):
        asked.web.travel(system_clock() + timedelta(days=days))
        officer = staff_browser(asked.web.app, "officer", "losangeles")
        page = unescape(officer.get(desk).text)
        assert "Lo paga un envío de dinero de la persona." in page
        for call in ("0123 4567", "payment.pdf", "Pasó el último día", "retira esta solicitud"):
            assert call not in page
        assert officer.get(f"{desk}/payment.pdf").status_code == 409
        payer = citizen_browser(asked.web.app, asked.account)
        assert payer.get(f"/inscripciones/{asked.id}/pago.pdf").status_code == 409
        own = asked.web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
        office = asked.web.token("officer", "losangeles")
        for token, transfer in ((own, str(asked.dues())), (office, None)):
            answer = asked.web.call("GET", read, token=token).get_json()
            assert answer["remedy"] is None
            assert (answer["paid_by_transfer"], answer["paid_by"]) == (True, transfer)
            file = asked.web.call("GET", f"{read}/payment.pdf", token=token)
            assert file.status_code == 409
    with asked.web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE remittances SET status = 'refunding' WHERE part = 2"))
    assert "retira esta solicitud" in unescape(officer.get(desk).text)
    answer = asked.web.call("GET", read, token=office).get_json()
    assert (answer["paid_by_transfer"], answer["remedy"] is None) == (False, False)


def test_what_a_transfer_pays_waits_for_the_agency_and_is_in_no_list_of_terms(asked: Asked) -> None:
    asked.asks_for_payment(days=2)
    officer = staff_browser(asked.web.app, "officer", "losangeles")
    address, tell = f"{QUEUE}/{asked.id}", "Avisarle otra vez"
    assert names(officer, "?lapsing=yes") == names(officer, "?waits=person") == ["Itzel"]
    assert tell in officer.get(address).text
    asked.order()
    asked.pay()
    assert names(officer, "?lapsing=yes") == names(officer, "?waits=person") == []
    assert names(officer, "?waits=agency") == ["Itzel"]
    listed = unescape(officer.get(QUEUE).text)
    assert 'waits=agency">La dependencia</a></dt><dd>1<' in listed
    assert 'waits=person">La persona</a></dt><dd>0<' in listed
    page = unescape(officer.get(address).text)
    for shown in (listed, page):
        assert 'status-wait">Pago en curso<' in shown
    assert tell not in page
    assert "Plazo</dt>" not in page
    officer.post(f"{address}/tell-again")
    with asked.web.database.transaction(NETWORK_SCOPE) as session:
        told = text("SELECT count(*) FROM outbox WHERE topic = 'enrollments.told_again'")
        assert session.scalar(told) == 0
        session.execute(text("UPDATE remittances SET status = 'refunding' WHERE part = 2"))
    assert names(officer, "?lapsing=yes") == names(officer, "?waits=person") == ["Itzel"]


def test_the_payer_is_not_asked_for_what_a_transfer_pays(asked: Asked) -> None:
    asked.asks_for_payment()
    folder = asked.client.get("/mi-carpeta").location
    assert "Seguir con esto" in asked.page(folder)
    asked.order()
    plan = asked.page(folder)
    assert "Pago en curso" in plan
    assert "Seguir con esto" not in plan
    for address in ("/mis-tramites", f"/inscripciones/{asked.id}"):
        assert 'status-wait">Pago en curso<' in asked.page(address)


def test_who_had_two_prices_open_pays_the_line_once(asked: Asked) -> None:
    asked.asks_for_payment()
    checks = [asked.check() for _ in range(2)]
    first, second = (asked.post("/enviar/revisar", check).location for check in checks)
    assert f"/envios/{asked.first()}" in first
    assert "Esas cuotas ya se están pagando" in asked.page(second)
    with asked.web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalar(text("SELECT count(*) FROM remittances")) == 2


def test_both_parts_are_shown_from_the_price_to_the_receipt(asked: Asked) -> None:
    asked.asks_for_payment()
    price = asked.page(asked.quote(enrollment=str(asked.id)))
    # 300 dollars at the day's rate less its margin, less the dues.
    for words in ("De eso, a la persona", "De eso, cuotas del IMSS", "Of that, IMSS dues"):
        assert words in price
    first = asked.order()
    page = asked.page(first)
    assert "Las partes de este envío" in page
    assert f"/envios/{asked.dues()}" in page
    asked.pay()
    address = first.partition("?")[0]
    assert "De eso, cuotas del IMSS" in asked.page(f"{address}/recibo?kind=payment")
    dues = asked.page(f"/envios/{asked.dues()}")
    assert "Cuotas del IMSS de Itzel Luna" in dues
    assert "Enviar otra vez a" not in dues
    assert "kind=payment" not in dues


def test_dues_that_are_not_waited_for_any_more_are_not_paid(asked: Asked) -> None:
    asked.asks_for_payment()
    quote = re.search(r"quote=([0-9a-f-]{36})", asked.quote(enrollment=str(asked.id)))
    assert quote
    check = asked.post("/enviar/destinatario", {"quote": quote.group(1), **RECIPIENT}).location
    asked.hear(Status.REJECTED)
    answer = asked.post("/enviar/revisar", {"d": check.partition("=")[2]})
    assert "No hay cuotas por pagar" in asked.page(answer.location)


def test_too_little_is_said_with_what_the_dues_need(asked: Asked) -> None:
    asked.asks_for_payment()
    page = asked.page(asked.quote(send_amount="20", enrollment=str(asked.id)))
    assert "No alcanza para las cuotas" in page or "Las cuotas toman" in page


def test_the_api_divides_it_and_names_both_parts(asked: Asked) -> None:
    asked.asks_for_payment()
    token = asked.web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    price = {
        "send": {"amount": "300.00", "currency": "USD"},
        "funding": "cash",
        "payout": "branch",
        "enrollment": str(asked.id),
    }
    quoted = asked.web.call("POST", "/quotes", price, token=token)
    assert quoted.status_code == 201, quoted.text
    quote = quoted.get_json()
    person, dues = quote["parts"]
    assert dues["total_to_recipient"] == {"amount": "1234.50", "currency": "MXN"}
    assert (person["enrollment"], dues["enrollment"]) == (None, str(asked.id))
    for name in ("transfer_amount", "transfer_fees", "transfer_taxes", "total"):
        assert _cents(person[name]) + _cents(dues[name]) == _cents(quote[name])
    body = {"quote": quote["id"], "recipient": RECIPIENT}
    key = {"Idempotency-Key": "k"}
    with counting(asked.web.app.extensions["consular.database"]) as sent:
        ordered = asked.web.call("POST", "/remittances", body, token=token, headers=key)
    # As of one part, with who the sender is, and the payment line.
    assert len(sent) <= MOST_OF_TWO_PARTS, "\n".join(sent)
    assert ordered.status_code == 202, ordered.text
    parts = ordered.get_json()["parts"]
    assert [part["purpose"] for part in parts] == ["family", "imss_dues"]
    assert parts[0]["id"] == ordered.get_json()["id"]
    again = asked.web.call("POST", "/quotes", price, token=token)
    assert asked.web.call(
        "POST", "/remittances", {**body, "quote": again.get_json()["id"]}, token=token,
        headers={"Idempotency-Key": "other"},
    ).get_json()["code"] == "dues_ordered"  # fmt: skip
    other = asked.web.token("citizen", subject="eva", name="Eva|Demo|Prueba")
    assert asked.web.call("POST", "/quotes", price, token=other).status_code == 404


def _cents(money: dict[str, str]) -> int:
    return int(money["amount"].replace(".", ""))
