"""A database as the migrations make it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine

from services.kernel.db import sqlalchemy_url
from tests.servers import DatabaseUrls

# Files that are put into a copy of the tree, and mean something only there.
collect_ignore = ["additions"]


@pytest.fixture
def migrated(shared_database: DatabaseUrls) -> Iterator[Connection]:
    """As the owner, over a database that the migrations have just made; all is rolled back."""
    engine = create_engine(sqlalchemy_url(shared_database.owner_url))
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()
