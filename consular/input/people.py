"""A person as requests and forms name them."""

from __future__ import annotations

from marshmallow import Schema

from consular.input.fields import BirthDate, Curp, Email, Name, Phone, SecondSurname


class PersonSchema(Schema):
    """Names and birth date as in the person's documents, the CURP and contacts if given."""

    given_names = Name(required=True)
    first_surname = Name(required=True)
    second_surname = SecondSurname()
    birth_date = BirthDate(required=True)
    curp = Curp(load_default=None, allow_none=True)
    email = Email(load_default=None, allow_none=True)
    phone = Phone(load_default=None, allow_none=True)
