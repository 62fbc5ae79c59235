"""Choose the time zone in which a reader is told a deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import g
from sqlalchemy.orm import Session

from consular.db import transaction
from consular.i18n import MEXICO_CITY, city_in_language, moment, zone_city
from services.appointments.queries import latest_office
from services.consulates.queries import get_consulate
from services.enrollments.queries import latest_office_named

# From west to east, the zones in which most offices stand, and one of Spain; without those that
# keep the hours of one of these or of Mexico City all year.
ELSEWHERE = (
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/Madrid",
    "Asia/Shanghai",
)


@dataclass(frozen=True)
class Clock:
    """An IANA zone, and whose it is called: a city, or True for the zone's own."""

    zone: str = MEXICO_CITY
    place: str | bool = True


def reader_clock() -> Clock:
    """The clock of the reader's office: of staff their own, of citizens the one they last made an
    appointment or, else, named for an enrollment; Mexico City's for anybody else."""
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


def tell_elsewhere(value: datetime) -> list[dict[str, str]]:
    """A moment on the clocks of cities where many readers live, as rows of `check_answers`: for one
    of whom no office is known, and so no clock. Nothing for others."""
    if reader_clock() != Clock():
        return []
    return [{"label": zone_city(zone), "value": moment(value, zone)} for zone in ELSEWHERE]


def _chosen(session: Session) -> str | None:
    account = g.actor.account_id
    return latest_office(session, account) or latest_office_named(session, account)
