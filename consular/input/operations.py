"""Pauses of agencies and parked jobs: what may be sent, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, fields, validate

from consular.input.fields import MISSING, Identifier, Text
from services.operations.rules import Decision

# As many as a page of the list shows.
MOST_JOBS = 100
DECISIONS = tuple(decision.value for decision in Decision)


class ReasonSchema(Schema):
    """The reason of a change."""

    example: ClassVar[dict[str, Any]] = {"reason": "Maintenance until six, announced by mail."}

    reason = Text(most=1000, required=True)


class DecideSchema(ReasonSchema):
    """About which parked jobs is decided, and why."""

    example: ClassVar[dict[str, Any]] = {
        "jobs": ["019aa000-0000-7000-8000-000000000000"],
        "reason": "The provider has changed its certificate; it works again.",
    }

    jobs = fields.List(
        Identifier(),
        required=True,
        validate=validate.Length(1, MOST_JOBS, error=_("Elige de {min} a {max} tareas.")),
        error_messages={"required": MISSING, "null": MISSING},
    )
