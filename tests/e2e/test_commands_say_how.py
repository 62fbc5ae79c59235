"""`seed`, `token` and `appoint` find the running instance, or say in one line how to."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NoReturn

import pytest

from consular import cli
from consular.local.ports import free_port
from consular.startup import CannotStart
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
    with TemporaryFile() as output, TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            _run_as_a_program(arguments, cwd, environ, output, errors)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said, complained = (_read(file) for file in (output, errors))
    assert code == 1, said + complained
    assert said == ""
    assert len(complained.splitlines()) == lines, complained
    return complained


def _run_as_a_program(
    arguments: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    output: IO[bytes],
    errors: IO[bytes],
) -> NoReturn:
    """In a process of its own that has loaded the program: loading takes longer than the rest."""
    os.dup2(output.fileno(), 1)
    os.dup2(errors.fileno(), 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    code = 0
    try:
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environ)
        sys.argv = ["consular", *arguments]
        cli.main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
        code = 3
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


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
