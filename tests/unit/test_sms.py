"""A text message says its parts, costs no more than it must, and keeps every letter of a name."""

from __future__ import annotations

import csv
from importlib.resources import files
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts import words as alerts
from services.enrollments.words import STATUSES
from services.incidents import words as incidents
from services.kernel.catalogue import LANGUAGES, translate
from services.words import MESSAGES
from workers.message_context import PLACE_IN_MESSAGE, REASON_IN_MESSAGE
from workers.messages import write
from workers.recipient_context import BRANCH_IN_MESSAGE, NAME_IN_MESSAGE
from workers.sms import as_sms

LONGEST_ADDRESS = f"https://citas.sre.gob.mx/inscripciones/{UUID(int=7)}"
WHEN = {
    "es": "miércoles 30 de septiembre de 2026, 12:45 p. m. (hora de verano del Pacífico)",
    "en": "Wednesday, September 30, 2026, 12:45 PM (Pacific Daylight Time)",
}
DAY = {
    "es": "miércoles, 30 de septiembre de 2026",
    "en": "Wednesday, September 30, 2026",
}


def test_accents_that_gsm_has_not_are_left_out_and_those_that_it_has_stay() -> None:
    sms = as_sms("¿Qué mañana, pingüino? Tu código vence el sábado: «así» — aquí…")
    assert sms.text == '¿Qué mañana, pingüino? Tu codigo vence el sabado: "asi" - aqui...'
    assert (sms.encoding, sms.parts) == ("gsm7", 1)


@pytest.mark.parametrize(
    "name", ["Łukasz", "Nguyễn", "Ærøskøbing Đorđe", "Dꞌamico", "İpek", "安娜"]
)
def test_a_letter_that_gsm_has_not_sends_the_text_as_it_is(name: str) -> None:
    text = f"{name}, tu cita está confirmada"
    sms = as_sms(text)
    assert (sms.text, sms.encoding) == (text, "ucs2")


@pytest.mark.parametrize(
    ("text", "encoding", "parts"),
    [
        ("a" * 160, "gsm7", 1), ("a" * 161, "gsm7", 2), ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3), ("€" * 80, "gsm7", 1), ("€" * 81, "gsm7", 2),
        ("ó" * 160, "gsm7", 1), ("ł" * 70, "ucs2", 1), ("ł" * 71, "ucs2", 2),
        ("ł" * 135, "ucs2", 3), ("😀" * 35, "ucs2", 1), ("😀" * 36, "ucs2", 2),
    ],
)  # fmt: skip
def test_parts_are_counted_as_they_are_charged(text: str, encoding: str, parts: int) -> None:
    sms = as_sms(text)
    assert (sms.encoding, sms.parts) == (encoding, parts)


@given(st.text(max_size=200))
def test_no_letter_becomes_a_question_mark(text: str) -> None:
    assert as_sms(text).text.count("?") == text.count("?")


# Staff are told of figures by mail alone: they have no telephone here.
TEXTED = sorted(MESSAGES.keys() - alerts.MESSAGES.keys() - incidents.MESSAGES.keys())


@pytest.mark.parametrize(("message", "language"), list(product(TEXTED, LANGUAGES)))
def test_every_message_fits_three_parts_of_gsm_whatever_the_office(
    message: str, language: str
) -> None:
    values = {
        "code": "123456", "minutes": "10", "days": "3",
        "folio": "C7K3-M9QX-W42T", "tail": "W42T", "program": "Infonavit",
        "remittance": "R7K3-M9QX-W42T", "amount": "2500.00 USD",
        "given_names": "María Guadalupe",
        "person": "María Guadalupe", "nearest": WHEN[language],
        "reason": "a" * REASON_IN_MESSAGE,
        "programs": "NSS, IMSS, Infonavit", "process": "schedule",
        "status": max((translate(said, language) for said in STATUSES.values()), key=len),
        "where": "a" * PLACE_IN_MESSAGE, "total": "2,527.99 USD",
        "back": "2,527.99 USD", "before": "2,527.99 USD", "stays": "2,527.99 USD",
        "other": "R7K3-M9QX-W42T",
        "address": LONGEST_ADDRESS, "when": WHEN[language], "day": DAY[language],
        "office": _longest("consulates.csv", f"name_{language}"),
        "services": _longest("services.csv", f"name_{language}"),
        "pesos": "$2,147,483.64 MXN", "name": "a" * NAME_IN_MESSAGE,
        "branch": "a" * BRANCH_IN_MESSAGE, "lookup": "https://citas.sre.gob.mx/cobrar",
        "stop": "https://citas.sre.gob.mx/alto/R7K3M9QXW42T",
    }  # fmt: skip
    if message == "enrollment_appointment_scheduled":
        values["when"] = f"{WHEN[language]} = {WHEN[language]}"
    sms = as_sms(write(message, language, values).body)
    assert (sms.encoding, sms.parts <= 3) == ("gsm7", True), sms


def _longest(table: str, column: str) -> str:
    source = files("services.consulates").joinpath("data", table)
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    return max((row[column] for row in rows), key=len)
