"""A file of appointments from another system: what each column may hold."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError, fields, post_load

from consular.input.appointments import LANGUAGES
from consular.input.fields import Code, Day, Text
from consular.input.people import PersonSchema
from services.appointments.booking import BookAppointment
from services.appointments.importing import ImportRow
from services.appointments.people import Attendee

COLUMNS = (
    "key",
    "date",
    "time",
    "service",
    "given_names",
    "first_surname",
    "second_surname",
    "birth_date",
    "curp",
    "email",
    "phone",
    "language",
)


class ImportRowSchema(PersonSchema):
    """One line. Date and time are those of the office's wall clock."""

    key = Text(most=100, required=True)
    date = Day(required=True)
    time = fields.Time(required=True, error_messages={"invalid": _("Escribe la hora así: 09:30.")})
    service = Code(required=True)
    language = fields.String(load_default="es", validate=LANGUAGES)

    def __init__(self, line: int, consulate: str, zone: str) -> None:
        super().__init__()
        self._line, self._consulate, self._zone = line, consulate, ZoneInfo(zone)

    @post_load
    def _row(self, data: dict[str, Any], **_kwargs: Any) -> ImportRow:
        person = Attendee(
            data["given_names"],
            data["first_surname"],
            data["second_surname"],
            data["birth_date"],
            curp=data["curp"],
        )
        booking = BookAppointment(
            consulate=self._consulate,
            services=(data["service"],),
            start=self._start(data["date"], data["time"]),
            attendees=(person,),
            email=data["email"],
            phone=data["phone"],
            language=data["language"],
        )
        return ImportRow(self._line, data["key"], booking)

    def _start(self, day: dt.date, at: dt.time) -> dt.datetime:
        """The moment. Raises ValidationError for an hour that the change of clocks skips."""
        local = dt.datetime.combine(day, at.replace(tzinfo=None), tzinfo=self._zone)
        if local.astimezone(ZoneInfo("UTC")).astimezone(self._zone) != local:
            raise ValidationError([_("Esa hora no existe ese día: cambia el reloj.")], "time")
        return local
