"""The real application on a real port: granian and its forked workers, as an instance runs it.

As a program it serves what ``function(settings)`` makes, for a ``module:function`` that is named;
the settings come from the environment. `running_server` starts that program and ends it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import insert

from consular import tokens
from consular.app import create_app
from consular.local.ports import HOST, free_port
from consular.server import Deadlines, serve_web
from consular.startup import die_with_parent
from services.citizens.models import Account
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from tests.servers import connected

ROOT = Path(__file__).resolve().parent.parent.parent
# Three seconds are enough on a machine of its own, a minute is not where much else runs.
START_SECONDS = 240.0
STOP_SECONDS = 8.0
TOKEN_SECONDS = 3600


@contextmanager
def running_server(
    settings: Settings, application: Callable[[Settings], Any] = create_app, **environ: str
) -> Iterator[Settings]:
    """Serve ``application`` until the end; the settings that come back carry its own port.

    ``environ``: SERVER_HEAD_SECONDS, SERVER_BODY_SECONDS and whatever else its processes read.
    """
    settings = replace(settings, port=free_port())
    with TemporaryFile() as log:
        process = _spawn(settings, application, log, environ)
        try:
            _wait(process, settings.port, log)
            yield settings
        finally:
            _stop(process)


@dataclass(frozen=True)
class Citizen:
    """An account and its bearer token."""

    account: UUID
    token: str


def make_citizens(settings: Settings, count: int) -> list[Citizen]:
    """``count`` new accounts; ``settings`` must name a development issuer."""
    accounts = [new_id() for _ in range(count)]
    with (
        connected(settings.database_url, pool_size=1) as database,
        database.transaction(NETWORK_SCOPE) as session,
    ):
        now = system_clock()
        session.execute(insert(Account), [{"id": a, "created_at": now} for a in accounts])
    return _tokens(settings, accounts)


def _tokens(settings: Settings, accounts: Sequence[UUID]) -> list[Citizen]:
    """As `consular.tokens.sign` makes them, with the key parsed once: that takes 50 ms."""
    path = Path(settings.require("CONSULAR_TOKEN_KEY_FILE"))
    key = RSAKey.import_key(path.read_text(encoding="ascii"))
    header = {"alg": "RS256", "kid": tokens.DEVELOPMENT_KEY_ID}
    now = int(time.time())
    common = {
        "iss": tokens.DEVELOPMENT_ISSUER,
        "aud": tokens.AUDIENCE,
        "role": "citizen",
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    }
    return [Citizen(a, jwt.encode(header, {**common, "sub": str(a)}, key)) for a in accounts]


def _spawn(
    settings: Settings,
    application: Callable[[Settings], Any],
    log: IO[bytes],
    environ: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        **settings.values,
        "CONSULAR_PORT": str(settings.port),
        "SERVER_PARENT": str(os.getpid()),
        **environ,
    }
    name = f"{application.__module__}:{application.__qualname__}"
    command = [sys.executable, "-m", __name__, name]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, env=environment
    )


def _wait(process: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        ended = process.poll()
        if ended is not None or time.monotonic() > deadline:
            log.seek(0)
            what = "didn't answer in time" if ended is None else f"ended with {ended}"
            raise RuntimeError(f"The server {what}:\n{log.read().decode()[-4000:]}")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    """Any answer will do: what is served need not have this address."""
    try:
        with urlopen(f"http://{HOST}:{port}/health/live", timeout=5):
            return True
    except HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main() -> None:
    """Serve in this process, which ends with its parent."""
    die_with_parent(15, int(os.environ["SERVER_PARENT"]))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # as an instance does
    settings = Settings.load()
    load_app = partial(resolve_name(sys.argv[1]), settings)
    usual = Deadlines()
    deadlines = Deadlines(
        head=float(os.environ.get("SERVER_HEAD_SECONDS", usual.head)),
        body=float(os.environ.get("SERVER_BODY_SECONDS", usual.body)),
    )
    serve_web(load_app, host=HOST, port=settings.port, deadlines=deadlines)


if __name__ == "__main__":
    main()
