"""The database and the roles of an instance, made in a server that was given or is our own.

They are those that deploy/README.md has an operator make by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from services.kernel.logins import SESSION, Duty

OWNER = "consular_owner"
GROUP = "consular_application"
_LOCK = 7_227_001  # any constant: one provisioning at a time in a cluster

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class DatabaseUrls:
    """One database, as each kind of process reaches it."""

    web: str
    worker: str
    owner: str

    def as_settings(self) -> dict[str, str]:
        """Under the names that `services.kernel.settings` reads."""
        return {
            "DATABASE_URL": self.web,
            "WORKER_DATABASE_URL": self.worker,
            "DATABASE_OWNER_URL": self.owner,
        }


def create_database(superuser_url: str, database: str, *, owner_password: str) -> str:
    """Make ``consular_owner`` and the database it owns, or set the password of the one there is.

    The owner may create roles and is no superuser, so that row-level security binds it too. Returns
    its address.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        _ensure_role(connection, OWNER, "LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS", owner_password)
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if row.fetchone() is None:
            _execute(connection, "CREATE DATABASE {} OWNER {}", database, OWNER)
        _execute(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    return _text(make_url(superuser_url).set(database=database), OWNER, owner_password)


def provision(owner_url: str, *, web_password: str, worker_password: str) -> DatabaseUrls:
    """Make the logins of the web and of the workers in the owner's database.

    They are ``<database>_portal`` and ``<database>_jobs``: neither owner nor superuser, bound by
    row-level security, each a member of the group that holds its grants. Safe to repeat and to run
    from several machines at once. Raises psycopg.Error when the owner may not create roles.
    """
    owner = make_url(owner_url)
    # Not as the groups are called, whatever the database's name.
    web, worker = f"{owner.database}_portal", f"{owner.database}_jobs"
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        _ensure_groups(connection)
        for login, duty, password in (
            (web, Duty.WEB, web_password), (worker, Duty.WORKER, worker_password),
        ):  # fmt: skip
            _ensure_role(connection, login, "LOGIN NOSUPERUSER NOBYPASSRLS", password)
            _fit_out(connection, login, duty)
    return DatabaseUrls(
        _text(owner, web, web_password), _text(owner, worker, worker_password), owner_url
    )


def fit_out_login(owner_url: str, login: str, duty: Duty) -> None:
    """Give an existing login what a process of that duty needs. Raises psycopg.Error."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        _ensure_groups(connection)
        _fit_out(connection, login, duty)


def _execute(connection: Connection, statement: LiteralString, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))


def _ensure_role(
    connection: Connection, name: str, attributes: LiteralString, password: str | None = None
) -> None:
    """Create the role or, when it has a password, set it; hashed here, so that no log shows it."""
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    if exists is None:
        _execute(connection, "CREATE ROLE {} " + attributes, name)
    if password is not None:
        hashed = connection.pgconn.encrypt_password(
            password.encode(), name.encode(), b"scram-sha-256"
        )
        change = sql.SQL("ALTER ROLE {} PASSWORD {}")
        connection.execute(change.format(sql.Identifier(name), sql.Literal(hashed.decode())))


def _ensure_groups(connection: Connection) -> None:
    _ensure_role(connection, GROUP, "NOLOGIN NOSUPERUSER NOBYPASSRLS")
    for duty in Duty:
        _ensure_role(connection, duty, "NOLOGIN NOSUPERUSER NOBYPASSRLS")
        _ensure_member(connection, duty, GROUP)


def _fit_out(connection: Connection, login: str, duty: Duty) -> None:
    """Group, right to connect, and the settings that no pooler lets a client bring along."""
    _ensure_member(connection, login, duty)
    _execute(connection, "GRANT CONNECT ON DATABASE {} TO {}", connection.info.dbname, login)
    for name, value in SESSION.items():
        statement = sql.SQL("ALTER ROLE {} SET {} = {}")
        role, setting = sql.Identifier(login), sql.Identifier(name)
        connection.execute(statement.format(role, setting, sql.Literal(value)))


def _ensure_member(connection: Connection, member: str, group: str) -> None:
    row = connection.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", [member, group]).fetchone()
    if row is None or not row[0]:
        _execute(connection, "GRANT {} TO {}", group, member)


def _text(url: URL, user: str, password: str) -> str:
    return url.set(username=user, password=password).render_as_string(hide_password=False)
