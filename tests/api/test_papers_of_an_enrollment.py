"""What is printed of an enrollment: who may, when there is something, and in which language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

import pypdfium2
import pytest
from werkzeug.test import TestResponse

from consular.i18n import date_long
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.progress import AgencyStatus
from services.enrollments.rules import Status
from tests.factories.enrollments import WORK, agency_says, make_applicant, payment_line
from tests.factories.web import Web

ACTIVE = AgencyStatus(Status.ACTIVE, result={"rfc": "GODE561231GR8"})


class Asked:
    """An enrollment that a citizen asked for."""

    def __init__(
        self, web: Web, program: str = "rfc", data: Mapping[str, Any] | None = None
    ) -> None:
        self.web, self.token = web, web.token("citizen", subject="ana")
        self.applicant = make_applicant(first_surname="D'Amico")
        born = self.applicant.birth_date.isoformat()
        body: dict[str, Any] = {
            "program": program,
            "consulate": "losangeles",
            "applicant": {**asdict(self.applicant), "birth_date": born},
            "data": dict(data or {}),
            "consents": list(PROGRAMS[program].form.consents),
        }
        answer = web.call("POST", "/enrollments", body, token=self.token)
        self.id, self.folio = answer.get_json()["id"], answer.get_json()["folio"]

    def hear(self, *words: AgencyStatus) -> None:
        agency_says(
            self.web.database, self.web.app.extensions["consular.vault"], UUID(self.id), *words
        )

    def answer(self, language: str = "es") -> dict[str, Any]:
        answer = self.web.call(
            "GET",
            f"/enrollments/{self.id}",
            token=self.token,
            headers={"Accept-Language": language},
        )
        return dict(answer.get_json())

    def paper(self, name: str, token: str = "", language: str = "es") -> TestResponse:
        return self.web.call(
            "GET",
            f"/enrollments/{self.id}/{name}.pdf",
            token=token or self.token,
            headers={"Accept-Language": language},
        )


def said(answer: TestResponse) -> str:
    """The words of a PDF."""
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    pages = pypdfium2.PdfDocument(answer.get_data())
    return "\n".join(page.get_textpage().get_text_range() for page in pages)


@pytest.fixture
def asked(web: Web) -> Asked:
    return Asked(web)


def test_a_proof_has_the_number_the_days_and_how_to_check_it(asked: Asked) -> None:
    asked.hear(ACTIVE)
    words = said(asked.paper("proof"))
    spaced = "\N{NON-BREAKING HYPHEN}".join(asked.folio[i : i + 4] for i in (0, 4, 8))
    for expected in (
        "Constancia de inscripción", "GODE561231GR8", "D'Amico", f"/verify/{asked.folio}",
        spaced, "Activa desde",
    ):  # fmt: skip
        assert expected in words
    assert asked.applicant.curp not in words
    assert "Proof of enrollment" in said(asked.paper("proof", language="en"))


def test_a_proof_of_social_security_says_from_when_to_when_it_covers(web: Web) -> None:
    asked = Asked(web, "imss", WORK)
    cover = {"nss": "92089034560", "covered_from": "2026-12-01", "covered_to": "2027-01-31"}
    asked.hear(AgencyStatus(Status.ACTIVE, result=cover))
    words = " ".join(said(asked.paper("proof")).split())
    for expected in (
        "92089034560",
        "Con cobertura desde martes 1 de diciembre de 2026",
        "Con cobertura hasta domingo 31 de enero de 2027",
    ):
        assert expected in words
    english = " ".join(said(asked.paper("proof", language="en")).split())
    for expected in (
        "Covered from Tuesday, December 1, 2026",
        "Covered to Sunday, January 31, 2027",
    ):
        assert expected in english


def test_a_payment_line_has_amount_reference_last_day_and_where(asked: Asked) -> None:
    line = payment_line()
    asked.hear(line)
    assert line.details.payment
    with asked.web.app.test_request_context("/"):
        last_day = date_long(line.details.payment.due_on)
    words = " ".join(said(asked.paper("payment")).split())
    for expected in ("1,234.50", "0012 3456 7890 1234 567", last_day, "Finabien"):
        assert expected in words


def test_after_its_last_day_a_line_is_gone_and_the_answer_says_what_to_do(asked: Asked) -> None:
    asked.hear(payment_line(days=1))
    before = asked.answer()
    assert before["payment"]["due_on"] == before["pay_by"]
    assert before["remedy"] is None
    asked.hear(payment_line(days=-1))
    after = asked.answer()
    assert (after["status"], after["payment"]) == ("payment_pending", None)
    assert after["pay_by"] < before["pay_by"]
    assert after["remedy"]["reason"] == "Pasó el último día para pagar."
    assert "retira esta solicitud y pídela otra vez" in after["remedy"]["next_step"]
    assert after["remedy"]["appeal"] is None
    assert "withdraw" in after["actions"]
    assert asked.answer("en")["remedy"]["reason"] == "The last day to pay has passed."
    assert asked.paper("payment").status_code == 409


def test_there_is_nothing_to_print_before_its_time(asked: Asked) -> None:
    for name in ("proof", "payment"):
        refused = asked.paper(name)
        assert (refused.status_code, refused.get_json()["code"]) == (409, "wrong_state")
    assert "Recibida" in said(asked.paper("acknowledgement"))
    asked.hear(payment_line())
    assert asked.paper("proof").status_code == 409
    asked.hear(ACTIVE)
    assert asked.paper("payment").status_code == 409


def test_nobody_else_prints_it_and_staff_are_written_down(web: Web, asked: Asked) -> None:
    for other in (web.token("citizen", subject="eve"), web.token("officer", "houston")):
        assert asked.paper("acknowledgement", token=other).status_code == 404
    said(asked.paper("acknowledgement", token=web.token("officer", "losangeles")))
    seen = web.call("GET", "/me/accesses", token=asked.token).get_json()["items"]
    assert "enrollment.read" in [entry["action"] for entry in seen]
