"""The queue at the desk: what may be sent over the API."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, validates_schema

from consular.input.appointments import LANGUAGES
from consular.input.fields import Code, Flag, Text


class ParkSchema(Schema):
    """Whether somebody waits without being called; otherwise they are called again in their
    place."""

    example: ClassVar[dict[str, Any]] = {"park": True}

    park = Flag(required=True)


class PrioritySchema(Schema):
    """Whether somebody goes before those who have no priority."""

    example: ClassVar[dict[str, Any]] = {"priority": True}

    priority = Flag(required=True)


class TransferSchema(Schema):
    """What somebody waits for from now on, and at which window; either is enough. ``service`` null:
    as before."""

    example: ClassVar[dict[str, Any]] = {"service": "MAT"}

    service = Code(required=True, allow_none=True)
    desk = Text(most=20, load_default=None, allow_none=True)

    @validates_schema
    def _somewhere(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not (data.get("service") or data.get("desk")):
            raise ValidationError([_("Indica un trámite, una ventanilla o ambos.")], "service")


class TicketSchema(Schema):
    """Somebody without an appointment. The name may be left out: the folio says who it is."""

    example: ClassVar[dict[str, Any]] = {"service": "MAT", "priority": False}

    service = Code(required=True)
    given_names = Text(most=100, least=0, load_default="")
    first_surname = Text(most=100, least=0, load_default="")
    priority = Flag(load_default=False)
    language = fields.String(load_default="es", validate=LANGUAGES)
