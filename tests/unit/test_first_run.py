"""The two commands on a machine that lacks something: they say what, and how to mend it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a fresh clone as make looks at before it installs."""
    directory = tmp_path / "a clone"
    directory.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, directory)
    shutil.copytree(ROOT / "requirements", directory / "requirements")
    return directory


def _python(directory: Path, script: str) -> Path:
    """A program that stands for a Python that lacks something."""
    path = directory / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def _make(clone: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(clone), **environ}
    return subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("target", ["run", "test"])
def test_a_python_without_ensurepip_is_told_which_package_it_lacks(
    clone: Path, target: str
) -> None:
    python = _python(clone, 'case "$*" in *ensurepip*) exit 1;; esac; exit 0')
    done = _make(clone, target, f"PYTHON='{python}'")
    assert done.returncode != 0
    assert "apt-get install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_python_that_is_new_enough_is_told(clone: Path) -> None:
    done = _make(clone, "run", "CANDIDATES=python2")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr


def test_packages_that_cannot_be_fetched_are_told_with_what_to_set(clone: Path) -> None:
    # Makes an environment whose pip fails, as it does without a network.
    script = """
case "$*" in
  *"-m venv"*) mkdir -p .venv/bin; printf '#!/bin/sh\\necho no network >&2\\nexit 1\\n' \\
      > .venv/bin/python; chmod +x .venv/bin/python;;
esac
exit 0"""
    done = _make(clone, "run", f"PYTHON='{_python(clone, script)}'")
    assert done.returncode != 0
    assert "no network" in done.stderr
    assert "PIP_INDEX_URL" in done.stderr
    assert not list(clone.glob(".venv/.installed*"))


def test_what_installs_is_pinned_with_hashes_too() -> None:
    text = (ROOT / "requirements" / "uv.txt").read_text(encoding="utf-8")
    assert re.findall(r"^[a-z][\w.-]*==", text, re.M) == ["uv=="]
    assert text.count("--hash=sha256:") >= 10
