"""Our question about a CURP in the register's words, and its answer in ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.answers import OptionalFields
from integrations.contracts import CurpFinding, CurpQuestion
from integrations.renapo.codes import DIFFERENCES, STATUSES


def question_body(question: CurpQuestion) -> dict[str, Any]:
    """The body of a question; names as the person writes them."""
    return {
        "curp": question.curp,
        "nombres": question.given_names,
        "primerApellido": question.first_surname,
        "segundoApellido": question.second_surname,
        "fechaNacimiento": question.birth_date.isoformat(),
    }


def finding(curp: str, body: Mapping[str, Any]) -> CurpFinding:
    """The finding in the answer. ValueError or KeyError when unreadable or about another CURP."""
    if body["curp"] != curp:
        raise ValueError("an answer about another CURP")
    optional = OptionalFields(body)
    differs = optional.known("difiere", DIFFERENCES)
    return CurpFinding(STATUSES[body["estatus"]], differs, tuple(optional.dropped))
