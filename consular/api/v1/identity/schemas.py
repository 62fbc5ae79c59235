"""Checks of identity: what is sent and what comes back."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, post_load, validate

from consular.api.answer_fields import Instant
from consular.api.fields import Code, Identifier, Text
from consular.api.v1.appointments.schemas import AttendeeSchema, CheckInSchema, ContactSchema
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


class HeldAnswer(Schema):
    """A place that another account holds in the person's name; what and when it is, only where it
    is at this office."""

    service = fields.String(required=True)
    here = fields.Boolean(required=True)
    appointment = Identifier(allow_none=True, required=True)
    folio = fields.String(allow_none=True, required=True)
    start = Instant(allow_none=True, required=True)


class CheckAnswer(Schema):
    """``held``: by other accounts; ``own``: by the person, with the folios to tell them; ``given``:
    the folio of the appointment that was taken over."""

    id = Identifier(required=True)
    folio = fields.String(required=True)
    document = fields.String(required=True)
    has_account = fields.Boolean(required=True)
    held = fields.List(fields.Nested(HeldAnswer), required=True)
    own = fields.List(fields.Nested(HeldAnswer), required=True)
    outcome = fields.String(
        required=True,
        validate=validate.OneOf(("checked", "taken_over", "released", "told_apart")),
    )
    given = fields.String(allow_none=True, required=True)
