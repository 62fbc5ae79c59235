"""Enrolments: what the API answers."""

from __future__ import annotations

from marshmallow import Schema, fields

from consular.api.answer_fields import Id, Instant, Word
from consular.input.enrollments import PROGRAMS
from services.enrollments.rules import Status


class StepAnswer(Schema):
    """One step of the history."""

    status = Word(Status, required=True)
    at = Instant(required=True)
    reason = fields.String(allow_none=True, required=True)


class EnrollmentAnswer(Schema):
    """``result`` once the agency decided: ``rfc``."""

    id = Id(required=True)
    folio = fields.String(required=True)
    program = Word(PROGRAMS, required=True)
    status = Word(Status, required=True)
    consulate = fields.String(allow_none=True, required=True)
    reason = fields.String(allow_none=True, required=True)
    history = fields.List(fields.Nested(StepAnswer))
    result = fields.Dict(allow_none=True)


class EnrollmentList(Schema):
    """A page, the newest first."""

    items = fields.List(fields.Nested(EnrollmentAnswer), required=True)
    next = fields.String(allow_none=True, required=True)


class ProgramAnswer(Schema):
    """A programme and what its ``data`` takes, as JSON Schema."""

    program = Word(PROGRAMS, required=True)
    agency = fields.String(required=True)
    available = fields.Boolean(required=True)
    data = fields.Dict(required=True)


class ProgramList(Schema):
    """All programmes."""

    items = fields.List(fields.Nested(ProgramAnswer), required=True)
    next = fields.String(allow_none=True, required=True)
