"""One development instance: its directory, its lock, its secrets and the servers it was given.

``$CONSULAR_HOME/environment`` holds what the instance's processes and ``consular token`` read
(`services.kernel.settings`). Secrets in it are made once and kept; addresses are written anew at
each start; lines that somebody added by hand stay.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from consular.embedded import OLDEST_POSTGRES, CannotStart, fit_out_login, provision
from integrations.registry import new_secrets as new_agency_secrets
from services.kernel.logins import Duty

_EACH_START = (
    "CONSULAR_PORT",
    "CONSULAR_SIMULATOR_PORT",
    "CONSULAR_PUBLIC_URL",
    "DATABASE_URL",
    "WORKER_DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
)
_OWNER_PASSWORD = "DATABASE_OWNER_PASSWORD"  # noqa: S105 - the name of a line, not a password
_WEB_PASSWORD = "DATABASE_PASSWORD"  # noqa: S105 - the name of a line, not a password
_WORKER_PASSWORD = "WORKER_DATABASE_PASSWORD"  # noqa: S105 - the name of a line, not a password


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


class Instance:
    """The directory ``home`` while one ``consular up`` holds it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file = home / "environment"
        self._lock = -1

    def acquire(self) -> None:
        """Make the directory and lock it. Raises CannotStart when it is closed or in use.

        The kernel drops the lock with the process, however it ends: a crash leaves none behind.
        """
        os.umask(0o077)
        try:
            self._make_home()
            self._lock = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CannotStart(
                f"The data directory {self.home} can't be used: {error.strerror}.",
                "Make it writable for this account, or choose another with CONSULAR_HOME.",
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise self._in_use() from error
        os.ftruncate(self._lock, 0)
        os.write(self._lock, str(os.getpid()).encode())

    def _make_home(self) -> None:
        """A new one may be passed through but not read by PostgreSQL's account; ours stays so."""
        if not self.home.is_dir():
            self.home.mkdir(parents=True)
            self.home.chmod(0o711)

    def forget_lock(self) -> None:
        """In a forked child: the lock is the supervisor's alone."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _in_use(self) -> CannotStart:
        pid = os.pread(self._lock, 20, 0).decode("ascii", "replace")
        return CannotStart(
            f"Another copy of Consular already runs in {self.home} (process {pid}).",
            "Use that one, stop it with Ctrl-C, or run this one beside it with another "
            "CONSULAR_HOME and CONSULAR_PORT.",
        )

    def read(self) -> dict[str, str]:
        """The lines of the environment file; empty before the first start."""
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CannotStart(
                f"{self.file} can't be read: {error.strerror}.",
                "Run Consular with the account that made it, or choose another CONSULAR_HOME.",
            ) from error
        pairs = (line.partition("=") for line in lines if "=" in line and line[0] != "#")
        return {name.strip(): value.strip() for name, _, value in pairs}

    def keep_secrets(self) -> dict[str, str]:
        """Make the secrets that are missing, forget the addresses of the last run, return all."""
        values = {name: value for name, value in self.read().items() if name not in _EACH_START}
        if (self.home / "postgres").exists() and "CONSULAR_MASTER_KEY" not in values:
            raise CannotStart(
                f"{self.home / 'postgres'} holds data, but the keys that open them, in "
                f"{self.file}, are gone.",
                "Put that file back; or move both away to start with nothing.",
            )
        for name, value in _new_secrets().items():
            values.setdefault(name, value)
        values["CONSULAR_TOKEN_KEY_FILE"] = str(self._token_key())
        self.write(values)
        return values

    def write(self, values: Mapping[str, str]) -> None:
        """Replace the environment file at once; only its owner may read it."""
        aside = self.file.with_suffix(".new")
        text = "# Written by `consular up`. Secrets of a development instance: keep it private.\n"
        text += "".join(f"{name}={value}\n" for name, value in sorted(values.items()))
        try:
            aside.unlink(missing_ok=True)
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            aside.replace(self.file)
        except OSError as error:
            raise CannotStart(
                f"{self.file} can't be written: {error.strerror}.",
                "Free some space or make the directory writable, then start again.",
            ) from error

    def _token_key(self) -> Path:
        """The development issuer's private key, made once."""
        path = self.home / "token-key.pem"
        if not path.exists():
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            aside = path.with_suffix(".new")
            aside.touch(mode=0o600)
            aside.write_bytes(pem)
            aside.replace(path)
        return path


def owner_password(values: Mapping[str, str]) -> str:
    """Password of the embedded server's ``consular_owner``."""
    return values[_OWNER_PASSWORD]


def login_passwords(values: Mapping[str, str]) -> dict[str, str]:
    """Passwords of the logins that `consular.embedded.provision` makes, as it takes them."""
    return {"web_password": values[_WEB_PASSWORD], "worker_password": values[_WORKER_PASSWORD]}


def given_databases(environ: Mapping[str, str], passwords: Mapping[str, str]) -> DatabaseUrls:
    """The web's, the workers' and the owner's address from the user's ``DATABASE_URL``.

    An address that may create roles is the owner's, and both logins are made with ``passwords``;
    a plain login needs ``DATABASE_OWNER_URL`` beside it, and the workers get the login of
    ``WORKER_DATABASE_URL`` or one that is made. Raises CannotStart with what is wrong: unreachable,
    refused, not PostgreSQL, too old, without the rights.
    """
    given = _parsed("DATABASE_URL", environ["DATABASE_URL"])
    owner_text = environ.get("DATABASE_OWNER_URL")
    if owner_text:
        owner = _parsed("DATABASE_OWNER_URL", owner_text)
        _check_server("DATABASE_OWNER_URL", owner)
        web = _fitted_out("DATABASE_URL", given, owner, Duty.WEB)
        return DatabaseUrls(web, _worker(environ, owner, passwords), owner_text)
    if not _may_own(given):
        raise CannotStart(
            f"The login of DATABASE_URL ({given.username}) may not create roles, so it can't own "
            "the tables.",
            "Give DATABASE_OWNER_URL too (a login that owns the database, for migrations), or let "
            "DATABASE_URL be such a login: Consular then makes the web's and the workers' own.",
        )
    return DatabaseUrls(*_provisioned(given, passwords), _text(given))


def _worker(environ: Mapping[str, str], owner: URL, passwords: Mapping[str, str]) -> str:
    text = environ.get("WORKER_DATABASE_URL")
    if text:
        given = _parsed("WORKER_DATABASE_URL", text)
        return _fitted_out("WORKER_DATABASE_URL", given, owner, Duty.WORKER)
    return _provisioned(owner, passwords)[1]


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


def server_version(url: str, name: str = "DATABASE_URL") -> int:
    """Major version of the PostgreSQL at ``url``. Raises CannotStart when it can't be asked."""
    return _check_server(name, _parsed(name, url))


def libpq_url(url: str) -> str:
    """The address without SQLAlchemy's driver name. Raises CannotStart when it is none."""
    return _text(_parsed("DATABASE_URL", url))


def _new_secrets() -> dict[str, str]:
    return {
        "CONSULAR_MASTER_KEY": _random_key(),
        "CONSULAR_INDEX_KEY": _random_key(),
        **new_agency_secrets(),
        _OWNER_PASSWORD: secrets.token_hex(24),
        _WEB_PASSWORD: secrets.token_hex(24),
        _WORKER_PASSWORD: secrets.token_hex(24),
    }


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _parsed(name: str, text: str) -> URL:
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


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _check_server(name: str, url: URL) -> int:
    with _connect(name, url) as connection:
        version = connection.info.server_version // 10_000
    if version < OLDEST_POSTGRES:
        raise CannotStart(
            f"{name} is PostgreSQL {version}; Consular needs {OLDEST_POSTGRES} or newer.",
            "Use a newer server, or unset it to use the PostgreSQL that Consular brings.",
        )
    return version


def _connect(name: str, url: URL) -> psycopg.Connection[tuple[object, ...]]:
    try:
        return psycopg.connect(_text(url), connect_timeout=5, autocommit=True)
    except psycopg.Error as error:
        raise CannotStart(
            f"{name} ({url.render_as_string(hide_password=True)}): {in_words(str(error))}.",
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


def in_words(message: str) -> str:
    """libpq's message in plain words; its own first line where we have none."""
    for sign, words in _WORDS:
        needs_missing = sign in ("role", "database")
        if sign in message and (not needs_missing or "does not exist" in message):
            return words
    return message.strip().splitlines()[0]


def _rights(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[bool, bool]:
    """(may create roles, may bypass row-level security) of the login we are."""
    row = connection.execute(
        "SELECT rolcreaterole OR rolsuper, rolbypassrls OR rolsuper FROM pg_roles"
        " WHERE rolname = current_user"
    ).fetchone()
    return (bool(row[0]), bool(row[1])) if row else (False, False)


def _may_own(url: URL) -> bool:
    _check_server("DATABASE_URL", url)
    with _connect("DATABASE_URL", url) as connection:
        return _rights(connection)[0]


def _fitted_out(name: str, url: URL, owner: URL, duty: Duty) -> str:
    """A plain login that the user made, with what its processes need."""
    with _connect(name, url) as connection:
        if _rights(connection)[1]:
            raise CannotStart(
                f"The login of {name} ({url.username}) may bypass row-level security.",
                f"Let {name} be a plain login that is a member of {duty}, or unset "
                "DATABASE_OWNER_URL: Consular then makes the logins itself.",
            )
    try:
        fit_out_login(_text(owner), url.username or "", duty)
    except psycopg.Error as error:
        raise CannotStart(
            f"The login of {name} could not be fitted out: {_first_line(error)}.",
            f"As a superuser: GRANT {duty} TO {url.username}; and let DATABASE_OWNER_URL be a "
            "login with CREATEROLE.",
        ) from error
    return _text(url)


def _provisioned(owner: URL, passwords: Mapping[str, str]) -> tuple[str, str]:
    try:
        logins = provision(
            _text(owner),
            web_password=passwords["web_password"],
            worker_password=passwords["worker_password"],
        )
    except psycopg.Error as error:
        raise CannotStart(
            f"The application's logins could not be made: {_first_line(error)}.",
            "Let DATABASE_URL be a login with CREATEROLE that owns the database.",
        ) from error
    urls = [
        owner.set(username=login, password=password)
        for login, password in zip(logins, passwords.values(), strict=True)
    ]
    for url in urls:
        _connect("DATABASE_URL, as the application's own login", url).close()
    return _text(urls[0]), _text(urls[1])


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0]
