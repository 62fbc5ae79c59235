"""Identity checks at a window: what the API answers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from consular.api.answer_fields import Instant
from consular.input.fields import Identifier


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
