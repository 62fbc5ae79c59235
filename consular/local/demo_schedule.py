"""Sessions that a development instance opens, and the staff who work there."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from consular.local.development_tokens import LOS_ANGELES, ensure_staff
from consular.local.example_report import ensure_example_report
from consular.seed import one_transaction
from services.appointments.planning import DeskPlan, OpenSession, open_sessions
from services.appointments.queries import days_with_sessions, latest_closing
from services.consulates.models import Consulate
from services.consulates.queries import closed_days, list_consulates, list_services
from services.kernel.audit import SYSTEM
from services.kernel.clock import system_clock
from services.kernel.settings import Settings

# Which services each window of a demonstration office gives.
_DOCUMENTS = ("PAS1", "PAS3", "PAS6", "PAS10", "MAT")
_OTHERS = ("INE", "ACT", "OP7", "RCN", "IMSS", "RFC", "FIN", "POF", "LEG", "SMN")
_DESKS = (("A", _DOCUMENTS), ("B", _DOCUMENTS), ("C", _OTHERS))
DEMO_DAYS = 14
DEMO_HOURS = timedelta(hours=4)
SLOT_MINUTES = 15
LATEST = timedelta(hours=23, minutes=45)
# One of them is open at any hour, also on a holiday of the United States.
DEMO_OFFICES = (LOS_ANGELES, "chicago", "toronto")
# Whom the simulator's identity provider can sign in as; it calls them by these subjects.
_NETWORK_STAFF = ("agent", "analyst", "treasury", "compliance", "auditor", "admin")
DEMO_STAFF = [
    *((role, office) for office in DEMO_OFFICES for role in ("officer", "supervisor")),
    *((role, None) for role in _NETWORK_STAFF),
]
# Of two analysts one signs what the other prepared.
SECOND_ANALYST = "demo-analyst-two"


def extend_demo_schedule(settings: Settings, now: datetime | None = None) -> int:
    """Demonstration staff, an example of a session report, and sessions: at every office of the
    United States for fourteen days, and today at the offices that have such staff, so that a desk
    can be tried at any hour.

    Days that have a session already are left alone. Returns how many sessions were opened.
    """
    settings.refuse_production()
    now = now or system_clock()
    with one_transaction(settings.database_url) as session:
        for role, code in DEMO_STAFF:
            ensure_staff(session, role, code, None, None)
        ensure_staff(session, "analyst", None, SECOND_ANALYST, None)
        ensure_example_report(session, now)
        desks = _demo_desks(session)
        offices = list_consulates(session)
        commands = [
            command
            for office in offices
            if office.country == "US"
            for command in _coming_days(session, office.code, _local(office, now), desks)
        ]
        staffed = {code for _, code in DEMO_STAFF}
        today = [
            command
            for office in offices
            if office.code in staffed
            for command in _today(session, office.code, _local(office, now), desks)
        ]
        return len(open_sessions(session, [*today, *commands], now=now, actor=SYSTEM))


def _demo_desks(session: Session) -> tuple[DeskPlan, ...]:
    bookable = {service.code for service in list_services(session) if service.bookable}
    return tuple(
        DeskPlan(name, tuple(code for code in codes if code in bookable)) for name, codes in _DESKS
    )


def _local(office: Consulate, now: datetime) -> datetime:
    """The moment by the office's wall clock."""
    return now.astimezone(ZoneInfo(office.time_zone)).replace(tzinfo=None)


def _coming_days(
    session: Session, code: str, now: datetime, desks: tuple[DeskPlan, ...]
) -> list[OpenSession]:
    """Mornings from tomorrow on; ``now`` is local."""
    days = [now.date() + timedelta(days=ahead) for ahead in range(1, DEMO_DAYS + 1)]
    closed = set(closed_days(session, code, days[0], days[-1]))
    taken = days_with_sessions(session, consulate=code, first=days[0], last=days[-1])
    return [
        OpenSession(code, day, time(9), time(13), SLOT_MINUTES, desks)
        for day in days
        if day.weekday() < 5 and day not in closed | taken
    ]


def _today(
    session: Session, code: str, now: datetime, desks: tuple[DeskPlan, ...]
) -> list[OpenSession]:
    """The next four hours, as far as they are of today, unless today's desks still work."""
    today = now.date()
    if closed_days(session, code, today, today):
        return []
    midnight = datetime.combine(today, time())
    minutes = (now - midnight) // timedelta(minutes=1)
    # The second quarter from now: there is time to book it.
    opens = midnight + timedelta(minutes=(minutes // SLOT_MINUTES + 2) * SLOT_MINUTES)
    closes = min(opens + DEMO_HOURS, midnight + LATEST)
    busy_until = latest_closing(session, consulate=code, day=today)
    if closes <= opens or (busy_until is not None and busy_until > opens.time()):
        return []
    return [OpenSession(code, today, opens.time(), closes.time(), SLOT_MINUTES, desks)]
