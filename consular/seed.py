"""Commands that prepare an installation: reference data, first administrator, adopted database.

Reference data is written with the owner's rights, everything else through the use cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy.orm import Session

from services.agencies import loading as agencies
from services.consulates import loading as consulates
from services.kernel.adoption import adopt, count_waiting
from services.kernel.audit import SYSTEM, Role
from services.kernel.clock import database_clock, system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.settings import Settings
from services.kernel.signatures import withdraw_key
from services.ledger.adopting import number_on
from services.monitoring import published
from services.remittances import loading as remittances
from services.remittances.listing import load_demonstration, load_list
from services.staff.accounts import MakeStaffAccount, make_account
from services.voting import loading as voting


def load_reference(settings: Settings) -> dict[str, int]:
    """Offices, services, fees, closed days, counts, series, tariffs, terms. Table -> rows."""
    # The web may read what things cost, not write it.
    url = settings.database_owner_url or settings.worker_database_url or settings.database_url
    with one_transaction(url) as session:
        counts = load_rows(session)
        if settings.development:
            counts["screening_entries"] = load_demonstration(session, now=system_clock())
        return counts


def load_screening_list(
    settings: Settings, lines: Iterable[str], *, name: str, published_on: date, source: str
) -> int:
    """Put a list of names in force; returns how many entries. Raises `BadScreeningList`."""
    url = settings.database_owner_url or settings.worker_database_url or settings.database_url
    with one_transaction(url) as session:
        return load_list(
            session, lines, name=name, published_on=published_on, source=source, now=system_clock()
        )


def load_rows(session: Session) -> dict[str, int]:
    """The same in a transaction of the owner's."""
    return {
        **consulates.load_reference(session),
        **voting.load_reference(session),
        **published.load_reference(session),
        **remittances.load_reference(session),
        **agencies.load_reference(session),
    }


def appoint_administrator(settings: Settings, subject: str, name: str) -> None:
    """The first account of an installation. Raises Conflict ``subject_taken``."""
    with one_transaction(settings.database_url) as session:
        make_account(
            session,
            MakeStaffAccount(subject, name, Role.ADMIN.value),
            now=system_clock(),
            actor=SYSTEM,
        )


def adopt_database(url: str) -> tuple[bool, int]:
    """(whether it was another cluster's until now, outbox items that wait), as the owner."""
    with one_transaction(url) as session:
        adopted = adopt(session)
        if adopted:
            number_on(session)
        return adopted, count_waiting(session)


def withdraw_signing_key(url: str, key: str, reason: str) -> datetime:
    """Say that a stolen key counts no more, as the owner; returns since when. Raises NotFound."""
    with one_transaction(url) as session:
        return withdraw_key(session, key, reason, now=database_clock(session))


@contextmanager
def one_transaction(url: str) -> Iterator[Session]:
    """A transaction that sees every row, over a connection of its own."""
    database = Database(url, pool_size=1)
    try:
        with database.transaction(NETWORK_SCOPE) as session:
            yield session
    finally:
        database.dispose()
