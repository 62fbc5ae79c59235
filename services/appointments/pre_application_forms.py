"""What a person can write down before coming, by service; the officer then only verifies it.

What an office's form asks for besides names, birth date and contact, in everyday words. It is data:
`pre_application_fields.csv` has each field, `pre_applications.csv` a line for each service of the
catalog with the fields in their order, none where nothing is asked beyond the booking, and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.consulates.loading import read_by_service
from services.kernel.questionnaires import Bilingual, Choice, Field, Kind, When

_PACKAGE = "services.appointments"


def _field(row: Mapping[str, Any]) -> dict[str, Any]:
    """``choices`` are "value:Spanish:English", with bars between; ``yes`` answers a yes or no."""
    answer = row["when_answer"]
    return {
        row["field"]: Field(
            row["field"],
            Kind(row["kind"]),
            Bilingual(row["text_es"], row["text_en"]),
            hint=Bilingual(row["hint_es"], row["hint_en"]) if row["hint_es"] else None,
            required=row["required"] == "1",
            most=int(row["most"]),
            choices=tuple(_choice(each) for each in (row["choices"] or "").split("|") if each),
            when=When(row["when_field"], answer == "yes" or answer) if answer else None,
        )
    }


def _choice(written: str) -> Choice:
    value, es, en = written.split(":")
    return Choice(value, Bilingual(es, en))


# Of every service of the catalog.
FORMS: Mapping[str, tuple[Field, ...]] = read_by_service(
    _PACKAGE, "pre_application_fields.csv", _field, "pre_applications.csv", "fields"
)


def fields_of(services: Sequence[str]) -> tuple[Field, ...]:
    """What these services ask for, each thing once; none where nothing can be written before."""
    named = {field.name: field for code in services for field in FORMS.get(code, ())}
    return tuple(named.values())
