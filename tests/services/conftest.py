"""A transaction over the shared database, for rules that need no commit."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.facts.models import Fact
from services.kernel.audit import Actor, Role
from services.kernel.db import NETWORK_SCOPE, Database
from tests.factories.enrollments import make_account
from tests.factories.remittances import make_sender, prepare_reference
from tests.servers import DatabaseUrls, connected


def sums_by_status(session: Session, subject: UUID) -> dict[str, int]:
    """What the facts of a subject add up to, by status."""
    rows = session.execute(
        select(Fact.status, func.sum(Fact.quantity))
        .where(Fact.subject_id == subject)
        .group_by(Fact.status)
    )
    return {status: int(count) for status, count in rows if count}


@pytest.fixture(scope="module")
def shared(shared_database: DatabaseUrls) -> Iterator[Database]:
    """The application's connections to a database that no test commits to."""
    with connected(shared_database.app_url) as database:
        yield database


@pytest.fixture
def session(shared: Database) -> Iterator[Session]:
    """A transaction that sees everything and leaves nothing behind."""
    with shared.transaction(NETWORK_SCOPE) as session:
        yield session
        session.rollback()


@pytest.fixture
def reference(session: Session) -> None:
    """Rules and a rate, for modules that speak of money."""
    prepare_reference(session)


@pytest.fixture
def citizen(session: Session) -> Actor:
    """A citizen of whom nothing is known."""
    return Actor(Role.CITIZEN, make_account(session))


@pytest.fixture
def sender(session: Session) -> Actor:
    """A citizen whose name is known."""
    return make_sender(session)
