"""What a process is told from outside. Only composition roots read this.

Values come from the environment; in development whatever is missing there is read from
``$CONSULAR_HOME/environment``, which ``consular up`` writes for the instance it runs.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

# In an instance's directory: what its processes and commands read.
ENVIRONMENT_FILE = "environment"
# Of 32 random bytes fewer than 16 are distinct less than once in 10^15 keys.
_DISTINCT_BYTES = 16
# Standard Webhooks: a signing secret has 24 to 64 random bytes.
_SECRET_BYTES = range(24, 65)


class SettingsError(Exception):
    """A setting is missing or can't be used; the message says which and what to do."""


@dataclass(frozen=True)
class TokenIssuer:
    """An identity provider that signs bearer tokens, and where it publishes its keys."""

    name: str
    audience: str
    jwks_url: str


@dataclass(frozen=True)
class Settings:
    """Configuration of one process. Secrets never leave it through ``repr``."""

    env: str
    home: Path
    host: str
    port: int
    simulator_port: int
    public_url: str
    database_url: str
    worker_database_url: str
    database_owner_url: str
    redis_url: str
    values: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Settings(env={self.env!r}, home={str(self.home)!r}, port={self.port})"

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment, then the instance's file in development and tests."""
        variables = dict(os.environ if environ is None else environ)
        home = Path(variables.get("CONSULAR_HOME", ".consular")).absolute()
        env = variables.get("CONSULAR_ENV", "development")
        if env not in ("development", "production", "test"):
            raise SettingsError(
                f"CONSULAR_ENV is {env!r}; it must be development, production or test."
            )
        values = {**(read_environment(home) if env != "production" else {}), **variables}
        port = _port(values, "CONSULAR_PORT", 8000)
        settings = cls(
            env=env,
            home=home,
            host=values.get("CONSULAR_HOST", "127.0.0.1"),
            port=port,
            simulator_port=_port(values, "CONSULAR_SIMULATOR_PORT", port + 1),
            public_url=values.get("CONSULAR_PUBLIC_URL", f"http://localhost:{port}"),
            database_url=values.get("DATABASE_URL", ""),
            worker_database_url=_worker_url(env, values),
            database_owner_url=values.get("DATABASE_OWNER_URL", ""),
            redis_url=values.get("REDIS_URL", ""),
            values=values,
        )
        settings._refuse_unsafe()
        return settings

    @property
    def development(self) -> bool:
        """Development and tests: the simulator plays the agencies, demonstration people exist."""
        return self.env != "production"

    def refuse_production(self) -> None:
        """Raises `SettingsError` in production."""
        if not self.development:
            raise SettingsError("Production has no invented people, schedules or tokens.")

    def require(self, name: str) -> str:
        """The value of ``name``; raises `SettingsError` when it is missing."""
        value = self.values.get(name, "")
        if not value:
            raise SettingsError(f"{name} is not set. Start with `make run`, or set it.")
        return value

    def number(self, name: str, default: float) -> float:
        """A numeric setting, in the unit that its name says."""
        try:
            return float(self.values.get(name) or default)
        except ValueError:
            raise SettingsError(f"{name} must be a number.") from None

    def agency_url(self, name: str, path: str) -> str:
        """Base URL of an agency: ``CONSULAR_<NAME>_URL``, or the simulator in development."""
        url = self.values.get(f"CONSULAR_{name}_URL")
        if url:
            return url
        if not self.development:
            raise SettingsError(f"CONSULAR_{name}_URL is not set.")
        return f"{self.simulator_url}{path}"

    @property
    def simulator_url(self) -> str:
        """Where the agencies' simulator answers."""
        default = f"http://127.0.0.1:{self.simulator_port}"
        return self.values.get("CONSULAR_SIMULATOR_URL", default)

    def master_keys(self) -> dict[int, bytes]:
        """Version -> key that wraps the keys of persons. The highest version wraps new ones."""
        return self._keys_by_version("CONSULAR_MASTER_KEY")

    def signing_keys(self) -> dict[int, bytes]:
        """Version -> private key that signs what leaves the system; the highest version signs. None
        when it isn't set: then nothing can be signed."""
        name = "CONSULAR_SIGNING_KEY"
        return self._keys_by_version(name) if self.values.get(name) else {}

    def _keys_by_version(self, name: str) -> dict[int, bytes]:
        keys: dict[int, bytes] = {}
        for part in self.require(name).split(","):
            version, _, encoded = part.rpartition(":")
            number = _version(version or "1", name)
            if number in keys:
                raise SettingsError(f"{name} has version {number} twice.")
            keys[number] = _key(encoded, name)
        return keys

    def index_key(self) -> bytes:
        """Key of blind indexes and claims; it is not rotated with the master keys."""
        return _key(self.require("CONSULAR_INDEX_KEY"), "CONSULAR_INDEX_KEY")

    def signing_secrets(self, name: str) -> tuple[str, ...]:
        """Secrets with which an agency may sign its callbacks: one, or the new and the old one
        separated by a comma while they change. None when ``name`` isn't set."""
        if name not in self.values:
            return ()
        secrets = tuple(part.strip() for part in self.values[name].split(","))
        for secret in secrets:
            _check_signing_secret(name, secret)
        return secrets

    def token_issuer(self) -> TokenIssuer | None:
        """The identity provider whose bearer tokens the API takes, unless none is set."""
        names = ("CONSULAR_TOKEN_ISSUER", "CONSULAR_TOKEN_AUDIENCE", "CONSULAR_TOKEN_JWKS_URL")
        values = [self.values.get(name, "") for name in names]
        missing = [name for name, value in zip(names, values, strict=True) if not value]
        if len(missing) == len(names):
            return None
        if missing:
            raise SettingsError(f"{missing[0]} is not set; an issuer of tokens needs all three.")
        return TokenIssuer(*values)

    def _refuse_unsafe(self) -> None:
        if self.development:
            return
        for name, value in self.values.items():
            if value and name.startswith("CONSULAR_") and "_URL" in name:
                _check_address(name, value)
            if name.startswith("CONSULAR_") and name.endswith("_SECRET"):
                self.signing_secrets(name)
        if self.values.get("CONSULAR_SIMULATOR_URL"):
            raise SettingsError("CONSULAR_SIMULATOR_URL is set; production refuses a simulator.")
        if self.values.get("CONSULAR_TOKEN_KEY_FILE"):
            raise SettingsError("CONSULAR_TOKEN_KEY_FILE is the development issuer's; unset it.")
        for name in ("DATABASE_URL", "REDIS_URL", "CONSULAR_PUBLIC_URL"):
            self.require(name)
        self.token_issuer()
        self._refuse_weak_keys()

    def _refuse_weak_keys(self) -> None:
        """Placeholders (one byte or a short word repeated), and one key in two roles."""
        masters, index, signing = self.master_keys(), self.index_key(), self.signing_keys()
        for name, keys in (
            ("CONSULAR_MASTER_KEY", masters.values()),
            ("CONSULAR_INDEX_KEY", [index]),
            ("CONSULAR_SIGNING_KEY", signing.values()),
        ):
            if any(len(set(key)) < _DISTINCT_BYTES for key in keys):
                raise SettingsError(
                    f"{name} isn't random; make one with `openssl rand -base64 32`."
                )
        if index in masters.values():
            raise SettingsError("CONSULAR_INDEX_KEY must differ from CONSULAR_MASTER_KEY.")
        if {index, *masters.values()} & set(signing.values()):
            raise SettingsError("CONSULAR_SIGNING_KEY must differ from the other keys.")


