"""Accounts of staff, as forms send them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, post_load

from consular.auth import STAFF
from consular.input.fields import Choice, Code, Email, Name, Text
from services.kernel.audit import Role
from services.staff.accounts import MakeStaffAccount

# In the order of the enumeration: from the window to the whole network.
ROLES = tuple(role.value for role in Role if role in STAFF)


class AssignSchema(Schema):
    """A role, and the office that goes with it for those of a window."""

    role = Choice(ROLES, required=True)
    consulate = Code(load_default=None)


class StaffSchema(AssignSchema):
    """A new account. ``subject`` is what the identity provider calls the person."""

    subject = Text(most=200, required=True)
    name = Name(required=True)
    email = Email(load_default=None)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> MakeStaffAccount:
        return MakeStaffAccount(**data)
