"""One's own data: what the API answers."""

from __future__ import annotations

from marshmallow import Schema, fields

from consular.access_words import WHAT
from consular.api.answer_fields import CalendarDay, Id, Instant, Word
from consular.api.v1.appointments.answers import AppointmentAnswer
from consular.api.v1.enrollments.answers import EnrollmentAnswer
from consular.api.v1.remittances.answers import RemittanceAnswer
from services.kernel.audit import Role


class TellingAnswer(Schema):
    """What a person told of themselves. Names are null before that."""

    given_names = fields.String(allow_none=True, required=True)
    first_surname = fields.String(allow_none=True, required=True)
    second_surname = fields.String(allow_none=True, required=True)
    birth_date = CalendarDay(allow_none=True, required=True)
    curp = fields.String(allow_none=True, required=True)
    email = fields.String(allow_none=True, required=True)
    phone = fields.String(allow_none=True, required=True)


class ProfileAnswer(TellingAnswer):
    """The account's holder; ``id`` is the account's."""

    id = Id(required=True)


class AccessAnswer(Schema):
    """Who did what with one's data, when, and where."""

    at = Instant(required=True)
    role = Word(Role, required=True)
    consulate = fields.String(allow_none=True, required=True)
    action = Word(sorted(WHAT), required=True)
    what = fields.String(
        required=True, metadata={"description": "The same in words, in the reader's language"}
    )


class SignInAnswer(Schema):
    """A way to sign in, and since when."""

    with_ = fields.String(data_key="with", required=True)
    since = Instant(required=True)


class PersonAnswer(TellingAnswer):
    """Somebody whom the account named: its holder, an attendee, an applicant."""

    holder = fields.Boolean(required=True)
    birth_place = fields.String(allow_none=True, required=True)
    since = Instant(required=True)


class CopyAnswer(Schema):
    """All that is held; what was sealed is open, for whom it belongs to."""

    as_of = Instant(required=True)
    profile = fields.Nested(ProfileAnswer, required=True)
    sign_in = fields.List(fields.Nested(SignInAnswer), required=True)
    people = fields.List(fields.Nested(PersonAnswer), required=True)
    appointments = fields.List(fields.Nested(AppointmentAnswer), required=True)
    enrollments = fields.List(fields.Nested(EnrollmentAnswer), required=True)
    remittances = fields.List(fields.Nested(RemittanceAnswer), required=True)
    accesses = fields.List(fields.Nested(AccessAnswer), required=True)


class AccessList(Schema):
    """The newest first."""

    items = fields.List(fields.Nested(AccessAnswer), required=True)
    next = fields.String(allow_none=True, required=True)
