"""One's own data: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, post_load

from consular.input.fields import Choice
from consular.input.people import PersonSchema
from services.citizens.people import PersonData
from services.privacy.rules import Refusal


class ProfileSchema(PersonSchema):
    """The account holder as they are called."""

    example: ClassVar[dict[str, Any]] = {
        "given_names": "Ana",
        "first_surname": "Demo",
        "second_surname": "Prueba",
        "birth_date": "1990-05-12",
    }

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> PersonData:
        return PersonData(**data)


class ArcoSchema(Schema):
    """Which right is used. Access and rectification have addresses of their own: GET /me/data and
    PATCH /me."""

    example: ClassVar[dict[str, Any]] = {"kind": "cancellation"}

    kind = Choice(("cancellation",), required=True)


class ConfirmSchema(Schema):
    """The confirmation that it was read what goes and can't come back."""

    confirm = Choice(("yes",), required=True)


class RefusalSchema(Schema):
    """Why a request to erase data isn't granted."""

    refusal = Choice(tuple(Refusal), required=True)
