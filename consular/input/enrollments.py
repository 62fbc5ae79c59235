"""Enrollments: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validate

from consular.input.fields import (
    MISSING,
    BirthDate,
    Choice,
    Code,
    Curp,
    Email,
    Name,
    SecondSurname,
    Text,
)
from consular.input.paging import PageQuery
from consular.input.people import PersonSchema
from consular.input.programs import ProgramData, load_data
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.requesting import Applicant, RequestEnrollment
from services.enrollments.rules import Status


class ApplicantSchema(PersonSchema):
    """Whoever is to be enrolled; the agency needs the CURP."""

    example: ClassVar[dict[str, Any]] = {
        "given_names": "Gloria",
        "first_surname": "Hernández",
        "second_surname": "García",
        "birth_date": "1956-04-27",
        "curp": "HEGG560427MVZRRL04",
        "email": "gloria@example.com",
    }

    birth_place = Code(load_default=None, allow_none=True)
    curp = Curp(required=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> Applicant:
        return Applicant(**data)


class EnrollmentSchema(Schema):
    """``data`` is what the program asks for: see GET /programs."""

    example: ClassVar[dict[str, Any]] = {
        "program": "rfc",
        "consulate": "losangeles",
        "applicant": ApplicantSchema.example,
        "data": {},
        "consents": ["transfer_to_agency"],
    }

    program = Choice(PROGRAMS, required=True)
    consulate = Code(load_default=None, allow_none=True)
    applicant = fields.Nested(ApplicantSchema, required=True)
    data = ProgramData(load_default=dict)
    consents = fields.List(Text(most=60), required=True, validate=validate.Length(0, 10))
    language = Choice(("es", "en"), load_default="es")

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> RequestEnrollment:
        program = PROGRAMS[data["program"]]
        errors: dict[str, Any] = {}
        if program.form.needs_email and not data["applicant"].email:
            errors["applicant"] = {"email": [MISSING]}
        try:
            answers = load_data(program, data["data"]) if program.open else data["data"]
        except ValidationError as wrong:
            errors |= wrong.messages_dict
        if errors:
            raise ValidationError(errors)
        return RequestEnrollment(**{**data, "data": answers, "consents": tuple(data["consents"])})


class CorrectionSchema(Schema):
    """What of the applicant is corrected: what was asked for, and nothing else."""

    given_names = Name()
    first_surname = Name()
    second_surname = SecondSurname()
    birth_date = BirthDate()
    curp = Curp()
    email = Email()


class AnswerSchema(Schema):
    """What was asked for, by the names of the program's ``data`` and of the ``applicant``."""

    example: ClassVar[dict[str, Any]] = {"data": {}}

    data = fields.Dict(keys=fields.String(), required=True)
    applicant = fields.Nested(CorrectionSchema(partial=True), load_default=dict)


class EnrollmentQuery(PageQuery):
    """Filters of a list of enrollments."""

    status = Choice(tuple(s.value for s in Status), load_default=None)
    program = Choice(PROGRAMS, load_default=None)
