"""Questions before booking a service: whether one can, and what has to come first.

They are data, from what services.csv and requirements.csv say of who can ask and what is needed:
`questions.csv` has each question, `eligibility.csv` a line for each service of the catalog with its
questions in their order, none where no condition is published or a program asks its own, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from services.consulates.loading import read_rows
from services.kernel.questionnaires import Bilingual, Question

_PACKAGE = "services.consulates"


def _question(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        row["question"]: Question(
            Bilingual(row["text_es"], row["text_en"]),
            advised_on=row["advised_on"] == "1",
            advice=Bilingual(row["advice_es"], row["advice_en"]),
            hint=Bilingual(row["hint_es"], row["hint_en"]) if row["hint_es"] else None,
            ends=row["ends"] == "1",
            services=tuple((row["services"] or "").split()),
        )
    }


def _read() -> Mapping[str, tuple[Question, ...]]:
    known: dict[str, Question] = {}
    for row in read_rows(_PACKAGE, "questions.csv", _question):
        known |= row
    services = read_rows(_PACKAGE, "eligibility.csv", dict)
    return MappingProxyType(
        {
            row["service_code"]: tuple(known[name] for name in (row["questions"] or "").split())
            for row in services
        }
    )


# Of every service of the catalog.
QUESTIONS = _read()
