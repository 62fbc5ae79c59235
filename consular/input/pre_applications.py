"""What is written down before coming: fields by service, as a marshmallow schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate

from consular.input.fields import NumberInQuery
from consular.input.loading import fields_invalid
from consular.input.programs import asked_schema, load_asked
from services.appointments.pre_application_forms import FORMS, fields_of
from services.kernel.questionnaires import Field


class PreApplicationData(fields.Dict):
    """The answers that one of the services asks for."""

    def variants(self) -> list[Schema]:
        """The schemas that it may be, for the OpenAPI document."""
        return [_schema(form) for form in dict.fromkeys(FORMS.values()) if form]


class PreApplicationSchema(Schema):
    """``data`` has what the appointment's services ask for."""

    example: ClassVar[dict[str, Any]] = {
        "data": {
            "had_passport": True,
            "passport_lost": False,
            "marital_status": "single",
            "birth_town": "Puebla, Puebla",
            "address": "100 Main St, Los Angeles, CA 90012",
        }
    }

    data = PreApplicationData(required=True)


class AttendeeQuery(Schema):
    """Which person of the appointment, from 1 on."""

    attendee = NumberInQuery(load_default=1, validate=validate.Range(1, 10))


def load_pre_application(services: Sequence[str], values: Mapping[str, Any]) -> Any:
    """The answers that these services ask for. Raises FieldsInvalid under ``data``."""
    try:
        return load_asked(_schema(fields_of(services)), values)
    except ValidationError as error:
        raise fields_invalid(error) from None


@cache
def _schema(form: tuple[Field, ...]) -> Schema:
    named = next((code for code, fields in FORMS.items() if fields == form), "Several")
    name = f"{named.title()}PreApplication"
    return asked_schema(form, name, "What can be written down before coming.")
