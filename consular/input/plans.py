"""Plans and consents: what may be sent, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, post_load, validate

from consular.input.enrollments import ApplicantSchema
from consular.input.fields import Choice, Flag, Text
from consular.input.programs import load_data
from services.enrollments.choosing import ChoosePlan, Prepared
from services.enrollments.programs.registry import PROGRAMS


class PreparedSchema(Schema):
    """What one program is told ahead: any part of its ``data``, and the consents to pass it on."""

    program = Choice(PROGRAMS, required=True)
    data = fields.Dict(keys=fields.String(), load_default=dict)
    consents = fields.List(Text(most=60), load_default=list, validate=validate.Length(0, 10))

    @post_load
    def _read(self, data: dict[str, Any], **_kwargs: Any) -> tuple[str, Prepared]:
        answers = load_data(PROGRAMS[data["program"]], data["data"], partial=True)
        return data["program"], Prepared(answers, tuple(data["consents"]))


class PlanSchema(Schema):
    """``applicant``: else the account's holder. ``starts_next``: what is prepared is asked for as
    soon as what comes before it is there."""

    example: ClassVar[dict[str, Any]] = {
        "programs": ["infonavit"],
        "applicant": ApplicantSchema.example,
        "starts_next": True,
        "prepared": [{"program": "rfc", "consents": ["transfer_to_agency"]}],
    }

    programs = fields.List(
        Choice(PROGRAMS), required=True, validate=validate.Length(1, len(PROGRAMS))
    )
    applicant = fields.Nested(ApplicantSchema, load_default=None, allow_none=True)
    starts_next = Flag(load_default=None, allow_none=True)
    prepared = fields.List(
        fields.Nested(PreparedSchema), load_default=list, validate=validate.Length(0, len(PROGRAMS))
    )
    language = Choice(("es", "en"), load_default="es")

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> ChoosePlan:
        return ChoosePlan(
            **{**data, "programs": tuple(data["programs"]), "prepared": dict(data["prepared"])}
        )
