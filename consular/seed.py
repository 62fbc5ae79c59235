"""What a development instance starts with: reference data, a schedule, invented people.

Reference data is written with the owner's rights, everything else through the use cases, so that
a demonstration has the same facts, audit and outbox as real work. Production refuses all but the
reference data and the first administrator.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from consular import demonstration, tokens
from services.appointments.planning import DeskPlan, OpenSession, open_sessions
from services.appointments.queries import days_with_sessions, latest_closing
from services.citizens.accounts import find_holder, set_profile, sign_in
from services.citizens.people import PersonData
from services.consulates import loading as consulates
from services.consulates.models import Consulate
from services.consulates.queries import closed_days, list_consulates, list_services
from services.kernel.adoption import adopt, count_waiting
from services.kernel.audit import OFFICE_ROLES, SYSTEM, Role
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import EVERYTHING, Database
from services.kernel.settings import Settings, SettingsError
from services.monitoring import published
from services.remittances import loading as remittances
from services.staff.accounts import MakeStaffAccount, find_by_subject, make_account
from services.voting import loading as voting

TOKEN_SECONDS = 12 * 3600
DEMO_DAYS = 14
DEMO_HOURS = timedelta(hours=4)
SLOT_MINUTES = 15
LATEST = timedelta(hours=23, minutes=45)
LOS_ANGELES = "losangeles"
# One of them is open at any hour, also on a holiday of the United States.
DEMO_OFFICES = (LOS_ANGELES, "chicago", "toronto")
# Whom the simulator's identity provider can sign in as; it calls them by these subjects.
_NETWORK_STAFF = ("agent", "analyst", "treasury", "compliance", "auditor", "admin")
DEMO_STAFF = [
    *((role, office) for office in DEMO_OFFICES for role in ("officer", "supervisor")),
    *((role, None) for role in _NETWORK_STAFF),
]


def load_reference(settings: Settings) -> dict[str, int]:
    """Offices, services, fees, closed days, counts, series, tariffs. Table -> rows."""
    # The web may read what things cost, not write it.
    url = settings.database_owner_url or settings.worker_database_url or settings.database_url
    with _transaction(url) as session:
        return {
            **consulates.load_reference(session),
            **voting.load_reference(session),
            **published.load_reference(session),
            **remittances.load_reference(session),
        }


def appoint_administrator(settings: Settings, subject: str, name: str) -> None:
    """The first account of an installation. Raises Conflict ``subject_taken``."""
    with _transaction(settings.database_url) as session:
        make_account(
            session,
            MakeStaffAccount(subject, name, Role.ADMIN.value),
            now=system_clock(),
            actor=SYSTEM,
        )


def adopt_database(url: str) -> tuple[bool, int]:
    """(whether it was another cluster's until now, outbox items that wait), as the owner."""
    with _transaction(url) as session:
        return adopt(session), count_waiting(session)


def extend_demo_schedule(settings: Settings, now: datetime | None = None) -> int:
    """Demonstration staff; sessions at every office of the United States for fourteen days, and
    today at the offices that have such staff, so that a desk can be tried at any hour.

    Days that have a session already are left alone. Returns how many sessions were opened.
    """
    _refuse_production(settings)
    now = now or system_clock()
    with _transaction(settings.database_url) as session:
        for role, code in DEMO_STAFF:
            _staff(session, role, code, None, None)
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


def load_demo(settings: Settings, people: int) -> dict[str, int]:
    """Invented citizens with appointments, enrolments and remittances, through the use cases."""
    _refuse_production(settings)
    database = Database(settings.database_url)
    try:
        crowd = demonstration.Demonstration(
            database, _vault(settings), random.Random(people), system_clock()
        )
        return crowd.populate(people)
    finally:
        database.dispose()


def development_token(
    settings: Settings,
    role: str,
    consulate: str | None,
    subject: str | None,
    name: str | None,
) -> str:
    """A bearer token for an invented person; the same ``subject`` is the same person.

    ``name`` is ``GIVEN|FIRST|SECOND`` for a citizen's profile.
    """
    _refuse_production(settings)
    with _transaction(settings.database_url) as session:
        if role == Role.CITIZEN:
            account = _citizen(session, settings, subject or "demo", name)
        else:
            account = _staff(session, role, consulate, subject, name)
    key = Path(settings.require("CONSULAR_TOKEN_KEY_FILE")).read_text(encoding="ascii")
    claims = {
        "iss": tokens.DEVELOPMENT_ISSUER,
        "aud": tokens.AUDIENCE,
        "sub": str(account),
        "role": role,
    }
    return tokens.sign(claims, key, key_id=tokens.DEVELOPMENT_KEY_ID, seconds=TOKEN_SECONDS)


def _citizen(session: Session, settings: Settings, subject: str, name: str | None) -> UUID:
    vault, now = _vault(settings), system_clock()
    account = sign_in(session, issuer="development", subject=subject, now=now, vault=vault)
    if name or find_holder(session, account) is None:
        set_profile(session, account, _profile(subject, name), now=now, vault=vault)
    return account


def _profile(subject: str, name: str | None) -> PersonData:
    given, first, second = [*(name or "").split("|"), "", "", ""][:3]
    invented = demonstration.person(random.Random(subject))
    return PersonData(
        given_names=given.strip() or invented.given_names,
        first_surname=first.strip() or invented.first_surname,
        second_surname=second.strip() or (None if name else invented.second_surname),
        birth_date=invented.birth_date,
        email=f"{UUID(int=random.Random(subject).getrandbits(128)).hex[:12]}@demo.invalid",
    )


def _staff(
    session: Session, role: str, consulate: str | None, subject: str | None, name: str | None
) -> UUID:
    office = (consulate or LOS_ANGELES) if Role(role) in OFFICE_ROLES else None
    subject = subject or "-".join(filter(None, ("demo", role, office)))
    found = find_by_subject(session, subject)
    if found is None:
        title = (name or f"Demo {role} {office or ''}").replace("|", " ").strip()
        found = make_account(
            session, MakeStaffAccount(subject, title, role, office), now=system_clock(),
            actor=SYSTEM,
        )  # fmt: skip
    if found.role != role or found.consulate_code != office:
        raise SettingsError(f"The subject {subject} has another role or office; choose another.")
    return found.id


def _demo_desks(session: Session) -> tuple[DeskPlan, ...]:
    bookable = {service.code for service in list_services(session) if service.bookable}
    return tuple(
        DeskPlan(name, tuple(code for code in codes if code in bookable))
        for name, codes in demonstration.DESKS
    )


def _local(office: Consulate, now: datetime) -> datetime:
    """By the office's wall clock."""
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


def _vault(settings: Settings) -> Vault:
    return Vault(settings.master_keys(), settings.index_key())


@contextmanager
def _transaction(url: str) -> Iterator[Session]:
    database = Database(url, pool_size=1)
    try:
        with database.transaction(EVERYTHING) as session:
            yield session
    finally:
        database.dispose()


def _refuse_production(settings: Settings) -> None:
    if not settings.development:
        raise SettingsError("Production has no invented people, schedules or tokens.")
