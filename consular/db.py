"""The web process's database: transactions in the scope of whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

import psycopg
from flask import current_app, g
from sqlalchemy.orm import Session

from services.kernel.clock import transaction_clock
from services.kernel.db import NO_SCOPE, Database, Scope


def database() -> Database:
    """The process's database connections."""
    return cast(Database, current_app.extensions["consular.database"])


@contextmanager
def transaction(scope: Scope | None = None) -> Iterator[Session]:
    """One transaction for this request, seeing what its actor may see, or an explicit scope."""
    actor = g.get("actor")
    with database().transaction(scope or (actor.scope if actor else NO_SCOPE)) as session:
        yield session


def database_now(session: Session) -> datetime:
    """When the transaction began by the database's clock, by which money is decided:
    `consular.auth.now` is this host's."""
    return transaction_clock(session)


@contextmanager
def autocommit_session() -> Iterator[Session]:
    """For use cases that are one call of a database function (`Database.autocommit_session`)."""
    with database().autocommit_session() as session:
        yield session


@contextmanager
def raw_connection() -> Iterator[psycopg.Connection[Any]]:
    """The same for the hottest of them (`Database.raw_connection`)."""
    with database().raw_connection() as connection:
        yield connection
