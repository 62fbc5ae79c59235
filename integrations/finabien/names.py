"""Names of beneficiaries in Finabien's words: whose an account is, and a name to be corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contracts import HolderMatch, HolderQuestion, NameCorrection
from integrations.finabien.codes import BENEFICIARY_UNWRITABLE, CHANNELS, MATCHES
from integrations.finabien.wire import account_digits, written_name


def question_body(question: HolderQuestion) -> dict[str, Any]:
    """The body of a question about a holder. Raises `UnencodableOrder`."""
    return {
        "tipoPago": CHANNELS[question.channel],
        "cuenta": account_digits(question.channel, question.account),
        "nombre": _name(question),
    }


def holder_match(body: Mapping[str, Any]) -> HolderMatch:
    """The finding in the answer; whatever else it tells is left there. KeyError when unreadable."""
    return MATCHES[body["coincidencia"]]


def correction_body(correction: NameCorrection) -> dict[str, Any]:
    """The body of a correction. Raises `UnencodableOrder`."""
    return {"nombreBeneficiario": _name(correction)}


def check_taken(key: str, body: Mapping[str, Any]) -> None:
    """The answer says that this correction was taken. ValueError or KeyError when it doesn't."""
    if body["claveCorreccion"] != key or body["resultado"] != "CORREGIDO":
        raise ValueError("an answer about another correction")


def _name(named: HolderQuestion | NameCorrection) -> str:
    parts = (named.given_names, named.first_surname, named.second_surname)
    return written_name(" ".join(part for part in parts if part), BENEFICIARY_UNWRITABLE)
