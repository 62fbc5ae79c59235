"""One's own data."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load

from consular.api.fields import BirthDate, Curp, Email, Name, Phone
from services.citizens.accounts import Profile


class ProfileSchema(Schema):
    """The account holder as they are called."""

    given_names = Name(required=True)
    first_surname = Name(required=True)
    second_surname = Name(load_default=None, allow_none=True)
    birth_date = BirthDate(required=True)
    curp = Curp(load_default=None, allow_none=True)
    email = Email(load_default=None, allow_none=True)
    phone = Phone(load_default=None, allow_none=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> Profile:
        return Profile(**data)


class ProfileAnswer(Schema):
    """Names are null before they were told."""

    id = fields.String(required=True)
    given_names = fields.String(allow_none=True)
    first_surname = fields.String(allow_none=True)
    second_surname = fields.String(allow_none=True)
    birth_date = fields.String(allow_none=True)
    curp = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)


class AccessAnswer(Schema):
    """Who did what with one's data, when, and where."""

    at = fields.String(required=True)
    role = fields.String(required=True)
    consulate = fields.String(allow_none=True)
    action = fields.String(required=True)


class AccessList(Schema):
    """The newest first."""

    items = fields.List(fields.Nested(AccessAnswer), required=True)
    next = fields.String(allow_none=True)
