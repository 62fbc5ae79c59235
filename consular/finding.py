"""Find an appointment without signing in: by its folio and the birth date of who comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.access_log import record_list
from consular.auth import actor, now, vault
from consular.db import transaction
from consular.i18n import date_long, words
from consular.lookups import count_lookup
from services.appointments.finding import find_by_person
from services.appointments.people import Attendee
from services.appointments.queries import find_by_folio, find_by_folio_and_birth_date
from services.appointments.returning import list_member_passes
from services.appointments.rules import EARLY_MINUTES, LIVE, PAST, Status
from services.citizens.limits import Budget, spend
from services.consulates.queries import get_consulate
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import NotFound


@dataclass(frozen=True)
class FoundAppointment:
    """The appointment, the folio by which it was found, its office's zone, how it stands for
    whoever was born that day, and until when a pass brings them back."""

    row: Any
    folio: str
    zone: ZoneInfo
    status: str
    return_until: date | None

    @property
    def over(self) -> bool:
        """Whether the appointment is over, so that another one may be booked."""
        return self.status not in LIVE and self.return_until is None


def find_for_visitor(folio: str, birth_date: date) -> FoundAppointment:
    """Find an appointment by folio and birth date; counts the try against the limits first.

    Raises NotFound in the same way for a folio never given and another birth date,
    TooManyAttempts.
    """
    count_lookup("find", folio)
    with transaction(NETWORK_SCOPE) as session:
        found = find_by_folio_and_birth_date(session, folio, birth_date)
        if found is None:
            raise NotFound()
        appointment, member = found
        passes = list_member_passes(session, [appointment], now=now())
        zone = ZoneInfo(get_consulate(session, appointment.consulate_code).time_zone)
    past = member.status == Status.BOOKED and appointment.ends_at <= now()
    status, until = PAST if past else member.status, passes.get((appointment.id, member.n))
    return FoundAppointment(appointment, folio, zone, status, until)


def find_for_staff(session: Session, person: Attendee) -> Sequence[Any]:
    """Find appointments by name and birth date, within what the asking staff may see; each search
    is counted, and whoever is listed can read that they were. Raises TooManyAttempts."""
    asking = actor()
    subject = vault().blind_index("search.account", str(asking.account_id))
    with transaction(NETWORK_SCOPE) as counting:
        spend(counting, [Budget(subject, current_app.config["PERSON_SEARCHES"])], now=now())
    rows = find_by_person(session, person, now=now(), actor=asking, vault=vault())
    record_list(session, "appointment", rows)
    return rows


def find_folio_for_staff(session: Session, folio: str) -> Sequence[Any]:
    """Find the appointment of a folio, within what the asking staff may see; whoever comes to it
    can read that it was looked for."""
    found = find_by_folio(session, folio)
    rows = [found] if found else []
    record_list(session, "appointment", rows)
    return rows


def words_for(appointment: FoundAppointment) -> str:
    """Return the appointment's state and what to do next, in the reader's language."""
    if appointment.return_until is not None:
        day = date_long(appointment.return_until)
        return str(_("Puedes volver con este folio hasta el %(day)s, sin otra cita.", day=day))
    return words("appointments.found", appointment.status, minutes=EARLY_MINUTES)
