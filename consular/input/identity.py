"""Identity checks at a window: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, post_load

from consular.input.appointments import AttendeeSchema, CheckInSchema, ContactSchema
from consular.input.fields import Code, Text
from services.appointments.identity import CheckIdentity


class CheckSchema(CheckInSchema):
    """The officer saw the ``person``'s ``document``. ``folio``: of a request that was refused with
    identity_check_pending, when they have it; it names their account. Else ``contact`` does."""

    example: ClassVar[dict[str, Any]] = {
        "person": {
            "given_names": "Ana",
            "first_surname": "Demo",
            "second_surname": "Prueba",
            "birth_date": "1990-05-12",
        },
        "document": "Acta de nacimiento y credencial para votar",
        "identity_checked": True,
        "contact": {"email": "ana@example.com"},
    }

    person = fields.Nested(AttendeeSchema, required=True)
    document = Text(most=80, required=True)
    folio = Text(most=60, load_default=None, allow_none=True)
    contact = fields.Nested(ContactSchema, load_default=dict, allow_none=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> CheckIdentity:
        contact = data["contact"] or {}
        return CheckIdentity(
            person=data["person"],
            document=data["document"],
            folio=data["folio"],
            email=contact.get("email"),
            phone=contact.get("phone"),
        )


class ServiceSchema(Schema):
    """Of which of the services that others hold in the person's name."""

    example: ClassVar[dict[str, Any]] = {"service": "PAS10"}

    service = Code(required=True)
