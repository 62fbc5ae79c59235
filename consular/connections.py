"""Connect to the PostgreSQL and Redis of the settings; failures are explained in plain words."""

from __future__ import annotations

from typing import Any

import psycopg
import redis
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from consular.startup import CannotStart

OLDEST_POSTGRES = 15


def libpq_url(url: str) -> str:
    """The address without SQLAlchemy's driver name. Raises CannotStart when it is none."""
    return url_text(parse_url("DATABASE_URL", url))


def parse_url(name: str, text: str) -> URL:
    """The PostgreSQL address that the setting ``name`` holds. Raises CannotStart."""
    shape = "It should look like postgresql://user:password@host:5432/database."
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise CannotStart(f"{name} is not an address.", shape) from error
    if url.drivername.partition("+")[0] not in ("postgresql", "postgres"):
        raise CannotStart(
            f"{name} speaks of {url.drivername}; Consular keeps its record in PostgreSQL only.",
            f"{shape} Unset it to use the PostgreSQL that Consular brings.",
        )
    return url.set(drivername="postgresql")


def url_text(url: URL) -> str:
    """The address as libpq takes it, with its password."""
    return url.render_as_string(hide_password=False)


def check_server(name: str, url: URL) -> int:
    """Major version of the PostgreSQL there. Raises CannotStart when it is away or too old."""
    with connect(name, url) as connection:
        version = connection.info.server_version // 10_000
    if version < OLDEST_POSTGRES:
        raise CannotStart(
            f"{name} is PostgreSQL {version}; Consular needs {OLDEST_POSTGRES} or newer.",
            "Use a newer server, or unset it to use the PostgreSQL that Consular brings.",
        )
    return version


def connect(name: str, url: URL) -> psycopg.Connection[Any]:
    """A connection that commits each statement. Raises CannotStart."""
    try:
        return psycopg.connect(url_text(url), connect_timeout=5, autocommit=True)
    except psycopg.Error as error:
        raise CannotStart(
            f"{name} ({url.render_as_string(hide_password=True)}): {in_plain_words(str(error))}.",
            "Check the address, or unset it to use the PostgreSQL that Consular brings.",
        ) from error


_WORDS = (
    ("password authentication failed", "the server refuses the user or the password"),
    ("no password supplied", "the server asks for a password and the address has none"),
    ("no pg_hba.conf entry", "the server's pg_hba.conf does not let this login in from here"),
    ("role", "the server has no such role"),
    ("database", "the server has no such database; create it first (createdb)"),
    ("invalid response to SSL", "what listens there is not PostgreSQL"),
    ("expected authentication request", "what listens there is not PostgreSQL"),
    ("closed the connection unexpectedly", "what listens there is not PostgreSQL, or it is ending"),
    ("Connection refused", "nobody listens there"),
    ("timeout expired", "nobody answers there within five seconds"),
    ("resolve host", "that host name is unknown"),
    ("No such file or directory", "there is no such socket: is the server running"),
)


def in_plain_words(message: str) -> str:
    """libpq's message in plain words; its own first line where we have none."""
    for sign, words in _WORDS:
        needs_missing = sign in ("role", "database")
        if sign in message and (not needs_missing or "does not exist" in message):
            return words
    return message.strip().splitlines()[0]


def check_redis(url: str) -> None:
    """Raises CannotStart when no Redis or Valkey answers at ``url``."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except redis.AuthenticationError as error:
        raise _no_redis("refuses the password", error) from error
    except redis.ResponseError as error:
        raise _no_redis(f"answers with an error: {error}", error) from error
    except (redis.RedisError, OSError) as error:
        raise _no_redis(f"does not answer as Redis or Valkey: {error}", error) from error
    except ValueError as error:
        raise _no_redis(f"is no address: {error}", error) from error


def _no_redis(what: str, error: Exception) -> CannotStart:
    return CannotStart(
        f"REDIS_URL {what}.",
        "It should look like redis://:password@host:6379/0. Unset it to use the Valkey that "
        "Consular brings.",
    )
