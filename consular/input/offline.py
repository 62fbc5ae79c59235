"""What the desk noted without the network, as its browser sends it afterwards."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from consular.input.fields import Choice, Code, Flag, Folio, Moment, Text, WholeNumber
from services.appointments.catching_up import TakeIn
from services.appointments.rules import OfflineStep, Status
from services.kernel.ids import FolioKind

MOST_AT_ONCE = 100


class TakeInSchema(Schema):
    """One thing. A call names its desk; a ticket its service, and the folio that was handed out."""

    id = fields.UUID(required=True)
    step = Choice(tuple(OfflineStep), required=True)
    appointment = fields.UUID(required=True)
    n = WholeNumber(load_default=1, validate=validate.Range(1, 99))
    made_at = Moment(required=True)
    made_by = fields.UUID(required=True)
    seen = Choice(tuple(Status), load_default=None, allow_none=True)
    desk = Text(most=20, load_default=None, allow_none=True)
    service = Code(load_default=None, allow_none=True)
    folio = Folio(load_default=None, allow_none=True)
    priority = Flag(load_default=False)

    @validates_schema
    def _complete(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("step") == OfflineStep.CALL and not data.get("desk"):
            raise ValidationError([_("Falta este dato.")], "desk")
        if data.get("step") != OfflineStep.TICKET:
            return
        if not data.get("service"):
            raise ValidationError([_("Falta este dato.")], "service")
        if not (data.get("folio") or "").startswith(FolioKind.APPOINTMENT):
            raise ValidationError([_("Falta este dato.")], "folio")

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> TakeIn:
        return TakeIn(**{**data, "step": OfflineStep(data["step"])})
