"""`seed`, `token` and `appoint` find the running instance, or say in one line how to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from consular import cli
from consular.local.ports import free_port
from consular.startup import CannotStart
from tests.factories.instance import COMMAND, ROOT
from tests.servers import DatabaseUrls, random_keys

COMMANDS = (
    ("seed",),
    ("seed", "--demo", "--people", "1"),
    ("token", "--role", "citizen"),
    ("token", "--role", "officer"),
    ("appoint", "--subject", "x", "--name", "X"),
)


def _says(arguments: Sequence[str], cwd: Path, *, lines: int = 1, **environ: str) -> str:
    """What a command fails with, in so many lines."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == lines, done.stderr
    return done.stderr


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_without_an_instance_they_say_how_to_start_or_name_one(
    arguments: Sequence[str], tmp_path: Path
) -> None:
    line = _says(arguments, tmp_path, CONSULAR_HOME=str(tmp_path / "none"))
    assert f"No instance was started in {tmp_path / 'none'}" in line
    assert "make run" in line
    assert "CONSULAR_HOME" in line


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_of_a_stopped_instance_they_say_that_it_must_run(
    arguments: Sequence[str], tmp_path: Path
) -> None:
    values = {
        "DATABASE_URL": f"postgresql://app:x@127.0.0.1:{free_port()}/consular",
        "CONSULAR_TOKEN_KEY_FILE": str(tmp_path / "token-key.pem"),
        **random_keys(),
    }
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    (tmp_path / "environment").write_text(lines)
    line = _says(arguments, tmp_path, CONSULAR_HOME=str(tmp_path))
    assert "nobody listens there" in line
    assert "`make run` starts it" in line


def test_of_a_database_without_tables_they_say_which_command_makes_them(
    database: DatabaseUrls, tmp_path: Path
) -> None:
    empty = database.owner_url.rpartition("/")[0] + "/postgres"
    environ = {"DATABASE_URL": empty, "CONSULAR_HOME": str(tmp_path), **random_keys()}
    assert "consular db upgrade" in _says(("seed",), tmp_path, **environ)


def test_an_address_that_is_none_is_said(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "nonsense", "CONSULAR_HOME": str(tmp_path), **random_keys()}
    assert "DATABASE_URL is no address" in _says(("seed",), tmp_path, **environ)


def test_an_instance_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "environment").mkdir()
    said = _says(("token", "--role", "citizen"), tmp_path, lines=2, CONSULAR_HOME=str(tmp_path))
    assert "can't be read" in said


def test_from_another_directory_the_instance_beside_the_code_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project" / ".consular").mkdir(parents=True)
    (tmp_path / "project" / ".consular" / "environment").write_text("DATABASE_URL=here\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(cli, "BESIDE", tmp_path / "project")
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name in ("CONSULAR_HOME", "CONSULAR_ENV", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert cli._settings().database_url == "here"
    monkeypatch.setenv("CONSULAR_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(CannotStart, match="No instance was started"):
        cli._settings()
