"""What the desk's addresses and forms may hold, where the API's schemas don't fit as they are."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from consular.input.fields import Choice, Code, Day, Folio, SearchText, Text
from consular.input.paging import Cursor
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
