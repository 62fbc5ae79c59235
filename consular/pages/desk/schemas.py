"""What the desk's addresses and forms may hold, where the API's schemas don't fit as they are."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import Schema, fields, validate

from consular.input.fields import Choice, Code, Day, Folio, SearchText, Text
from consular.input.paging import Cursor
from consular.input.sessions import DeskSchema, SessionSchema
from services.appointments.rules import Status
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.rules import Status as EnrollmentStatus
from services.enrollments.rules import WaitsFor
from services.kernel.ids import MOST_TYPED


class AgendaAddress(Schema):
    """The agenda's address. ``desk`` is the reader's own window; ``q`` part of a folio or a name;
    ``at`` and ``n``: the appointment, and who of it, that is shown beside the list."""

    day = Day(load_default=None)
    service = Code(load_default=None)
    status = Choice(tuple(s.value for s in Status), load_default=None)
    desk = Text(most=20, load_default=None)
    q = SearchText(most=MOST_TYPED, load_default=None)
    at = fields.UUID(load_default=None)
    n = fields.Integer(load_default=None, validate=validate.Range(1, 99))
    next = Cursor(load_default=None)


class QueueQuery(Schema):
    """The queue's address. ``q`` is a folio; ``lapsing``: terms that end within days."""

    waits = Choice(tuple(WaitsFor), load_default=None)
    status = Choice(tuple(EnrollmentStatus), load_default=None)
    program = Choice(PROGRAMS, load_default=None)
    lapsing = Choice(("yes",), load_default=None)
    q = Folio(load_default=None)
    next = Cursor(load_default=None)


class SessionForm(SessionSchema):
    """The API's session, as a form sends it."""

    desks = fields.List(
        fields.Nested(DeskSchema),
        required=True,
        validate=validate.Length(1, 60, error=_("Escribe de {min} a {max} ventanillas.")),
    )


def session_values(form: dict[str, str], consulate: str) -> dict[str, Any]:
    """The session that a form describes, as `SessionForm` reads it."""
    values: dict[str, Any] = {
        name: form[name].strip()
        for name in ("date", "opens", "closes")
        if form.get(name, "").strip()
    }
    desks = [_desk(line) for line in form.get("desks", "").splitlines() if line.strip()]
    minutes = form.get("slot_minutes", "").strip()
    # What is no number is refused by the schema's range, in words.
    slot = int(minutes) if re.fullmatch("[0-9]{1,4}", minutes) else 0
    return {**values, "consulate": consulate, "slot_minutes": slot, "desks": desks}


def session_errors(errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """Errors by the form's fields: those of a desk are told by its line."""
    by_field: dict[str, list[str]] = {}
    for name, messages in errors.items():
        field, _dot, rest = name.partition(".")
        if field != "desks" or not rest:
            by_field.setdefault(field, []).extend(messages)
            continue
        line = int(rest.split(".")[0]) + 1
        words = _("Ventanilla %(line)s: escribe como A: PAS10, MAT.", line=line)
        if str(words) not in by_field.setdefault("desks", []):
            by_field["desks"].append(str(words))
    return by_field


def _desk(line: str) -> dict[str, Any]:
    name, _colon, services = line.partition(":")
    codes = [code.strip().upper() for code in services.replace(",", " ").split()]
    return {"name": name.strip(), "services": codes}


class PersonForm(Schema):
    """Who of an appointment a step is about: everybody without a number."""

    n = fields.Integer(load_default=None, validate=validate.Range(1, 99))


class OnePersonForm(Schema):
    """The number of one person of an appointment."""

    n = fields.Integer(required=True, validate=validate.Range(1, 99))


class ParkForm(OnePersonForm):
    """Let somebody wait without being called, or again in their place."""

    park = Choice(("yes", "no"), required=True)


class PriorityForm(OnePersonForm):
    """Whether somebody goes before those who have no priority."""

    priority = Choice(("yes", "no"), required=True)


class TransferForm(OnePersonForm):
    """What somebody waits for from now on, and at which window; either is enough."""

    service = Code(load_default=None)
    for_desk = Text(most=20, load_default=None)


class DeskForm(Schema):
    """The window of who calls the next person."""

    desk = Text(most=20, required=True)


class TakeOverForm(OnePersonForm, DeskForm):
    """The window that goes on with somebody."""


class TicketForm(Schema):
    """Somebody without an appointment. The name may follow."""

    service = Code(required=True)
    given_names = Text(most=100, load_default="")
    first_surname = Text(most=100, load_default="")
    priority = Choice(("yes",), load_default=None)


class BoardForm(Schema):
    """What a screen is called."""

    name = Text(most=60, required=True)
