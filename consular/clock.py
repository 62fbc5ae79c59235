"""Choose the time zone in which a reader is told a deadline."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g
from sqlalchemy.orm import Session

from consular.db import transaction
from consular.i18n import MEXICO_CITY, city_in_language
from services.appointments.queries import latest_office
from services.consulates.queries import get_consulate
from services.enrollments.queries import list_enrollments


@dataclass(frozen=True)
class Clock:
    """An IANA zone, and whose it is called: a city, or True for the zone's own."""

    zone: str = MEXICO_CITY
    place: str | bool = True


def reader_clock() -> Clock:
    """The clock of the reader's office: of staff their own, of citizens the one they last made an
    appointment or asked for an enrollment at; Mexico City's for anybody else."""
    if g.get("actor") is None:
        return Clock()
    if "reader_clock" not in g:
        with transaction() as session:
            code = g.actor.consulate or (_chosen(session) if g.actor.is_citizen else None)
            office = get_consulate(session, code) if code else None
            clock = Clock(office.time_zone, city_in_language(office)) if office else Clock()
        g.reader_clock = clock
    known: Clock = g.reader_clock
    return known


def _chosen(session: Session) -> str | None:
    latest = latest_office(session, g.actor.account_id)
    enrollments = [] if latest else list_enrollments(session, limit=1).items
    return latest or (enrollments[0].consulate_code if enrollments else None)
