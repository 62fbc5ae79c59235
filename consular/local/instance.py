"""One development instance: its directory, its lock and its secrets.

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
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from consular.startup import CannotStart
from integrations.registry import new_secrets as new_agency_secrets
from services.kernel.settings import ENVIRONMENT_FILE, read_environment

_EACH_START = (
    "CONSULAR_PORT",
    "CONSULAR_SIMULATOR_PORT",
    "CONSULAR_PUBLIC_URL",
    "CONSULAR_MAIL_RELAY",
    "DATABASE_URL",
    "WORKER_DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
)
_OWNER_PASSWORD = "DATABASE_OWNER_PASSWORD"  # noqa: S105 - the name of a line, not a password
_WEB_PASSWORD = "DATABASE_PASSWORD"  # noqa: S105 - the name of a line, not a password
_WORKER_PASSWORD = "WORKER_DATABASE_PASSWORD"  # noqa: S105 - the name of a line, not a password


class Instance:
    """The directory ``home`` while one ``consular up`` holds it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file = home / ENVIRONMENT_FILE
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

    def keep_secrets(self) -> dict[str, str]:
        """Make the secrets that are missing, forget the addresses of the last run, return all."""
        values = read_environment(self.home)
        for name in _EACH_START:
            values.pop(name, None)
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
    """Password of ``consular_owner`` in the instance's own server."""
    return values[_OWNER_PASSWORD]


def login_passwords(values: Mapping[str, str]) -> dict[str, str]:
    """Passwords of the web's and the workers' login, as `consular.local.roles.provision` takes
    them."""
    return {"web_password": values[_WEB_PASSWORD], "worker_password": values[_WORKER_PASSWORD]}


def _new_secrets() -> dict[str, str]:
    return {
        "CONSULAR_MASTER_KEY": _random_key(),
        "CONSULAR_INDEX_KEY": _random_key(),
        "CONSULAR_SIGNING_KEY": _random_key(),
        **new_agency_secrets(),
        _OWNER_PASSWORD: secrets.token_hex(24),
        _WEB_PASSWORD: secrets.token_hex(24),
        _WORKER_PASSWORD: secrets.token_hex(24),
    }


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
