"""Questions before booking a service: whether one can, and what has to come first.

They are data, from what services.csv and requirements.csv say of who can ask and what is needed:
`questions.csv` has each question, `eligibility.csv` a line for each service of the catalog with its
questions in their order, none where no condition is published or a program asks its own, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.consulates.loading import read_by_service
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


def _of_age(row: Mapping[str, Any]) -> dict[str, Any]:
    return {row["question"]: row["of_age"] == "1"}


# Of every service of the catalog.
QUESTIONS: Mapping[str, tuple[Question, ...]] = read_by_service(
    _PACKAGE, "questions.csv", _question, "eligibility.csv", "questions"
)
_OF_AGE: Mapping[str, tuple[bool, ...]] = read_by_service(
    _PACKAGE, "questions.csv", _of_age, "eligibility.csv", "questions"
)


def find_of_age(service: str) -> Question | None:
    """Of a service for people of age: the question that is about it."""
    asked = zip(QUESTIONS.get(service, ()), _OF_AGE.get(service, ()), strict=True)
    return next((question for question, of_age in asked if of_age), None)
