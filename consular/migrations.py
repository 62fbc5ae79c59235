"""Runs the migrations of this version, in process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool
from sqlalchemy.exc import DBAPIError

import migrations
from consular.startup import CannotStart
from services.kernel.db import sqlalchemy_url

SCRIPTS = Path(migrations.__path__[0])


def upgrade(owner_url: str, revision: str = "head") -> str:
    """Bring the database to ``revision``, by default this version's, and return the newest one.

    Two that run at once wait for each other. Raises CannotStart with PostgreSQL's own words when
    the login lacks rights or a migration fails; a failed migration leaves nothing behind.
    """
    try:
        command.upgrade(_config(owner_url), revision)
    except DBAPIError as error:
        raise CannotStart(
            f"The migrations failed: {str(error.orig).strip().splitlines()[0]}",
            "They need the login that owns the database and may create roles "
            "(DATABASE_OWNER_URL). Nothing of the failed step was kept.",
        ) from error
    return head()


@cache
def head() -> str:
    """The newest revision that this version brings."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(url: str) -> str | None:
    """The revision the database is at; None when it was never migrated."""
    engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config(url: str = "") -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
