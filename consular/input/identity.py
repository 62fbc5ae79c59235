"""Identity checks at a window: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, post_load, validate

from consular.input.appointments import AttendeeSchema, CheckInSchema, ContactSchema
from consular.input.fields import Choice, Code, Identifier, Text
from services.identity.checking import CheckIdentity, Subject
from services.identity.merging import MergePeople
from services.processes.identity_checks import ActOnHeld

KINDS = tuple(kind.value for kind in Subject)


class SeenSchema(CheckInSchema):
    """A ``document`` was seen at a window, in words, and it is its person's."""

    document = Text(most=80, required=True)


class CheckSchema(SeenSchema):
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


class MergeSchema(SeenSchema):
    """``duplicate`` is ``person``, written otherwise; the names of ``person`` are right."""

    example: ClassVar[dict[str, Any]] = {
        "person": "01980000-0000-7000-8000-000000000001",
        "duplicate": "01980000-0000-7000-8000-000000000002",
        "document": "Pasaporte",
        "identity_checked": True,
    }

    person = Identifier(required=True)
    duplicate = Identifier(required=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> MergePeople:
        return MergePeople(data["person"], data["duplicate"], data["document"])


class HeldSchema(Schema):
    """Of which of the things that others hold in the person's name: ``service`` as `held` has it,
    of an enrollment its program. Taking an enrollment over sends a request to the agency, which
    needs the person's consent (``transfer_to_agency``)."""

    example: ClassVar[dict[str, Any]] = {"kind": "appointment", "service": "PAS10"}

    kind = Choice(KINDS, load_default=Subject.APPOINTMENT.value)
    service = Code(required=True)
    consents = fields.List(Text(most=60), load_default=list, validate=validate.Length(0, 10))

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> ActOnHeld:
        return ActOnHeld(Subject(data["kind"]), data["service"], tuple(data["consents"]))
