"""Alembic's environment: the owner's address comes from the caller or the environment."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import create_engine, pool

from services.kernel.db import sqlalchemy_url
from services.metadata import metadata

# A migration that can't have its lock soon gives up rather than hold everybody else.
LIMITS = ("SET lock_timeout = '5s'", "SET statement_timeout = '10min'")


def _url() -> str:
    url = context.config.get_main_option("sqlalchemy.url")
    return sqlalchemy_url(
        url or os.environ.get("DATABASE_OWNER_URL") or os.environ.get("DATABASE_URL") or ""
    )


def _offline() -> None:
    context.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
        target_metadata=metadata,
        as_sql=True,
    )
    with context.begin_transaction():
        for limit in LIMITS:
            context.execute(limit)
        context.run_migrations()


def _online() -> None:
    engine = create_engine(_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        # Two launchers that migrate at once: the second waits and finds nothing to do.
        connection.exec_driver_sql("SELECT pg_advisory_lock(7203154)")
        for limit in LIMITS:
            connection.exec_driver_sql(limit)
        connection.commit()
        context.configure(
            connection=connection, target_metadata=metadata, transaction_per_migration=True
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.exec_driver_sql("SELECT pg_advisory_unlock(7203154)")
        connection.commit()
    engine.dispose()


if context.is_offline_mode():
    _offline()
else:
    _online()
