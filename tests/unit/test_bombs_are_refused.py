"""Files that were made to use up a machine are refused within a second and 200 MB."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

import pytest

from services.files import cleaning
from services.files.cleaning import clean
from services.files.rules import MOST_SCANS, Kind, Stored
from services.files.sandbox import _limit
from services.kernel.errors import DomainError
from tests.factories import files

MOST_SECONDS, MOST_MEMORY = 1.0, 200_000_000
BOMBS = {
    "png": files.png_bomb(),
    "png, text": files.png_bomb_of_text(),
    "jpeg": files.jpeg_bomb(),
    "jpeg, scans": files.jpeg_of_scans(1000, side=7000),
    "jpeg, scans, up to the most bytes": files.jpeg_of_scans(100_000, side=7000),
    "heic": files.heic_bomb(),
    "pdf": files.pdf_bomb(),
    "pdf, objects": files.pdf_bomb_of_objects(),
}


_MEASURING = """
import resource, runpy, sys
memory = open("/proc/self/status")
try:
    runpy.run_module("services.files.sandbox", run_name="__main__")
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = memory.read().split("VmHWM:")[1].split()[0]
    print(used.ru_utime + used.ru_stime, most, file=sys.stderr)
"""


def _measured(data: bytes) -> tuple[bytes, float, int]:
    """The answer of the process that reads a file, its seconds of work and its bytes of memory."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURING],
        input=data, capture_output=True, env=cleaning._ENVIRONMENT, check=True,
    )  # fmt: skip
    seconds, kibibytes = done.stderr.decode().split()[-2:]
    return done.stdout, float(seconds), int(kibibytes) * 1024


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_takes_little(what: str) -> None:
    """Seconds of work: how long that takes is for the machine's other work to say."""
    answer, seconds, memory = _measured(BOMBS[what])
    assert b"refused" in answer
    assert seconds < MOST_SECONDS
    assert memory < MOST_MEMORY


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_refused_in_words(what: str) -> None:
    with pytest.raises(DomainError) as refused:
        clean(BOMBS[what])
    assert refused.value.code in ("image_too_large", "file_unreadable")


def test_what_is_just_no_bomb_takes_no_more() -> None:
    """As many scans as are read, of a picture as large as is read."""
    answer, seconds, memory = _measured(files.jpeg_of_scans(MOST_SCANS, side=7000))
    assert b'"stored": "jpeg"' in answer
    assert seconds < MOST_SECONDS
    assert memory < MOST_MEMORY


def test_a_progressive_picture_is_none_and_what_only_looks_like_scans_is_not_counted() -> None:
    """What stands behind the end of the picture is another: a video, on some telephones."""
    most = files.jpeg_of_scans(MOST_SCANS)
    assert clean(most + b"\xff\xda\x00\x02" * 100).stored is Stored.JPEG
    with pytest.raises(DomainError) as refused:
        clean(files.jpeg_of_scans(MOST_SCANS + 1))
    assert refused.value.code == "file_unreadable"


def test_a_process_that_never_answers_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "_COMMAND", ("sleep", "60"))
    monkeypatch.setattr(cleaning, "WALL_SECONDS", 0.2)
    began = time.monotonic()
    with pytest.raises(DomainError) as refused:
        clean(files.png())
    assert refused.value.code == "file_unreadable"
    assert time.monotonic() - began < 30


def test_more_than_some_at_once_wait_and_are_then_sent_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cleaning, "WAIT_SECONDS", 0.01)
    with cleaning._place(), cleaning._place(), pytest.raises(DomainError) as refused:
        clean(files.png())
    assert refused.value.code == "unavailable"


def test_the_process_that_reads_may_open_nothing() -> None:
    """Tried in a child of its own: the limits can't be taken back."""
    child = os.fork()
    if child == 0:
        try:
            _limit(Kind.PDF)
            os.open("/dev/null", os.O_RDONLY)
        except OSError:
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 3
