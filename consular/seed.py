"""What a development instance starts with: reference data, a schedule, invented people.

Reference data is written with the owner's rights, everything else through the use cases, so that
a demonstration has the same facts, audit and outbox as real work. Production refuses all but the
reference data and the first administrator.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from consular import demonstration, tokens
from services.appointments.planning import DeskPlan, OpenSession, open_session
from services.appointments.queries import days_with_sessions
from services.citizens.accounts import Profile, find_holder, set_profile, sign_in
from services.consulates import loading as consulates
from services.consulates.queries import closed_days, list_consulates, list_services
from services.kernel.adoption import adopt, count_waiting
from services.kernel.audit import OFFICE_ROLES, SYSTEM, Role
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import EVERYTHING, Database
from services.kernel.errors import Invalid
from services.kernel.settings import Settings, SettingsError
from services.monitoring import published
from services.remittances import loading as remittances
from services.staff.accounts import MakeStaffAccount, find_by_subject, make_account
from services.voting import loading as voting

TOKEN_SECONDS = 12 * 3600
DEMO_DAYS = 14
LOS_ANGELES = "losangeles"
# Whom the simulator's identity provider can sign in as; it calls them by these subjects.
_NETWORK_STAFF = ("agent", "analyst", "treasury", "compliance", "auditor", "admin")
DEMO_STAFF = [
    *((role, office) for office in (LOS_ANGELES, "chicago") for role in ("officer", "supervisor")),
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


def extend_demo_schedule(settings: Settings) -> int:
    """Demonstration staff, and sessions at every office of the United States for fourteen days.

    Days that have a session already are left alone. Returns how many sessions were opened.
    """
    _refuse_production(settings)
    now = system_clock()
    with _transaction(settings.database_url) as session:
        for role, code in DEMO_STAFF:
            _staff(session, role, code, None, None)
        bookable = {s.code for s in list_services(session) if s.bookable}
        desks = tuple(
            DeskPlan(name, tuple(code for code in codes if code in bookable))
            for name, codes in demonstration.DESKS
        )
        codes = [office.code for office in list_consulates(session) if office.country == "US"]
    opened = 0
    for code in codes:
        with _transaction(settings.database_url) as session:
            opened += _open_days(session, code, desks, now)
    return opened


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


def _profile(subject: str, name: str | None) -> Profile:
    given, first, second = [*(name or "").split("|"), "", "", ""][:3]
    invented = demonstration.person(random.Random(subject))
    return Profile(
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


def _open_days(session: Session, code: str, desks: tuple[DeskPlan, ...], now: datetime) -> int:
    first: date = now.date() + timedelta(days=1)
    last = first + timedelta(days=DEMO_DAYS - 1)
    closed = set(closed_days(session, code, first, last))
    taken = days_with_sessions(session, consulate=code, first=first, last=last)
    days = [first + timedelta(days=n) for n in range(DEMO_DAYS)]
    opened = 0
    for day in days:
        if day.weekday() < 5 and day not in closed | taken:
            _open_day(session, code, day, desks, now)
            opened += 1
    return opened


def _open_day(
    session: Session, code: str, day: date, desks: tuple[DeskPlan, ...], now: datetime
) -> None:
    command = OpenSession(code, day, time(9), time(13), 15, desks)
    try:
        open_session(session, command, now=now, actor=SYSTEM)
    except Invalid as refused:
        if refused.code != "in_the_past":
            raise


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
