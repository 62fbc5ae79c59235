"""A transaction over the shared database, for rules that need no commit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from services.kernel.audit import Actor
from services.kernel.db import NETWORK_SCOPE, Database
from tests.factories.remittances import make_sender
from tests.servers import DatabaseUrls


@pytest.fixture(scope="module")
def shared(shared_database: DatabaseUrls) -> Iterator[Database]:
    """The application's connections to a database that no test commits to."""
    database = Database(shared_database.app_url)
    yield database
    database.dispose()


@pytest.fixture
def session(shared: Database) -> Iterator[Session]:
    """A transaction that sees everything and leaves nothing behind."""
    with shared.transaction(NETWORK_SCOPE) as session:
        yield session
        session.rollback()


@pytest.fixture
def sender(session: Session) -> Actor:
    """A citizen whose name is known."""
    return make_sender(session)