def read_environment(home: Path) -> dict[str, str]:
    """The lines ``NAME=value`` of the instance's file; none before its first start.

    Raises `SettingsError` when there is one that this account can't read.
    """
    path = home / ENVIRONMENT_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SettingsError(
            f"{path} can't be read: {error.strerror}.\n"
            "Run Consular with the account that made it, or choose another CONSULAR_HOME."
        ) from error
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _worker_url(env: str, values: Mapping[str, str]) -> str:
    """In development one login may serve web and workers; in production each has its own."""
    shared = "" if env == "production" else values.get("DATABASE_URL", "")
    return values.get("WORKER_DATABASE_URL") or shared


def _port(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise SettingsError(f"{name} is {text!r}; it must be a port number from 1 to 65535.")
    return int(text)


def _check_address(name: str, value: str) -> None:
    """What we send must not travel in the clear, nor go to something that only plays an agency."""
    if "simulator" in value.lower():
        raise SettingsError(f"{name} speaks of a simulator; production refuses it.")
    if not value.startswith("https://"):
        raise SettingsError(f"{name} must begin with https:// in production.")
    if "#" in value or "@" in urlsplit(value).netloc:
        raise SettingsError(f"{name} must be an address alone: secrets have settings of their own.")


def _check_signing_secret(name: str, secret: str) -> None:
    """Raises `SettingsError` for one that isn't of Standard Webhooks' form, or could be guessed."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) not in _SECRET_BYTES or len(set(key)) < len(key) // 2:
        raise SettingsError(
            f"{name} must be whsec_ and 24 to 64 random bytes in base64; while it changes, the new"
            " and the old one with a comma between."
        )


def _version(text: str, name: str) -> int:
    """Two bytes before each wrapped key say which master key wrapped it."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise SettingsError(f"{name} must be versions from 1 to 65535, as 1:…,2:….")
    return int(text)


def _key(encoded: str, name: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SettingsError(f"{name} must be 32 bytes in base64.")
    return key
